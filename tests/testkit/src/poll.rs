//! Waiting for another process: probe, pause, probe again, and give up with a reason.

#![allow(
    clippy::disallowed_types,
    reason = "a real process is waited for; nothing of this runs in a filter"
)]

use anyhow::bail;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// Short beside anything worth waiting for, long enough to leave the processor to the process waited for.
const PAUSE: Duration = Duration::from_millis(10);

/// Probes until there is an answer.
///
/// # Errors
/// The probe failed, or `limit` passed: the error then names `what` was waited for.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe()? {
            return Ok(answer);
        }
        if start.elapsed() > limit {
            bail!("waited {limit:?} for {what}, in vain");
        }
        sleep(PAUSE);
    }
}
