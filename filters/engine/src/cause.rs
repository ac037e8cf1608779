//! Why a request is refused, and what a caller sees of it.
//!
//! One table (design, "What a caller sees") decides HTTP status, gRPC status, numeric code and reason together, so that
//! no stage can answer with a combination that clients have not been told about.

/// The case of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The path has an encoded slash, backslash, NUL or a bad escape.
    UnsafePath,
    /// No credentials, or bad ones.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// No such service, where configured to refuse.
    NoSuchService,
    /// A rate limit that all callers of the node share.
    RateLimited,
    /// A rate limit of one client key.
    ClientRateLimited,
    /// Too many of the node or of one client key at once.
    ConcurrencyLimited,
    /// No instance for the tag, lane or unit.
    NoInstance,
    /// The circuit breaker is open and the policy names no degraded reply.
    BreakerOpen,
    /// The keys that credentials must be checked with have not come yet.
    KeysUnavailable,
}

/// gRPC status codes, as `google.rpc.Code` numbers them.
mod grpc {
    pub(super) const INVALID_ARGUMENT: u32 = 3;
    pub(super) const PERMISSION_DENIED: u32 = 7;
    pub(super) const RESOURCE_EXHAUSTED: u32 = 8;
    pub(super) const UNIMPLEMENTED: u32 = 12;
    pub(super) const UNAVAILABLE: u32 = 14;
    pub(super) const UNAUTHENTICATED: u32 = 16;
}

// === impl Cause ===

impl Cause {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u32 {
        self.row().0
    }

    /// The gRPC status.
    #[must_use]
    pub fn grpc_status(self) -> u32 {
        self.row().1
    }

    /// The numeric code of the JSON body.
    #[must_use]
    pub fn code(self) -> u32 {
        self.row().2
    }

    /// The reason of the JSON body.
    #[must_use]
    pub fn reason(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> (u32, u32, u32, &'static str) {
        match self {
            Self::UnsafePath => (400, grpc::INVALID_ARGUMENT, 40001, "F40000"),
            Self::Unauthenticated => (401, grpc::UNAUTHENTICATED, 40101, "F40100"),
            Self::Forbidden => (403, grpc::PERMISSION_DENIED, 40301, "F40300"),
            Self::NoSuchService => (404, grpc::UNIMPLEMENTED, 40401, "F40400"),
            Self::RateLimited => (429, grpc::RESOURCE_EXHAUSTED, 42901, "F42900"),
            Self::ClientRateLimited | Self::ConcurrencyLimited => {
                (429, grpc::RESOURCE_EXHAUSTED, 42902, "F42900")
            }
            Self::NoInstance => (503, grpc::UNAVAILABLE, 50301, "F50300"),
            Self::BreakerOpen => (503, grpc::UNAVAILABLE, 50303, "F50301"),
            Self::KeysUnavailable => (503, grpc::UNAVAILABLE, 50304, "F50302"),
        }
    }
}
