//! What the kernel says of a process (proc(5)).

use anyhow::{Context, Result};
use std::{fs, time::Duration};

/// CPU time that all threads of a process have used, to the nanosecond: `utime` and `stime` of `/proc/PID/stat` count in
/// hundredths of a second, too coarse for short rounds.
pub(super) fn cpu(process: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_cpu = text
            .split_whitespace()
            .next()
            .and_then(|n| n.parse::<u64>().ok());
        nanos += on_cpu.context("an unknown form of schedstat")?;
    }
    Ok(Duration::from_nanos(nanos))
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

    #[test]
    fn this_very_process_uses_cpu_and_memory() {
        let before = cpu(std::process::id()).unwrap();
        let sum = (0..5_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        assert!(cpu(std::process::id()).unwrap() > before, "{sum}");
        assert!(resident(std::process::id()).unwrap() > 100);
        assert!(load_average().unwrap() >= 0.0);
    }
}
