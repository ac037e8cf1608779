//! What the kernel says of a process (proc(5)).

use anyhow::{Context, Result};
use std::{fs, io, time::Duration};

/// CPU time that all threads of a process have used, to the nanosecond: `utime` and `stime` of `/proc/PID/stat` count in
/// hundredths of a second, too coarse for short rounds. A thread that ends meanwhile is left out; Envoy's stay.
pub(super) fn cpu(process: u32) -> Result<Duration> {
    cpu_of(process, "")
}

/// The same of its threads whose names begin with `prefix`.
pub(super) fn cpu_of(process: u32, prefix: &str) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let thread = thread?.path();
        let read = || {
            let name = fs::read_to_string(thread.join("comm"))?;
            let text = fs::read_to_string(thread.join("schedstat"))?;
            Ok(name.starts_with(prefix).then_some(text))
        };
        let text = match read() {
            Err(error) if has_ended(&error) => continue,
            text => text?,
        };
        let Some(text) = text else { continue };
        let on_cpu = text
            .split_whitespace()
            .next()
            .and_then(|n| n.parse::<u64>().ok());
        nanos += on_cpu.context("an unknown form of schedstat")?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Not found at the opening, or "no such process" at the reading.
fn has_ended(error: &io::Error) -> bool {
    const ESRCH: i32 = 3;
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}

/// Resident memory, in KiB.
pub(super) fn resident(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.context("no VmRSS")
}

/// How many threads wanted to run, on average over the last minute.
pub(super) fn load_average() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    let first = text.split_whitespace().next().and_then(|n| n.parse().ok());
    first.context("an unknown form of loadavg")
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::process::Command;

    /// A process of its own, since threads of other tests end here at any time.
    #[test]
    fn a_busy_process_uses_cpu_and_memory() {
        let busy = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn();
        let mut busy = busy.unwrap();
        let first = cpu(busy.id());
        let used = (0..1_000_000).find_map(|_| {
            std::thread::yield_now();
            cpu(busy.id())
                .ok()
                .filter(|now| first.as_ref().is_ok_and(|first| now > first))
        });
        let memory = resident(busy.id());
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(used.is_some(), "from {first:?} on");
        assert!(memory.unwrap() > 100);
    }

    #[test]
    fn threads_of_another_name_do_not_count() {
        let named = std::thread::Builder::new().name("counted".into());
        let named = named.spawn(|| {
            let me = std::process::id();
            let own = (0..1_000_000).find_map(|_| {
                std::thread::yield_now();
                cpu_of(me, "count")
                    .ok()
                    .filter(|used| *used > Duration::ZERO)
            });
            (own, cpu_of(me, "no such").unwrap())
        });
        let (own, others) = named.unwrap().join().unwrap();
        assert!(own.is_some());
        assert_eq!(others, Duration::ZERO);
    }

    #[test]
    fn threads_that_end_meanwhile_do_no_harm() {
        let threads = || {
            (0..50)
                .map(|_| std::thread::spawn(|| ()))
                .collect::<Vec<_>>()
        };
        for _ in 0..20 {
            let ending = threads();
            cpu(std::process::id()).unwrap();
            ending.into_iter().for_each(|thread| thread.join().unwrap());
        }
    }

    #[test]
    fn there_is_a_load_average() {
        assert!(load_average().unwrap() >= 0.0);
    }
}
