//! What makes an answer no set of keys.

use host::{CallAnswer, HostError, MAX_ANSWER_BODY};
use policy_model::{Report, document::Jwks, read::NotKeys};
use std::fmt;

/// Why a fetch brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The host did not send the request: no such cluster, as a rule.
    NotSent(HostError),
    /// No answer came.
    NoAnswer,
    /// The answer is not 200. A timeout is Envoy's own 504, a refused connection its 503.
    Status(u32),
    /// More than 1 MiB.
    TooLong,
    /// It is no set of keys, or too large a one.
    NotKeys(NotKeys),
}

/// What a fetch brought.
pub(crate) struct Fetched<'a> {
    /// The set as it came.
    pub(crate) bytes: &'a [u8],
    /// The set.
    pub(crate) set: Jwks,
    /// What is to be said of it.
    pub(crate) report: Report,
}

/// The set that an answer holds.
pub(crate) fn judge(answer: Option<&CallAnswer>) -> Result<Fetched<'_>, Failure> {
    let answer = answer.ok_or(Failure::NoAnswer)?;
    if answer.status != 200 {
        return Err(Failure::Status(answer.status));
    }
    if answer.body.len() >= MAX_ANSWER_BODY {
        return Err(Failure::TooLong);
    }
    let (set, report) = Jwks::published(&answer.body).map_err(Failure::NotKeys)?;
    Ok(Fetched {
        bytes: &answer.body,
        set,
        report,
    })
}

// === impl Failure ===

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(HostError::BadArgument) => f.write_str(
                "the request was not sent: the host has no cluster of this name, as a rule",
            ),
            Self::NotSent(error) => write!(f, "the request was not sent: {error}"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Status(504) => f.write_str("status 504, or no answer in time"),
            Self::Status(503) => f.write_str("status 503, or no connection"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::TooLong => f.write_str("more than 1 MiB"),
            Self::NotKeys(why) => why.fmt(f),
        }
    }
}
