//! Calls, counted; and what a count says.

use crate::settings::Settings;
use serde::Serialize;

/// How a call ended, as far as a breaker cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// It failed.
    pub failed: bool,
    /// It took longer than a call may.
    pub slow: bool,
}

/// Calls of a window, a part of one, or a half-open state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All calls.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// Those that were slow; a call may be both.
    pub slow: u32,
}

/// Which threshold was reached, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// Too many failures.
    Failures(Tally),
    /// Too many slow calls.
    SlowCalls(Tally),
}

// === impl Tally ===

impl Tally {
    /// One call more.
    pub(crate) fn add(&mut self, call: Call) {
        self.merge(Self::of(call));
    }

    /// One call less.
    pub(crate) fn remove(&mut self, call: Call) {
        self.subtract(Self::of(call));
    }

    /// Without a part of it.
    pub(crate) fn subtract(&mut self, part: Self) {
        self.calls = self.calls.saturating_sub(part.calls);
        self.failures = self.failures.saturating_sub(part.failures);
        self.slow = self.slow.saturating_sub(part.slow);
    }

    /// Both counts together.
    pub(crate) fn merge(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failures = self.failures.saturating_add(other.failures);
        self.slow = self.slow.saturating_add(other.slow);
    }

    /// The threshold that this count reaches; failures are looked at first.
    #[must_use]
    pub fn trip(&self, settings: &Settings) -> Option<Trip> {
        if settings.failure_rate.is_reached(self.failures, self.calls) {
            return Some(Trip::Failures(*self));
        }
        settings
            .slow_rate
            .is_reached(self.slow, self.calls)
            .then_some(Trip::SlowCalls(*self))
    }

    /// Whether the parts fit the whole; stored bytes may say anything.
    pub(crate) fn is_sound(&self) -> bool {
        self.failures <= self.calls && self.slow <= self.calls
    }

    fn of(call: Call) -> Self {
        Self {
            calls: 1,
            failures: u32::from(call.failed),
            slow: u32::from(call.slow),
        }
    }
}
