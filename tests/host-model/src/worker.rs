//! A worker on a thread of its own, driven from the test's thread one call at a time: several workers can be interleaved
//! step by step, and each has its own statics, as a VM has.

use crate::{Envoy, Exchange, HeaderMap, Progress, Refused, Request, Response, Upstream, Vm};
use host::Plugin;
use std::{
    panic::resume_unwind,
    sync::mpsc::{Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A handle on a worker. Dropping it ends the worker.
pub struct Worker {
    envoy: Envoy,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce(&mut Vm) + Send>;

// === impl Worker ===

impl Worker {
    pub(crate) fn start<P: Plugin>(envoy: &Envoy, configuration: &[u8]) -> Result<Self, Refused> {
        let (jobs, queue) = channel::<Job>();
        let before = envoy.log_length();
        let its_envoy = envoy.clone();
        let thread = thread::spawn(move || {
            let mut vm = its_envoy.worker_vm();
            for job in queue {
                job(&mut vm);
            }
        });
        let (envoy, thread) = (envoy.clone(), Some(thread));
        let mut worker = Self {
            envoy,
            jobs: Some(jobs),
            thread,
        };
        let configuration = configuration.to_vec();
        if worker.run(move |vm| vm.configure::<P>(&configuration)) {
            Ok(worker)
        } else {
            Err(worker.envoy.refused(before))
        }
    }

    /// Runs `job` on the worker's thread: for loops, and for what has no method here.
    ///
    /// # Panics
    ///
    /// With the job's panic.
    pub fn run<T: Send + 'static>(&mut self, job: impl FnOnce(&mut Vm) -> T + Send + 'static) -> T {
        let (sender, answer) = channel();
        let job: Job = Box::new(move |vm| {
            // The test's thread waits for it; if it does not, it has failed already.
            let _ = sender.send(job(vm));
        });
        if let Some(jobs) = &self.jobs {
            // A worker that has died is found out right below.
            let _ = jobs.send(job);
        }
        answer.recv().unwrap_or_else(|_| self.died())
    }

    /// A new configuration, in a new root context; the old one serves until this one is accepted.
    pub fn reconfigure<P: Plugin>(&mut self, configuration: &[u8]) -> Result<(), Refused> {
        self.envoy.admit::<P>(configuration)?;
        let before = self.envoy.log_length();
        let configuration = configuration.to_vec();
        let accepted = self.run(move |vm| vm.configure::<P>(&configuration));
        if accepted {
            Ok(())
        } else {
            Err(self.envoy.refused(before))
        }
    }

    /// See [`Vm::request`].
    pub fn request(&mut self, request: Request) -> Response {
        self.run(|vm| vm.request(request))
    }

    /// See [`Vm::exchange`].
    pub fn exchange(&mut self, request: Request, upstream: &Upstream) -> Response {
        let upstream = upstream.clone();
        self.run(move |vm| vm.exchange(request, &upstream))
    }

    /// See [`Vm::begin`].
    pub fn begin(&mut self, request: Request) -> Exchange {
        self.run(|vm| vm.begin(request))
    }

    /// See [`Vm::progress`].
    pub fn progress(&mut self, exchange: &Exchange) -> Progress {
        let exchange = Exchange(exchange.0);
        self.run(move |vm| vm.progress(&exchange))
    }

    /// See [`Vm::forwarded`].
    pub fn forwarded(&mut self, exchange: &Exchange) -> Option<HeaderMap> {
        let exchange = Exchange(exchange.0);
        self.run(move |vm| vm.forwarded(&exchange))
    }

    /// See [`Vm::respond`].
    pub fn respond(&mut self, exchange: Exchange, upstream: &Upstream) -> Response {
        let upstream = upstream.clone();
        self.run(move |vm| vm.respond(exchange, &upstream))
    }

    /// See [`Vm::reset`].
    pub fn reset(&mut self, exchange: Exchange) -> Response {
        self.run(|vm| vm.reset(exchange))
    }

    /// See [`Vm::advance`].
    pub fn advance(&mut self, span: Duration) {
        self.run(move |vm| vm.advance(span));
    }

    /// See [`Vm::run_timer`].
    pub fn run_timer(&mut self) -> bool {
        self.run(Vm::run_timer)
    }

    fn died(&mut self) -> ! {
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => resume_unwind(panic),
            _ => panic!("the worker has ended"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}
