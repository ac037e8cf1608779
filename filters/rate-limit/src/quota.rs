//! How much in how much time, in a form that cannot be invalid.

use std::{fmt, num::NonZeroU32, num::NonZeroU64, time::Duration};

/// A threshold and the window that it holds for: "100 in 60 s".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    threshold: NonZeroU32,
    /// In nanoseconds, at most [`MAX_SPAN`].
    span: NonZeroU64,
}

/// Why a quota cannot be enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidQuota(&'static str);

/// The longest window: 100 years. An instant within it and the window after that stay far below `u64::MAX` nanoseconds.
pub const MAX_SPAN: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

// === impl Quota ===

impl Quota {
    /// `threshold` in each `span`; neither may be zero, and `span` not above [`MAX_SPAN`].
    pub fn try_new(threshold: u32, span: Duration) -> Result<Self, InvalidQuota> {
        if span > MAX_SPAN {
            return Err(InvalidQuota("longer than a hundred years"));
        }
        let span = u64::try_from(span.as_nanos())
            .ok()
            .and_then(NonZeroU64::new);
        Ok(Self {
            threshold: NonZeroU32::new(threshold)
                .ok_or(InvalidQuota("a threshold must not be zero"))?,
            span: span.ok_or(InvalidQuota("a window must not be zero"))?,
        })
    }

    /// What passes in one window.
    #[must_use]
    pub fn threshold(&self) -> NonZeroU32 {
        self.threshold
    }

    /// The window.
    #[must_use]
    pub fn span(&self) -> Duration {
        Duration::from_nanos(self.span.get())
    }

    /// The same threshold in a window that is longer by `more`.
    pub(crate) fn stretched(self, more: Duration) -> Self {
        let more = u64::try_from(more.as_nanos()).unwrap_or(u64::MAX);
        Self {
            span: self.span.saturating_add(more),
            ..self
        }
    }

    /// The window in nanoseconds.
    pub(crate) fn span_nanos(&self) -> u64 {
        self.span.get()
    }
}

// === impl InvalidQuota ===

impl fmt::Display for InvalidQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidQuota {}
