//! How a call ended, put together from what the response's headers and the stream's end tell.
//!
//! A call is timed from the end of its request to the response's headers: that is the upstream's doing, while an upload may
//! trickle and a body may wait for a slow reader. An answer to a request that is still being sent is never slow, or clients
//! could open a service's breaker by sending slowly. The price: an upstream that stops reading an upload is not slow either.
//!
//! An HTTP call is settled by the response's headers, so that neither a trip nor a recovery waits for a long download; that
//! a body breaks off later is not seen. A gRPC call's status comes in its trailers, except
//! that a half-open breaker's calls count as good once their headers are in time without a status: it must not
//! wait for a stream that lasts for hours. Trailers are read when they come by, since a stream that has ended has none.

use crate::{
    judge::{self, Codes, Origin},
    tally::Call,
};
use engine::ResponseContext;
use host::Host;
use std::time::Duration;

/// UNKNOWN (`google.rpc.Code`).
const UNKNOWN: u32 = 2;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The upstream answered with this HTTP status.
    Http(u32),
    /// The upstream answered with this gRPC status.
    Grpc(u32),
    /// The upstream answered well, as far as is known.
    Well,
    /// The upstream failed to answer.
    Failed,
    /// The client, or a timer of its own, ended it before the upstream had answered.
    Abandoned,
    /// The upstream was not asked.
    Nowhere,
}

/// Which kinds of care a call needs when its response is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Care {
    /// The caller speaks gRPC.
    pub(crate) is_grpc: bool,
    /// It is one of a half-open breaker's few.
    pub(crate) is_trial: bool,
}

// === impl Ending ===

impl Ending {
    /// Reads the response's headers; `None` if only the stream's end will tell.
    ///
    /// A 2xx is taken for the upstream's without asking the host, which costs as much as the rest of the recording: Envoy
    /// itself makes 2xx only of direct responses, where there is no upstream to break. Where `blames` says that a 2xx is a
    /// failure, and in a half-open state, it is asked.
    pub(crate) fn of_headers(
        cx: &ResponseContext<'_>,
        care: Care,
        blames: impl Fn(u32) -> bool,
    ) -> Option<Self> {
        if cx.refused {
            return Some(Self::Nowhere);
        }
        let status = cx.status();
        let is_grpc = care.is_grpc && answers_in_grpc(cx);
        let grpc_status = is_grpc.then(|| grpc_status(cx)).flatten();
        let is_good =
            (100..300).contains(&status) && !blames(status) && grpc_status.unwrap_or(0) == 0;
        if !is_good || care.is_trial {
            match Origin::of_response(cx.host) {
                Origin::Upstream => {}
                Origin::InItsPlace => return Some(Self::Failed),
                Origin::Elsewhere => return Some(Self::Nowhere),
            }
        }
        match grpc_status {
            Some(status) => Some(Self::Grpc(status)),
            None if !is_grpc || !is_good => Some(Self::Http(status)),
            None => care.is_trial.then_some(Self::Well),
        }
    }

    /// Reads the trailers of a gRPC stream whose response headers gave no status. Trailers without one mean UNKNOWN
    /// ("HTTP2 Transport Mapping" of gRPC's documentation: status codes).
    pub(crate) fn of_grpc_trailers(host: &dyn Host) -> Self {
        Self::Grpc(judge::grpc_status(host).unwrap_or(UNKNOWN))
    }

    /// Reads the end of a gRPC stream that gave no status at all.
    ///
    /// Who ended it is asked first: an upstream that answered in time is not to blame for a client that has heard enough.
    pub(crate) fn of_grpc_break(host: &dyn Host) -> Self {
        if judge::has_client_left(host) {
            return Self::Well;
        }
        if judge::has_upstream_failed(host) {
            return Self::Failed;
        }
        Self::Grpc(UNKNOWN)
    }

    /// Reads the end of a stream that never had response headers.
    pub(crate) fn of_silence(host: &dyn Host) -> Self {
        if judge::has_upstream_failed(host) {
            Self::Failed
        } else {
            Self::Abandoned
        }
    }

    /// What a breaker counts; `None`: nothing.
    ///
    /// An abandoned call counts only if it was slow by then: under a hanging upstream, where clients give up before the
    /// proxy does, there would be no other sign.
    pub(crate) fn as_call(
        self,
        codes: &Codes,
        elapsed: Duration,
        slow_call: Duration,
    ) -> Option<Call> {
        let slow = elapsed > slow_call;
        let failed = match self {
            Self::Nowhere => return None,
            Self::Abandoned if !slow => return None,
            Self::Abandoned | Self::Well => false,
            Self::Failed => true,
            Self::Http(status) => codes.has_http(status),
            Self::Grpc(status) => codes.has_grpc(status),
        };
        Some(Call { failed, slow })
    }
}

/// Whether the response is gRPC's ("Responses": its content type is the request's), or a status at least. A client can
/// call a web service as if it spoke gRPC; Envoy tells UNKNOWN of each such answer, and a few of them would open the breaker.
fn answers_in_grpc(cx: &ResponseContext<'_>) -> bool {
    let headers = cx.headers();
    let content_type = headers.get("content-type").unwrap_or_default();
    content_type.starts_with(b"application/grpc") || headers.get("grpc-status").is_some()
}

/// The `grpc-status` of a response that is all headers.
fn grpc_status(cx: &ResponseContext<'_>) -> Option<u32> {
    std::str::from_utf8(cx.headers().get("grpc-status")?)
        .ok()?
        .parse()
        .ok()
}
