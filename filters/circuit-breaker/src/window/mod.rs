//! The sliding windows of a closed breaker (requirement 2.8: by calls or by time).

mod count;
mod time;

#[cfg(test)]
mod tests;

pub(crate) use self::{count::CountWindow, time::TimeWindow};

use crate::{
    settings::{Settings, Span},
    tally::{Call, Tally},
    wire::Body,
};
use host::Nanos;

/// The calls that a closed breaker judges by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The last so many calls.
    Count(CountWindow),
    /// The calls of the last so many seconds.
    Time(TimeWindow),
}

// === impl Window ===

impl Window {
    /// An empty window.
    pub(crate) fn new(settings: &Settings) -> Self {
        match settings.window {
            Span::Calls(calls) => Self::Count(CountWindow::new(calls)),
            Span::Seconds(seconds) => Self::Time(TimeWindow::new(seconds)),
        }
    }

    /// Counts a call that ended at `now`; `now` never runs backwards.
    pub(crate) fn push(&mut self, now: Nanos, call: Call) {
        match self {
            Self::Count(window) => window.push(call),
            Self::Time(window) => window.push(now, call),
        }
    }

    /// What the window holds as of its newest call.
    pub(crate) fn tally(&self) -> Tally {
        match self {
            Self::Count(window) => window.tally(),
            Self::Time(window) => window.tally(),
        }
    }

    /// The window's bytes.
    pub(crate) fn into_body(self) -> Body {
        match self {
            Self::Count(window) => window.into_body(),
            Self::Time(window) => window.into_body(),
        }
    }
}
