//! One HTTP stream as Envoy keeps it for a filter, with its phases.
//!
//! Which map can be used when is not written down anywhere; these are Envoy 1.40's rules, observed: a map can be read and
//! written from its headers callback until that callback answered Continue, trailers in theirs, a whole map in the wrong
//! phase reads as empty, anything else in the wrong phase is a bad argument. A filter's own local reply comes by while its
//! request headers callback is still open, so then both maps are at hand. At the end, when the context is deleted, only
//! properties are left.

use crate::{Calls, HeaderMap, Request, message::Upstream};
use std::collections::BTreeMap;

/// The state of a stream.
#[derive(Default)]
pub(crate) struct Stream {
    /// The root context it was made by.
    pub(crate) root: u32,
    pub(crate) request: HeaderMap,
    pub(crate) request_body: Vec<u8>,
    pub(crate) request_trailers: usize,
    pub(crate) response: HeaderMap,
    /// What the caller gets so far.
    pub(crate) sent_body: Vec<u8>,
    /// What a body callback may read.
    pub(crate) buffered: Option<Vec<u8>>,
    pub(crate) request_open: bool,
    pub(crate) response_open: bool,
    /// Readable while they come by.
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) ended: bool,
    /// The request headers as they left for the upstream.
    pub(crate) forwarded: Option<HeaderMap>,
    /// A reply that waits for the callback to end; further ones are ignored.
    pub(crate) pending: Option<Reply>,
    /// The details of the local reply, from the moment that it was asked for.
    pub(crate) details: Option<String>,
    /// The status that the local reply was asked to have; a gRPC caller's is another.
    pub(crate) reply_status: Option<u32>,
    /// The filter let a held request go on.
    pub(crate) resumed: bool,
    pub(crate) properties: BTreeMap<String, Vec<u8>>,
    pub(crate) calls: Calls,
    pub(crate) grpc: bool,
}

/// A local reply as the filter asked for it.
pub(crate) struct Reply {
    pub(crate) status: u32,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: HeaderMap,
    pub(crate) grpc_status: i32,
}

/// The maps of the ABI that exist here.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request,
    Response,
    ResponseTrailers,
}

// === impl Stream ===

impl Stream {
    pub(crate) fn new(root: u32, request: Request) -> Self {
        Self {
            root,
            grpc: request.is_grpc(),
            request: request.headers,
            request_body: request.body,
            request_trailers: request.trailers,
            properties: request.properties.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn readable(&self, map: Map) -> Option<&HeaderMap> {
        match map {
            Map::Request => self.request_open.then_some(&self.request),
            Map::Response => self.response_open.then_some(&self.response),
            Map::ResponseTrailers => self.trailers.as_ref(),
        }
    }

    pub(crate) fn writable(&mut self, map: Map) -> Option<&mut HeaderMap> {
        match map {
            Map::Request => self.request_open.then_some(&mut self.request),
            Map::Response => self.response_open.then_some(&mut self.response),
            Map::ResponseTrailers => self.trailers.as_mut(),
        }
    }

    /// Takes a local reply for the end of this callback; only the first counts.
    pub(crate) fn ask_reply(&mut self, reply: Reply, details: &str) {
        if self.details.is_none() {
            self.details = Some(details.replace(char::is_whitespace, "_"));
            self.pending = Some(reply);
        }
    }

    /// The upstream's headers have arrived.
    pub(crate) fn begin_response(&mut self, upstream: &Upstream) {
        self.response = upstream.headers.clone();
        self.properties.extend(upstream.properties.iter().cloned());
    }

    /// Makes the local reply the response; returns its body.
    pub(crate) fn begin_reply(&mut self, reply: Reply) -> Vec<u8> {
        self.reply_status = Some(reply.status);
        let head = self.request.get(":method") == Some("HEAD");
        let (headers, body) = if self.grpc {
            reply.into_grpc()
        } else {
            reply.into_http()
        };
        self.response = headers;
        if head { Vec::new() } else { body }
    }

    /// The property `response.code`, once there is a response.
    pub(crate) fn response_code(&self) -> Option<u32> {
        let asked = self.reply_status.filter(|_| !self.ended);
        asked.or_else(|| (!self.response.0.is_empty()).then(|| self.status()))
    }

    pub(crate) fn status(&self) -> u32 {
        self.response
            .get(":status")
            .and_then(|status| status.parse().ok())
            .unwrap_or_default()
    }
}

// === impl Reply ===

impl Reply {
    fn into_http(self) -> (HeaderMap, Vec<u8>) {
        let mut headers = HeaderMap::default();
        headers.add(":status", self.status.to_string().as_bytes());
        headers.0.extend(self.headers.0);
        if !self.body.is_empty() {
            headers.set("content-length", self.body.len().to_string().as_bytes());
            if headers.bytes("content-type").is_none() {
                headers.add("content-type", b"text/plain");
            }
        }
        (headers, self.body)
    }

    /// A trailers-only response: always 200, the body becomes the message (envoy `Http::Utility::sendLocalReply`).
    fn into_grpc(self) -> (HeaderMap, Vec<u8>) {
        let status = u32::try_from(self.grpc_status).unwrap_or(match self.status {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 | 502..=504 => 14,
            _ => 2,
        });
        let mut headers = HeaderMap::default();
        headers.add(":status", b"200");
        headers.0.extend(self.headers.0);
        headers.set("content-type", b"application/grpc");
        headers.set("grpc-status", status.to_string().as_bytes());
        if !self.body.is_empty() {
            headers.set("grpc-message", percent_encoded(&self.body).as_bytes());
        }
        (headers, Vec::new())
    }
}

/// gRPC over HTTP/2, "Status-Message": what is not printable ASCII, and `%`, is escaped.
fn percent_encoded(text: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b' '..=b'~' if *byte != b'%' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.iter().map(escape).collect()
}
