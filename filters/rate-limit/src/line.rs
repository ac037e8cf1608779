//! Requests that wait for their turn: a permit of the near future, reserved.
//!
//! A request that would pass a moment later takes its permit at that later instant, in the same state in which all others
//! are counted, and goes on then. So the state knows of it from the start, on every worker, and whoever comes later is
//! decided behind it: the end of the line, the last instant that was reserved, is kept in the state, and nobody is decided
//! at an earlier one. That makes turns come in the order of arrival; it is what keeps a state right that has already
//! dropped what will not count any more at the end of the line; and it lets a permit be given back by whoever leaves
//! without opening a gap before those that stay.
//!
//! A turn is taken some milliseconds late, by the grain of the host's timer, and not two are late alike: a window that is
//! never exceeded by turns could be by the moments at which requests really go on. So a strict window counts as a little
//! longer than it is, and a bucket counts a reserved token as used a little later. Who takes a turn within that slack keeps
//! the promise; who is later still gives the turn up and is decided anew. A fixed window needs neither, since turns come at
//! its beginning and are taken before its end, and where requests leave one by one it is their turns that are an interval apart.
//!
//! Bytes: the windows' state, then the end of the line in nanoseconds, little endian.

use crate::{Algorithm, Quota, Refused, Windows, windows::VERSION};
use host::Nanos;
use std::{num::NonZeroU32, time::Duration};

/// How requests of one policy wait.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// How much later a reserved token counts as used.
    lag: Duration,
    /// How late a turn may be taken.
    slack: Duration,
    /// The windows, if they have borders, which no turn may be taken behind.
    borders: Box<[u64]>,
    /// Only the last in the line can give its turn back. A bucket does not tell its tokens apart: those behind it have been
    /// promised theirs on the ground that this one is used up.
    only_last_returns: bool,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) now: Nanos,
    /// Not to go on before this instant, for another limit's sake.
    pub(crate) from: Nanos,
    /// Not to go on after this instant; `now` if the request does not wait.
    pub(crate) latest: Nanos,
    pub(crate) cost: NonZeroU32,
}

/// When a request goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// At once, if that is not after `now`.
    pub(crate) at: Nanos,
    /// Whether it is one of the near future, taken out of the line.
    pub(crate) is_reserved: bool,
    /// After this instant a reserved turn is forfeited.
    pub(crate) by: Nanos,
    /// From when on the state is as good as none.
    pub(crate) idle_at: Nanos,
}

/// The least slack. At Envoy's shortest period a turn is taken 1.5 to 4 ms late (measured on Envoy 1.40).
const LEAST_SLACK: Duration = Duration::from_millis(5);

/// Of a window or a full bucket's refill: about as much as the grid's sub-windows cost.
const SLACK_PART: u32 = 32;

/// The length of the line's own part of a state.
const ENCODED_LEN: usize = 8;

// === impl Line ===

impl Line {
    /// The line and the windows of a policy whose requests wait.
    pub(crate) fn new(algorithm: Algorithm, quotas: &[Quota]) -> (Self, Windows) {
        let slacks = quotas.iter().map(|quota| slack(algorithm, *quota));
        let slack = slacks.min().unwrap_or(LEAST_SLACK);
        // Every way of counting must say what keeps its promise when a turn is taken late.
        let (longer, lag, only_last_returns) = match algorithm {
            Algorithm::StrictWindow => (true, Duration::ZERO, false),
            Algorithm::TokenBucket { .. } => (false, slack, true),
            // Turns come at a window's beginning, and are taken before its end.
            Algorithm::FixedWindow => (false, Duration::ZERO, false),
            // It is their turns that are an interval apart.
            Algorithm::LeakyBucket | Algorithm::SmoothWarmup(_) => (false, Duration::ZERO, true),
        };
        let spans = quotas.iter().map(Quota::span_nanos);
        let has_borders = algorithm == Algorithm::FixedWindow;
        let borders = spans.filter(|_| has_borders).collect();
        let more = |quota| match longer {
            true => self::slack(algorithm, quota),
            false => Duration::ZERO,
        };
        let quotas = quotas.iter().map(|quota| quota.stretched(more(*quota)));
        let windows = Windows::new(algorithm, &quotas.collect::<Vec<_>>());
        let line = Self {
            lag,
            slack,
            borders,
            only_last_returns,
        };
        (line, windows)
    }

