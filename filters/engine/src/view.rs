//! One look at a request.
//!
//! The headers are read once, as bytes, in one host call. Method, host and path are taken out at once, because every
//! request needs them; query and cookies only when a condition asks. Nothing is copied that the client wrote plainly.

use crate::Trust;
use host::{Headers, Host};
use policy_model::{
    condition::{Source, System},
    target::{NormalPath, UnsafePath, normal_host},
};
use std::borrow::Cow;

const GRPC: &[u8] = b"application/grpc";

/// The methods of RFC 9110, section 9.3, and RFC 5789.
const METHODS: [&[u8]; 9] = [
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH",
];

/// The longest request id or trace id that is told again, in logs and replies: whoever sends one must not fill a disk by it.
const MAX_ID: usize = 128;

/// A request as the client sent it, less what clients may not say.
pub struct RequestView<'a> {
    headers: &'a Headers,
    trust: Trust,
    method: &'a [u8],
    host: Cow<'a, [u8]>,
    path: Option<NormalPath<'a>>,
    query: &'a [u8],
}

// === impl RequestView ===

impl<'a> RequestView<'a> {
    /// Reads the headers. An unsafe path is an error: no policy can be chosen for it.
    pub fn new(headers: &'a Headers, trust: Trust) -> Result<Self, UnsafePath> {
        let mut view = Self::without_path(headers, trust);
        view.path = NormalPath::of_request(view.method, headers.get(":path"))?;
        Ok(view)
    }

    /// As [`new`](Self::new), for a request whose path is not to be used.
    pub(crate) fn without_path(headers: &'a Headers, trust: Trust) -> Self {
        let pseudo = |name| headers.get(name).unwrap_or_default();
        Self {
            headers,
            trust,
            method: standard_method(pseudo(":method")),
            host: normal_host(pseudo(":authority")),
            path: None,
            query: query_of(pseudo(":path")),
        }
    }

    /// `:method`; a standard one in its standard case.
    #[must_use]
    pub fn method(&self) -> &'a [u8] {
        self.method
    }

    /// `:authority` in lower case, without port and trailing dot.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// The path as the model wants it.
    pub(crate) fn normal_path(&self) -> Option<&NormalPath<'a>> {
        self.path.as_ref()
    }

    /// The path in its normal spelling; `None` for CONNECT and `OPTIONS *`, which have none.
    #[must_use]
    pub fn path(&self) -> Option<&[u8]> {
        self.path.as_ref().map(NormalPath::as_bytes)
    }

    /// The first copy of a header; `None` if it is not the client's to send.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers(name).next()
    }

    /// All copies of a header; none if it is not the client's to send.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let hidden = self.trust.hides(name.as_bytes());
        (!hidden)
            .then(|| self.headers.all(name))
            .into_iter()
            .flatten()
    }

    /// Whether the client sent a header of this name, hidden or not.
    #[must_use]
    pub fn sent(&self, name: &str) -> bool {
        self.headers.get(name).is_some()
    }

    /// The names of all headers that the client sent, hidden or not, in arrival order.
    pub fn names(&self) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().map(|(name, _)| name)
    }

    /// Whether the caller speaks gRPC (`content-type: application/grpc`, with or without a suffix).
    #[must_use]
    pub fn is_grpc(&self) -> bool {
        self.headers
            .get("content-type")
            .and_then(|value| value.get(..GRPC.len()))
            .is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
    }

    /// `x-request-id`; empty if absent, unreadable or longer than any id.
    #[must_use]
    pub fn request_id(&self) -> &'a str {
        id(self.text("x-request-id"))
    }

    /// The trace id of `traceparent` (W3C Trace Context, section 3.2.2); empty if there is none.
    #[must_use]
    pub fn trace_id(&self) -> &'a str {
        id(self
            .text("traceparent")
            .split('-')
            .nth(1)
            .unwrap_or_default())
    }

    /// Every value of a query parameter, decoded; a name without `=` has an empty value.
    pub fn query(&self, key: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let pairs = form_urlencoded::parse(self.query);
        pairs
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Every value of a cookie (RFC 6265, section 4.2.1), over all `cookie` lines.
    pub fn cookies(&self, key: &str) -> impl Iterator<Item = &'a [u8]> {
        let pairs = self
            .headers("cookie")
            .flat_map(|line| line.split(|byte| *byte == b';'));
        pairs.filter_map(move |pair| {
            let (name, value) = split_once(pair.trim_ascii(), b'=')?;
            // As lenient as the most lenient readers: a second `token =` must not be one for them alone.
            (name.trim_ascii() == key.as_bytes()).then(|| unquoted(value.trim_ascii()))
        })
    }

    /// The client's address without its port, as Envoy's `source.address` gives it. `X-Forwarded-For` is not read here:
    /// how far it can be trusted is the listener's business (`use_remote_address`, `xff_num_trusted_hops`).
    #[must_use]
    pub fn client_ip(&self, host: &dyn Host) -> Option<Vec<u8>> {
        let mut address = host.property(&["source", "address"]).ok().flatten()?;
        let port = address.iter().rposition(|byte| *byte == b':')?;
        address.truncate(port);
        let bracketed = address
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"));
        Some(bracketed.map_or_else(|| address.clone(), <[u8]>::to_vec))
    }

    /// Shows every value that a source has in this request.
    pub(crate) fn visit(&self, host: &dyn Host, source: &Source, visit: &mut dyn FnMut(&[u8])) {
        match source {
            Source::Header(name) => self.headers(name).for_each(visit),
            Source::Query(key) => self.query(key).for_each(|value| visit(value.as_bytes())),
            Source::Cookie(key) => self.cookies(key).for_each(visit),
            Source::Method => visit(self.method),
            Source::Path => visit(self.path().unwrap_or_default()),
            Source::Host => visit(&self.host),
            Source::Ip | Source::System(System::ClientIp) => {
                if let Some(address) = self.client_ip(host) {
                    visit(&address);
                }
            }
            Source::System(System::Consumer) => {
                self.headers("x-service-consumer").for_each(visit);
            }
            Source::Claim(_) | Source::ApiKey | Source::PathVariable(_) => {}
        }
    }

    fn text(&self, name: &str) -> &'a str {
        self.headers
            .get(name)
            .and_then(|value| std::str::from_utf8(value).ok())
            .unwrap_or_default()
    }
}

/// Methods are case-sensitive (RFC 9110, section 9.1), but not to everybody: over HTTP/2 Envoy passes `post` on, and Django
/// and Werkzeug take it for POST. It must not walk past what holds for POST.
fn standard_method(method: &[u8]) -> &[u8] {
    if !method.iter().any(u8::is_ascii_lowercase) {
        return method;
    }
    let standard = METHODS
        .into_iter()
        .find(|standard| standard.eq_ignore_ascii_case(method));
    standard.unwrap_or(method)
}

/// An id that goes into a log line: empty if longer than any.
pub(crate) fn id(text: &str) -> &str {
    if text.len() <= MAX_ID { text } else { "" }
}

fn query_of(target: &[u8]) -> &[u8] {
    let without_fragment = split_once(target, b'#').map_or(target, |(before, _)| before);
    split_once(without_fragment, b'?').map_or(&[], |(_, query)| query)
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| *byte == at)?;
    Some((bytes.get(..position)?, bytes.get(position + 1..)?))
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(value)
}
