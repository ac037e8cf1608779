//! All windows of one policy, in one state: a refusal by one takes nothing from the others.
//!
//! The state is edited where it lies: a request of a known client costs no buffer of its own.
//!
//! Bytes: `[version]`, then each window's state in the document's order, little endian, each of a length that its quota
//! fixes. The state's identity holds algorithm and windows, so a state is only ever read by the windows that wrote it; one
//! of another version or length is as good as none.

use crate::{
    Quota, Refused, Standing, WarmUp,
    fixed_window::Fixed,
    gcra::Bucket,
    meter::Count,
    strict_window::{
        grid::Grid,
        log::{self, Log},
    },
    warm_up::Slope,
};
use host::Nanos;
use std::{cmp::Reverse, num::NonZeroU32, time::Duration};

/// The windows of one policy.
#[derive(Clone, Debug)]
pub struct Windows {
    windows: Box<[Window]>,
    encoded_len: usize,
}

/// How a policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Refills evenly and lets a burst through: GCRA.
    TokenBucket {
        /// The refill of how long a bucket holds, at least one token; `None`: of the window, the whole threshold.
        burst: Option<Duration>,
    },
    /// Never more than the threshold in any stretch of the window's length.
    StrictWindow,
    /// Never more than the threshold between two borders, a window apart.
    FixedWindow,
    /// One after the other, each when the one before it has had its time.
    LeakyBucket,
    /// The same, with more time for each while it is cold.
    SmoothWarmup(WarmUp),
}

/// The verdict on one request; if it passes, the instant from which its state is as good as none.
pub type Verdict = Result<Nanos, Refused>;

#[derive(Clone, Copy, Debug)]
enum Window {
    Bucket(Bucket),
    Log(Log),
    Grid(Grid),
    Fixed(Fixed),
    Slope(Slope),
}

/// The first byte of every state.
pub(crate) const VERSION: u8 = 1;

// === impl Windows ===

impl Windows {
    /// The windows of a policy with this algorithm and these quotas. Without a quota everything passes.
    #[must_use]
    pub fn new(algorithm: Algorithm, quotas: &[Quota]) -> Self {
        let windows: Box<[_]> = quotas
            .iter()
            .map(|quota| Window::new(algorithm, *quota))
            .collect();
        let encoded_len = 1 + windows
            .iter()
            .map(|window| window.count().encoded_len())
            .sum::<usize>();
        Self {
            windows,
            encoded_len,
        }
    }

    fn counts(&self) -> impl Iterator<Item = &dyn Count> {
        self.windows.iter().map(Window::count)
    }

    /// The most that a request may cost and pass; `u32::MAX` without a quota.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        let capacities = self.counts().map(Count::capacity);
        capacities.min().unwrap_or(u32::MAX)
    }

    /// The length of a state.
    #[must_use]
    pub fn state_len(&self) -> usize {
        self.encoded_len
    }

    /// Decides a request that costs `cost`, and edits its state, which is [`state_len`](Self::state_len) bytes. What these
    /// windows did not write, such as zeros, is a client that never came. After a refusal the bytes must not be kept: windows
    /// that would have let the request through have counted it.
    pub fn decide(&self, state: &mut [u8], now: Nanos, cost: NonZeroU32) -> Verdict {
        let Some((version, mut rest)) = state.split_first_mut() else {
            return Ok(now);
        };
        if *version != VERSION {
            rest.fill(0);
        }
        *version = VERSION;
        let (mut idle_at, mut refused) = (now, None);
        for (index, window) in self.counts().enumerate() {
            let Some((own, others)) = rest.split_at_mut_checked(window.encoded_len()) else {
                break;
            };
            rest = others;
            match window.step(own, now, cost) {
                Ok(full_at) => idle_at = idle_at.max(full_at),
                Err(other) => refused = longer(refused, other.by(index)),
            }
        }
        refused.map_or(Ok(idle_at), Err)
    }

    /// Gives back what a request of this cost took at `taken`; `now` is read after that. The answer is when the state is as
    /// good as none. What is certain to be the request's own is given back, which is all of it unless somebody else came in
    /// between and much time went by. `None`: it is no state of these windows, and stays as it is.
    pub fn refund(
        &self,
        state: &mut [u8],
        taken: Nanos,
        now: Nanos,
        cost: NonZeroU32,
    ) -> Option<Nanos> {
        let Some((&mut VERSION, mut rest)) = state.split_first_mut() else {
            return None;
        };
        let mut idle_at = now;
        for window in self.counts() {
            let Some((own, others)) = rest.split_at_mut_checked(window.encoded_len()) else {
                break;
            };
            rest = others;
            idle_at = idle_at.max(window.step_back(own, taken, now, cost));
        }
        Some(idle_at)
    }

    /// Where the client of a state stands in the window with the least left.
    #[must_use]
    pub fn standing(&self, state: &[u8], now: Nanos) -> Standing {
        let (mut tightest, mut rest) = (None, state.get(1..).unwrap_or_default());
        for (index, window) in self.counts().enumerate() {
            let Some((own, others)) = rest.split_at_checked(window.encoded_len()) else {
                break;
            };
            rest = others;
            tightest = tighter(tightest, window.told(own, now).of(index));
        }
        tightest.unwrap_or_default()
    }
}

/// The one with less left; of two, the one that is full later.
fn tighter(known: Option<Standing>, other: Standing) -> Option<Standing> {
    let tightness = |standing: &Standing| (standing.remaining, Reverse(standing.full_at));
    known.into_iter().chain([other]).min_by_key(tightness)
}

/// The one that holds back longer; the first of two.
fn longer(known: Option<Refused>, other: Refused) -> Option<Refused> {
    let wait = |refused: &Refused| refused.retry_at.unwrap_or(Nanos(u64::MAX));
    known
        .filter(|known| wait(known) >= wait(&other))
        .or(Some(other))
}

// === impl Window ===

impl Window {
    fn new(algorithm: Algorithm, quota: Quota) -> Self {
        match algorithm {
            Algorithm::TokenBucket { burst } => {
                Self::Bucket(Bucket::new(quota, tokens(quota, burst)))
            }
            Algorithm::StrictWindow if quota.threshold().get() <= log::MAX_THRESHOLD => {
                Self::Log(Log::new(quota))
            }
            Algorithm::StrictWindow => Self::Grid(Grid::new(quota)),
            Algorithm::FixedWindow => Self::Fixed(Fixed::new(quota)),
            Algorithm::LeakyBucket => Self::Bucket(Bucket::leaky(quota)),
            Algorithm::SmoothWarmup(warm_up) => Self::Slope(Slope::new(quota, warm_up)),
        }
    }

    fn count(&self) -> &dyn Count {
        match self {
            Self::Bucket(bucket) => bucket,
            Self::Log(log) => log,
            Self::Grid(grid) => grid,
            Self::Fixed(fixed) => fixed,
            Self::Slope(slope) => slope,
        }
    }
}

/// A bucket's size: what comes in during `burst`, at least one token.
fn tokens(quota: Quota, burst: Option<Duration>) -> NonZeroU32 {
    let Some(burst) = burst else {
        return quota.threshold();
    };
    let scaled = u128::from(quota.threshold().get()).saturating_mul(burst.as_nanos());
    let tokens = u32::try_from(scaled / quota.span().as_nanos().max(1)).unwrap_or(u32::MAX);
    NonZeroU32::new(tokens).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests;