    /// The length of a state.
    pub(crate) fn state_len(windows: &Windows) -> usize {
        windows.state_len() + ENCODED_LEN
    }

    /// Decides a request, and edits its state. After a refusal the bytes must not be kept; what it says of coming again is
    /// when the request could go on, not when it could begin to wait.
    pub(crate) fn admit(
        &self,
        windows: &Windows,
        state: &mut [u8],
        ask: Ask,
    ) -> Result<Turn, Refused> {
        let Ask {
            now, latest, cost, ..
        } = ask;
        let begun = now.max(ask.from).max(end(state));
        let before = state.to_vec();
        let at = match windows.decide(state, begun, cost) {
            Ok(idle_at) if begun <= now => return Ok(Turn::at_once(now, idle_at)),
            Ok(_) => begun,
            Err(refused) => refused.retry_at.filter(|at| *at <= latest).ok_or(refused)?,
        };
        state.copy_from_slice(&before);
        if at > latest {
            let standing = windows.standing(state, now);
            return Err(Refused {
                standing,
                retry_at: Some(at),
            });
        }
        let idle_at = windows.decide(state, at.after(self.lag), cost)?;
        set_end(state, at);
        Ok(Turn {
            at,
            is_reserved: true,
            by: self.last_moment(at),
            idle_at,
        })
    }

    /// Until when a turn may be taken.
    fn last_moment(&self, at: Nanos) -> Nanos {
        let border = |span: &u64| (at.0 - at.0 % span).saturating_add(span - 1);
        let borders = self.borders.iter().map(border);
        let last = borders.min().unwrap_or(u64::MAX);
        at.after(self.slack).min(Nanos(last))
    }

    /// Gives back what a request took that is refused after all, has left or was too late. The answer is when the state is
    /// as good as none; `None`: it cannot be given back, and the bytes must not be kept.
    pub(crate) fn give_back(
        &self,
        windows: &Windows,
        state: &mut [u8],
        turn: Turn,
        now: Nanos,
        cost: NonZeroU32,
    ) -> Option<Nanos> {
        let end = end(state);
        let taken = match turn.is_reserved {
            true => turn.at.after(self.lag),
            false => turn.at,
        };
        // Who passed at once may have got others behind it too, until another limit refused it.
        if self.only_last_returns && end > turn.at {
            return None;
        }
        // Those behind it were decided as of the end of the line: what a window did not count then is no longer there.
        let seen = match self.only_last_returns {
            true => now,
            false => now.max(end),
        };
        let idle_at = windows.refund(state, taken, seen, cost)?;
        // Nobody goes on before the end of the line, and until then somebody must remember it.
        Some(idle_at.max(end))
    }
}

// === impl Turn ===

impl Turn {
    pub(crate) fn at_once(now: Nanos, idle_at: Nanos) -> Self {
        Self {
            at: now,
            is_reserved: false,
            by: now,
            idle_at,
        }
    }
}

fn slack(algorithm: Algorithm, quota: Quota) -> Duration {
    let span = match algorithm {
        Algorithm::TokenBucket { burst: Some(burst) } => burst,
        _ => quota.span(),
    };
    (span / SLACK_PART).max(LEAST_SLACK)
}

fn end(state: &[u8]) -> Nanos {
    let is_known = state.first() == Some(&VERSION);
    let bytes = state.last_chunk().filter(|_| is_known).copied();
    Nanos(bytes.map_or(0, u64::from_le_bytes))
}

fn set_end(state: &mut [u8], at: Nanos) {
    if let Some(bytes) = state.last_chunk_mut() {
        *bytes = at.0.to_le_bytes();
    }
}

#[cfg(test)]
mod tests;
