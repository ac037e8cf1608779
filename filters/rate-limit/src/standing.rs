//! Where a client stands: the evidence of a decision, for headers and bodies.

use host::Nanos;
use std::time::Duration;

/// What is left of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Which of the policy's windows, in the document's order.
    pub window: usize,
    /// What passes at most at once: the threshold, or a bucket's size.
    pub limit: u32,
    /// What would pass now.
    pub remaining: u32,
    /// When more than `remaining` would pass, if nobody draws on it; `None` if nothing is missing.
    pub more_at: Option<Nanos>,
    /// From when on all of `limit` would pass, if nobody draws on it.
    pub full_at: Nanos,
}

/// A refusal's evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The window that holds the client back longest.
    pub standing: Standing,
    /// When the same request would pass, if nobody draws on the limit, and not one nanosecond earlier. `None`: never, it
    /// costs more than the limit.
    pub retry_at: Option<Nanos>,
}

// === impl Standing ===

impl Standing {
    /// The same, in this window.
    pub(crate) fn of(self, window: usize) -> Self {
        Self { window, ..self }
    }
}

// === impl Refused ===

impl Refused {
    /// The same, by this window.
    pub(crate) fn by(self, window: usize) -> Self {
        let standing = self.standing.of(window);
        Self { standing, ..self }
    }

    /// The same for a request that can wait for so long, and so may come back earlier.
    pub(crate) fn sooner(self, patience: Duration) -> Self {
        let patience = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        let earlier = |at: Nanos| Nanos(at.0.saturating_sub(patience));
        Self {
            retry_at: self.retry_at.map(earlier),
            ..self
        }
    }
}
