//! What every way of counting has in common.

use crate::{Refused, Standing, windows::Verdict};
use host::Nanos;
use std::num::NonZeroU32;

/// One window's way of counting.
pub(crate) trait Meter {
    /// What it remembers; the default is a client that never came, and is encoded in zeros.
    type State: Default;

    /// The most that a request may cost and pass.
    fn capacity(&self) -> u32;

    /// The length of every encoded state.
    fn encoded_len(&self) -> usize;

    /// Writes the state to bytes of exactly [`encoded_len`](Self::encoded_len).
    fn encode(&self, state: &Self::State, into: &mut [u8]);

    /// `None` if these bytes are no state of this meter.
    fn decode(&self, bytes: &[u8]) -> Option<Self::State>;

    /// Counts a request of this cost; or tells when it would pass (never if that is `None`), and counts nothing.
    fn take(
        &self,
        state: &mut Self::State,
        now: Nanos,
        cost: NonZeroU32,
    ) -> Result<(), Option<Nanos>>;

    /// When a state that has just counted a request is as good as none.
    fn full_at(&self, state: &Self::State, now: Nanos) -> Nanos;

    /// Takes back what a request of this cost took at `taken`, as if it had never come. Where others came in between and the
    /// two cannot be told apart, less is given back rather than more.
    fn refund(&self, state: &mut Self::State, taken: Nanos, now: Nanos, cost: NonZeroU32);

    /// Where the client stands.
    fn standing(&self, state: &Self::State, now: Nanos) -> Standing;
}

/// The same over encoded states, whatever they are.
pub(crate) trait Count {
    /// See [`Meter::capacity`].
    fn capacity(&self) -> u32;

    /// See [`Meter::encoded_len`].
    fn encoded_len(&self) -> usize;

    /// Decides on a state, and edits it if the request passes.
    fn step(&self, bytes: &mut [u8], now: Nanos, cost: NonZeroU32) -> Verdict;

    /// Gives back what a state has counted; the answer is when it is as good as none.
    fn step_back(&self, bytes: &mut [u8], taken: Nanos, now: Nanos, cost: NonZeroU32) -> Nanos;

    /// Where the client of a state stands.
    fn told(&self, bytes: &[u8], now: Nanos) -> Standing;
}

impl<M: Meter> Count for M {
    fn capacity(&self) -> u32 {
        Meter::capacity(self)
    }

    fn encoded_len(&self) -> usize {
        Meter::encoded_len(self)
    }

    fn step(&self, bytes: &mut [u8], now: Nanos, cost: NonZeroU32) -> Verdict {
        let mut state = self.decode(bytes).unwrap_or_default();
        match self.take(&mut state, now, cost) {
            Ok(()) => {
                self.encode(&state, bytes);
                Ok(self.full_at(&state, now))
            }
            Err(retry_at) => Err(Refused {
                standing: self.standing(&state, now),
                retry_at,
            }),
        }
    }

    fn step_back(&self, bytes: &mut [u8], taken: Nanos, now: Nanos, cost: NonZeroU32) -> Nanos {
        let mut state = self.decode(bytes).unwrap_or_default();
        self.refund(&mut state, taken, now, cost);
        self.encode(&state, bytes);
        self.full_at(&state, now)
    }

    fn told(&self, bytes: &[u8], now: Nanos) -> Standing {
        self.standing(&self.decode(bytes).unwrap_or_default(), now)
    }
}
