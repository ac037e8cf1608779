//! What every way of counting has in common.

use crate::{Refused, Standing, windows::Verdict};
use host::Nanos;
use std::num::NonZeroU32;

/// One window's way of counting. Pure: the state comes in, a new one goes out.
pub(crate) trait Meter {
    /// What it remembers; the default is a client that never came.
    type State: Default;

    /// What passes at most at once.
    fn capacity(&self) -> u32;

    /// The length of every encoded state.
    fn encoded_len(&self) -> usize;

    /// Appends exactly [`encoded_len`](Self::encoded_len) bytes.
    fn encode(&self, state: &Self::State, into: &mut Vec<u8>);

    /// `None` if these bytes are no state of this meter.
    fn decode(&self, bytes: &[u8]) -> Option<Self::State>;

    /// The state after a request of this cost has passed, or when it would pass; never if that is `None`.
    fn take(
        &self,
        state: &Self::State,
        now: Nanos,
        cost: NonZeroU32,
    ) -> Result<Self::State, Option<Nanos>>;

    /// Where the client stands.
    fn standing(&self, state: &Self::State, now: Nanos) -> Standing;

    /// Decides on encoded states: appends the new one if the request passes.
    fn step(
        &self,
        state: Option<&[u8]>,
        now: Nanos,
        cost: NonZeroU32,
        new: &mut Vec<u8>,
    ) -> Verdict {
        let state = state
            .and_then(|bytes| self.decode(bytes))
            .unwrap_or_default();
        match self.take(&state, now, cost) {
            Ok(state) => {
                self.encode(&state, new);
                Ok(self.standing(&state, now))
            }
            Err(retry_at) => Err(Refused {
                standing: self.standing(&state, now),
                retry_at,
            }),
        }
    }
}
