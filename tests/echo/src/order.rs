//! How an upstream is told to misbehave: by what stands for all requests, and by each request's own headers.

use hyper::{HeaderMap, StatusCode};
use std::{str::FromStr, time::Duration};

/// What an upstream does with every request until told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers 200 at once.
    #[default]
    Healthy,
    /// Answers with this status.
    Fail(StatusCode),
    /// Answers 200 after this long.
    Slow(Duration),
    /// Never answers: the connection or stream is reset.
    Reset,
}

/// What to do with one request.
///
/// | request header | effect |
/// |---|---|
/// | `x-echo-status: 503` | answers with this status |
/// | `x-echo-delay-ms: 1500` | waits this long before it answers |
/// | `x-echo-code: 500` | puts `"code": 500` into the JSON body, for policies that read it there |
/// | `x-echo-reset: 1` | drops the connection (HTTP/1.1) or resets the stream (HTTP/2) without an answer |
/// | `x-echo-grpc-status: 14` | a gRPC call ends with this status |
///
/// A header wins over what [`Echo::behave`](crate::Echo::behave) set for all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The status to answer with.
    pub status: StatusCode,
    /// How long to wait first.
    pub delay: Duration,
    /// The `code` of the JSON body, if any.
    pub code: Option<i64>,
    /// Whether to reset instead of answering.
    pub reset: bool,
}

// === impl Order ===

impl Order {
    /// The standing behaviour, overridden by the request's own headers. A header that cannot be read is as if absent.
    #[must_use]
    pub fn for_request(behaviour: Behaviour, headers: &HeaderMap) -> Self {
        let standing = Self::from(behaviour);
        Self {
            status: number(headers, "x-echo-status")
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(standing.status),
            delay: number(headers, "x-echo-delay-ms").map_or(standing.delay, Duration::from_millis),
            code: number(headers, "x-echo-code").or(standing.code),
            reset: headers.contains_key("x-echo-reset") || standing.reset,
        }
    }
}

impl From<Behaviour> for Order {
    fn from(behaviour: Behaviour) -> Self {
        let healthy = Self {
            status: StatusCode::OK,
            delay: Duration::ZERO,
            code: None,
            reset: false,
        };
        match behaviour {
            Behaviour::Healthy => healthy,
            Behaviour::Fail(status) => Self { status, ..healthy },
            Behaviour::Slow(delay) => Self { delay, ..healthy },
            Behaviour::Reset => Self {
                reset: true,
                ..healthy
            },
        }
    }
}

fn number<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
