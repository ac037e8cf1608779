//! A request of the filter's own to a cluster that the host knows.

use crate::{
    HostError,
    values::{check_header_name, check_header_value},
};
use std::time::Duration;

/// How much of an answer's body is read. One byte more than the largest that anybody takes (1 MiB, a key set), so that a
/// body that is too long is told from one that just fits.
pub const MAX_ANSWER_BODY: usize = 1024 * 1024 + 1;

/// A request without trailers, and without a body unless it has one.
#[derive(Clone, Copy, Debug)]
pub struct HttpCall<'a> {
    /// The host's name of the upstream.
    pub cluster: &'a str,
    /// `:method`, `:path` and `:authority` among them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty: none.
    pub body: &'a [u8],
    /// How long the whole answer may take, in whole milliseconds and at least one.
    pub timeout: Duration,
}

/// Which call an answer belongs to; of the VM that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(pub u32);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAnswer {
    /// `:status`; 0 if it could not be read.
    pub status: u32,
    /// The body's first [`MAX_ANSWER_BODY`] bytes.
    pub body: Vec<u8>,
}

// === impl HttpCall ===

impl HttpCall<'_> {
    /// Whether the host could send this.
    pub(crate) fn check(&self) -> Result<(), HostError> {
        for (name, value) in self.headers {
            check_header_name(name)?;
            check_header_value(value.as_bytes())?;
        }
        let named = |wanted: &str| self.headers.iter().any(|(name, _)| *name == wanted);
        match [":method", ":path", ":authority"].into_iter().all(named) {
            true => Ok(()),
            false => Err(HostError::BadArgument),
        }
    }
}
