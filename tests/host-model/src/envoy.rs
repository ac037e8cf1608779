//! The handle of one Envoy process.

use crate::{Kind, LogLine, Vm, Worker, process::Process, turns::Turns};
use host::Plugin;
use std::{
    any::TypeId,
    fmt,
    sync::{Arc, Barrier, atomic::Ordering},
    thread,
    time::Duration,
};

/// One Envoy process: shared data, metrics, clocks, log. A clone is the same process.
#[derive(Clone)]
pub struct Envoy(Arc<Process>);

/// A configuration was refused; holds what was logged meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The lines, in order.
    pub lines: Vec<LogLine>,
}

// === impl Envoy ===

impl Envoy {
    /// A process with nothing stored.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Process::new()))
    }

    /// Starts a worker on a thread of its own. A configuration that is new to the process is tried in a canary VM and
    /// configured on the main thread first, as Envoy does it.
    pub fn worker<P: Plugin>(&self, configuration: &[u8]) -> Result<Worker, Refused> {
        self.admit::<P>(configuration)?;
        Worker::start::<P>(self, configuration)
    }

    /// Runs `work` on `count` workers at once, each on its own thread; `work` gets the worker's number. No worker begins
    /// before all are configured. Returns what they returned, in order.
    pub fn workers<P: Plugin, T: Send>(
        &self,
        count: usize,
        configuration: &[u8],
        work: impl Fn(&mut Vm, usize) -> T + Sync,
    ) -> Result<Vec<T>, Refused> {
        self.at_once::<P, T>(count, configuration, work)
    }

    /// The same, but one at a time: each worker stops before every access to shared data, and `choices` says who goes on,
    /// each modulo the number of those that wait. After the last choice the lowest number goes on.
    pub fn interleaved<P: Plugin, T: Send>(
        &self,
        count: usize,
        configuration: &[u8],
        choices: Vec<u8>,
        work: impl Fn(&mut Vm, usize) -> T + Sync,
    ) -> Result<Vec<T>, Refused> {
        let turns = Turns::new(count, choices);
        self.at_once::<P, T>(count, configuration, |vm, number| {
            let _seat = turns.sit_down(number);
            work(vm, number)
        })
    }

    fn at_once<P: Plugin, T: Send>(
        &self,
        count: usize,
        configuration: &[u8],
        work: impl Fn(&mut Vm, usize) -> T + Sync,
    ) -> Result<Vec<T>, Refused> {
        self.admit::<P>(configuration)?;
        let ready = Barrier::new(count);
        let run = |number: usize| {
            let mut vm = self.worker_vm();
            let accepted = vm.configure::<P>(configuration);
            ready.wait();
            accepted.then(|| work(&mut vm, number))
        };
        let before = self.0.lines().len();
        let results = thread::scope(|scope| {
            let run = &run;
            let spawn = |number| scope.spawn(move || run(number));
            let threads: Vec<_> = (0..count).map(spawn).collect();
            threads.into_iter().map(join).collect::<Option<Vec<T>>>()
        });
        results.ok_or_else(|| self.refused(before))
    }

    /// Lets time pass on both clocks; timers run when their worker is [driven](Vm::run_timer).
    pub fn advance(&self, span: Duration) {
        self.0.clocks.advance(span);
    }

    /// Steps the wall clock alone.
    pub fn set_wall_clock(&self, since_epoch: Duration) {
        self.0.clocks.set_wall(since_epoch);
    }

    /// The wall clock, as time since the Unix epoch.
    #[must_use]
    pub fn wall_clock(&self) -> Duration {
        Duration::from_nanos(self.0.clocks.wall())
    }

    /// The monotonic clock, in nanoseconds.
    #[must_use]
    pub fn monotonic(&self) -> u64 {
        self.0.clocks.monotonic()
    }

    /// Sets a property of every request and root context, by its path joined with dots.
    pub fn set_property(&self, path: &str, value: impl AsRef<[u8]>) {
        self.0
            .properties()
            .insert(path.to_owned(), value.as_ref().to_vec());
    }

    /// Gives the process a cluster that filters may call; the test answers them.
    pub fn add_cluster(&self, name: &str) {
        self.0.clusters().insert(name.to_owned());
    }

    /// The value under a shared-data key, empty if it was emptied; `None` if it was never set.
    #[must_use]
    pub fn shared(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.shared().get(key).map(|entry| entry.value.clone())
    }

    /// Writes a shared-data value whatever is there, as another filter might.
    pub fn set_shared(&self, key: &[u8], value: &[u8]) {
        self.0
            .shared()
            .set(key, value, 0)
            .expect("version 0 overwrites");
    }

    /// Every shared-data key ever written.
    #[must_use]
    pub fn shared_keys(&self) -> Vec<Vec<u8>> {
        self.0.shared().keys()
    }

    /// The value of a counter or gauge; `None` if nobody defined it.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<i64> {
        self.0.metrics().value(name)
    }

    /// What was recorded in a histogram.
    #[must_use]
    pub fn recorded(&self, name: &str) -> Vec<u64> {
        self.0.metrics().recorded(name)
    }

    /// Every metric that was defined.
    #[must_use]
    pub fn metrics(&self) -> Vec<(Kind, String)> {
        self.0.metrics().all()
    }

    /// Sets the lowest level that is written; `info` at first.
    pub fn set_log_level(&self, level: log::Level) {
        let number = match level {
            log::Level::Trace => 0,
            log::Level::Debug => 1,
            log::Level::Info => 2,
            log::Level::Warn => 3,
            log::Level::Error => 4,
        };
        self.0.log_level.store(number, Ordering::SeqCst);
    }

    /// The lines written so far.
    #[must_use]
    pub fn log_lines(&self) -> Vec<LogLine> {
        self.0.lines().clone()
    }

    /// Configures the filter in a canary VM and on the main thread, unless that was the last thing done.
    pub(crate) fn admit<P: Plugin>(&self, configuration: &[u8]) -> Result<(), Refused> {
        let new = Some((TypeId::of::<P>(), configuration.to_vec()));
        if *self.0.admitted() == new {
            return Ok(());
        }
        for vm in ["canary", "main"] {
            let before = self.0.lines().len();
            let accepted = thread::scope(|scope| {
                join(scope.spawn(|| self.vm(vm).configure::<P>(configuration)))
            });
            if !accepted {
                return Err(self.refused(before));
            }
        }
        *self.0.admitted() = new;
        Ok(())
    }

    pub(crate) fn worker_vm(&self) -> Vm {
        let number = self.0.workers.fetch_add(1, Ordering::SeqCst);
        self.vm(&format!("worker {number}"))
    }

    fn vm(&self, name: &str) -> Vm {
        Vm::new(Arc::clone(&self.0), name)
    }

    pub(crate) fn log_length(&self) -> usize {
        self.0.lines().len()
    }

    pub(crate) fn refused(&self, before: usize) -> Refused {
        Refused {
            lines: self.0.lines().iter().skip(before).cloned().collect(),
        }
    }
}

impl Default for Envoy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Envoy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envoy")
    }
}

/// A failed assertion on a worker is the test's.
fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

// === impl Refused ===

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration was refused")?;
        self.lines
            .iter()
            .try_for_each(|line| write!(f, "\n{}: {}", line.vm, line.text))
    }
}

impl std::error::Error for Refused {}
