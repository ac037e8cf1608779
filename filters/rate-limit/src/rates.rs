//! How much in how much time, and whether requests wait for it.

use crate::{
    Algorithm, Quota, Refused, Standing, Windows,
    fields::Labels,
    line::{Ask, Line, Turn},
};
use host::Nanos;
use std::{num::NonZeroU32, time::Duration};

/// The windows of a policy or of an override.
#[derive(Debug)]
pub(crate) struct Rates {
    windows: Windows,
    /// `None`: requests do not wait.
    line: Option<Line>,
    /// How long a request waits for its turn at most.
    pub(crate) patience: Duration,
    pub(crate) labels: Labels,
}

// === impl Rates ===

impl Rates {
    pub(crate) fn new(
        algorithm: Algorithm,
        label: &str,
        quotas: &[Quota],
        patience: Duration,
    ) -> Self {
        let (line, windows) = if patience > Duration::ZERO {
            let (line, windows) = Line::new(algorithm, quotas);
            (Some(line), windows)
        } else {
            (None, Windows::new(algorithm, quotas))
        };
        Self {
            windows,
            line,
            patience,
            labels: Labels::new(label, quotas),
        }
    }

    /// See [`Windows::capacity`].
    pub(crate) fn capacity(&self) -> u32 {
        self.windows.capacity()
    }

    /// The length of a state.
    pub(crate) fn state_len(&self) -> usize {
        match &self.line {
            Some(_) => Line::state_len(&self.windows),
            None => self.windows.state_len(),
        }
    }

    /// Decides a request, and edits its state, which must not be kept after a refusal.
    pub(crate) fn admit(&self, state: &mut [u8], ask: Ask) -> Result<Turn, Refused> {
        match &self.line {
            Some(line) => line.admit(&self.windows, state, ask),
            None => {
                let idle_at = self.windows.decide(state, ask.now, ask.cost)?;
                Ok(Turn::at_once(ask.now, idle_at))
            }
        }
    }

    /// Gives back what a request took that is refused after all or has left. `None`: nothing, and the bytes must not be kept.
    pub(crate) fn give_back(
        &self,
        state: &mut [u8],
        turn: Turn,
        now: Nanos,
        cost: NonZeroU32,
    ) -> Option<Nanos> {
        match &self.line {
            Some(line) => line.give_back(&self.windows, state, turn, now, cost),
            None => self.windows.refund(state, turn.at, now, cost),
        }
    }

    /// See [`Windows::standing`].
    pub(crate) fn standing(&self, state: &[u8], now: Nanos) -> Standing {
        self.windows.standing(state, now)
    }
}
