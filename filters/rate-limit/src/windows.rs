//! All windows of one policy, in one state: a refusal by one takes nothing from the others.
//!
//! Bytes: `[version]`, then each window's state in the document's order, little endian, each of a length that its quota
//! fixes. The state's identity holds algorithm and windows, so a state is only ever read by the windows that wrote it; one
//! of another version or length is as good as none.

use crate::{
    Quota, Refused, Standing,
    gcra::Bucket,
    meter::Meter,
    strict_window::{
        grid::Grid,
        log::{self, Log},
    },
};
use engine::state::NewEntry;
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
}

/// The verdict on one request, with where the client then stands in the window with the least left.
pub type Verdict = Result<Standing, Refused>;

#[derive(Clone, Copy, Debug)]
enum Window {
    Bucket(Bucket),
    Log(Log),
    Grid(Grid),
}

const VERSION: u8 = 1;

// === impl Windows ===

impl Windows {
    /// The windows of a policy with this algorithm and these quotas. Without a quota everything passes.
    #[must_use]
    pub fn new(algorithm: Algorithm, quotas: &[Quota]) -> Self {
        let windows: Box<[_]> = quotas
            .iter()
            .map(|quota| Window::new(algorithm, *quota))
            .collect();
        let encoded_len = 1 + windows.iter().map(Window::encoded_len).sum::<usize>();
        Self {
            windows,
            encoded_len,
        }
    }

    /// What passes at most at once; `u32::MAX` without a quota.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.windows
            .iter()
            .map(Window::capacity)
            .min()
            .unwrap_or(u32::MAX)
    }

    /// Decides a request that costs `cost`, given the stored state: the change that shared state wants.
    pub fn decide(
        &self,
        stored: Option<&[u8]>,
        now: Nanos,
        cost: NonZeroU32,
    ) -> (Verdict, Option<NewEntry>) {
        let mut new = NewEntry {
            state: Vec::with_capacity(self.encoded_len),
            idle_at: now,
        };
        new.state.push(VERSION);
        let (mut tightest, mut refused) = (None, None);
        for (index, (window, state)) in self.split(stored).enumerate() {
            match window.step(state, now, cost, &mut new.state) {
                Ok(standing) => {
                    new.idle_at = new.idle_at.max(standing.full_at);
                    tightest = tighter(
                        tightest,
                        Standing {
                            window: index,
                            ..standing
                        },
                    );
                }
                Err(Refused { standing, retry_at }) => {
                    let standing = Standing {
                        window: index,
                        ..standing
                    };
                    refused = longer(refused, Refused { standing, retry_at });
                }
            }
        }
        match refused {
            Some(refused) => (Err(refused), None),
            None => (Ok(tightest.unwrap_or_default()), Some(new)),
        }
    }

    /// Each window with its part of the stored state, if that is one of these windows.
    fn split<'a>(
        &'a self,
        stored: Option<&'a [u8]>,
    ) -> impl Iterator<Item = (&'a Window, Option<&'a [u8]>)> {
        let own = stored.filter(|bytes| bytes.len() == self.encoded_len);
        let mut rest = match own.and_then(<[u8]>::split_first) {
            Some((&VERSION, states)) => states,
            _ => &[],
        };
        self.windows.iter().map(move |window| {
            let part = rest.split_at_checked(window.encoded_len());
            rest = part.map_or(rest, |(_, tail)| tail);
            (window, part.map(|(state, _)| state))
        })
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
        }
    }

    fn encoded_len(&self) -> usize {
        match self {
            Self::Bucket(bucket) => bucket.encoded_len(),
            Self::Log(log) => log.encoded_len(),
            Self::Grid(grid) => grid.encoded_len(),
        }
    }

    fn capacity(&self) -> u32 {
        match self {
            Self::Bucket(bucket) => bucket.capacity(),
            Self::Log(log) => log.capacity(),
            Self::Grid(grid) => grid.capacity(),
        }
    }

    fn step(
        &self,
        state: Option<&[u8]>,
        now: Nanos,
        cost: NonZeroU32,
        new: &mut Vec<u8>,
    ) -> Verdict {
        match self {
            Self::Bucket(bucket) => bucket.step(state, now, cost, new),
            Self::Log(log) => log.step(state, now, cost, new),
            Self::Grid(grid) => grid.step(state, now, cost, new),
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
