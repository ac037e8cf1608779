//! The small values that cross the boundary.

use std::{fmt, time::Duration};

/// Monotonic nanoseconds. Its zero means nothing; only differences do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

/// Why a host call did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The host does not know the name.
    NotFound,
    /// The host refused an argument, or the call does not belong in this phase.
    BadArgument,
    /// A header value that would break the message: CR, LF or NUL.
    BadValue,
    /// The host's answer could not be read.
    BadAnswer,
    /// Any other status, by its number in the proxy-wasm ABI.
    Status(u32),
}

/// A reply made here instead of by the upstream.
#[derive(Clone, Copy, Debug)]
pub struct LocalReply<'a> {
    /// HTTP status, 200 to 599.
    pub status: u32,
    /// The `grpc-status` for gRPC callers; `None` lets the host map the HTTP status.
    pub grpc_status: Option<u32>,
    /// `%RESPONSE_CODE_DETAILS%` of the access log; no white space.
    pub details: &'a str,
    /// Headers beside those that the host sets.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body; for gRPC callers the host makes it the `grpc-message`.
    pub body: &'a [u8],
}

// === impl Nanos ===

impl Nanos {
    /// This instant, `span` later; saturates.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

// === impl HostError ===

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("the host does not know it"),
            Self::BadArgument => f.write_str("the host refused the argument"),
            Self::BadValue => f.write_str("a header value must not hold CR, LF or NUL"),
            Self::BadAnswer => f.write_str("the host's answer could not be read"),
            Self::Status(status) => write!(f, "host status {status}"),
        }
    }
}

impl std::error::Error for HostError {}

// === impl LocalReply ===

impl LocalReply<'_> {
    /// Whether the host could send this.
    pub(crate) fn check(&self) -> Result<(), HostError> {
        if !(200..600).contains(&self.status) {
            return Err(HostError::BadArgument);
        }
        for (name, value) in self.headers {
            check_header_name(name)?;
            check_header_value(value)?;
        }
        Ok(())
    }
}

/// A header's name is a token, or a pseudo header's; anything else would break the message.
pub(crate) fn check_header_name(name: &str) -> Result<(), HostError> {
    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(())
    } else {
        Err(HostError::BadArgument)
    }
}

/// Envoy answers a whole request with 503 for such a value, so it must not get there.
pub(crate) fn check_header_value(value: &[u8]) -> Result<(), HostError> {
    let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
    if value.iter().any(breaks) {
        Err(HostError::BadValue)
    } else {
        Ok(())
    }
}
