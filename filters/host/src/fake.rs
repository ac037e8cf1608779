//! A [`Host`] in memory, for unit tests of the engine and of each stage.
//!
//! It has the semantics that decisions hang on (compare-and-swap, repeated headers, metric rules) and nothing of a
//! stream's phases; those are the in-process model's (tier T1). Time stands still until a test moves it.
//!
//! ```
//! use host::{Expected, Host, fake::FakeHost};
//!
//! let host = FakeHost::with_request(&[(":path", "/a"), ("X-User", "ann")]);
//! assert_eq!(host.request_headers().unwrap().get("x-user"), Some(&b"ann"[..]));
//!
//! // Two workers of one process, one of which is slower.
//! let other = host.another_worker();
//! assert!(other.shared_swap(b"key", b"theirs", Expected::Absent).unwrap());
//! assert!(!host.shared_swap(b"key", b"ours", Expected::Absent).unwrap());
//! ```

mod calls;
mod metrics;
mod shared;

use crate::{
    CallId, Expected, Headers, Host, HostError, HttpCall, LocalReply, MetricId, MetricKind, Nanos,
    Versioned,
    values::{check_header_name, check_header_value},
    versions::Versions,
};
use calls::Calls;
use metrics::Metrics;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

pub use calls::SentCall;
pub use shared::SharedData;

/// One worker as a stage sees it.
#[derive(Default)]
pub struct FakeHost {
    now: Cell<Nanos>,
    wall_clock: Cell<Duration>,
    request: RefCell<Vec<(String, Vec<u8>)>>,
    response: RefCell<Vec<(String, Vec<u8>)>>,
    trailers: RefCell<Vec<(String, Vec<u8>)>>,
    response_body: RefCell<Vec<u8>>,
    changes: RefCell<Vec<Change>>,
    replies: RefCell<Vec<Reply>>,
    lines: RefCell<Vec<(log::Level, String)>>,
    properties: RefCell<BTreeMap<String, Vec<u8>>>,
    filter_state: RefCell<BTreeMap<String, Vec<u8>>>,
    foreign: RefCell<BTreeMap<String, Foreign>>,
    calls: Calls,
    metrics: Metrics,
    shared: SharedData,
    versions: Versions,
}

/// A foreign function: argument to result.
type Foreign = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, HostError>>;

/// A header change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A request header was set.
    SetRequest(String, Vec<u8>),
    /// A request header was removed.
    RemoveRequest(String),
    /// A response header was set.
    SetResponse(String, Vec<u8>),
}

/// A local reply that was sent, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// See [`LocalReply::status`].
    pub status: u32,
    /// See [`LocalReply::grpc_status`].
    pub grpc_status: Option<u32>,
    /// See [`LocalReply::details`].
    pub details: String,
    /// See [`LocalReply::headers`].
    pub headers: Vec<(String, Vec<u8>)>,
    /// See [`LocalReply::body`].
    pub body: Vec<u8>,
}

// === impl FakeHost ===

/// Setting the scene.
impl FakeHost {
    /// A host at time zero of both clocks, with no headers and nothing stored.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A new host whose request has these headers.
    #[must_use]
    pub fn with_request(headers: &[(&str, &str)]) -> Self {
        let host = Self::new();
        host.set_request(headers);
        host
    }

    /// Another worker of the same process: same shared data, metrics and present time, its own stream.
    #[must_use]
    pub fn another_worker(&self) -> Self {
        Self {
            now: self.now.clone(),
            wall_clock: self.wall_clock.clone(),
            metrics: self.metrics.clone(),
            shared: self.shared.clone(),
            ..Self::default()
        }
    }

    /// Sets the monotonic clock; it may go back, to play workers that commit out of order.
    pub fn set_now(&self, now: Nanos) {
        self.now.set(now);
    }

    /// Sets the wall clock, as time since the Unix epoch.
    pub fn set_wall_clock(&self, since_epoch: Duration) {
        self.wall_clock.set(since_epoch);
    }

    /// Lets `span` pass on both clocks.
    pub fn advance(&self, span: Duration) {
        self.now.set(self.now.get().after(span));
        self.wall_clock
            .set(self.wall_clock.get().saturating_add(span));
    }

    /// Replaces all request headers.
    pub fn set_request<V: AsRef<[u8]>>(&self, headers: &[(&str, V)]) {
        self.request.replace(owned(headers));
    }

    /// Replaces all response headers.
    pub fn set_response<V: AsRef<[u8]>>(&self, headers: &[(&str, V)]) {
        self.response.replace(owned(headers));
    }

    /// Replaces all trailers of the response.
    pub fn set_trailers<V: AsRef<[u8]>>(&self, trailers: &[(&str, V)]) {
        self.trailers.replace(owned(trailers));
    }

    /// Replaces the buffered response body.
    pub fn set_response_body(&self, body: &[u8]) {
        self.response_body.replace(body.to_vec());
    }

    /// Sets a property by its path joined with dots, `source.address`.
    pub fn set_property(&self, path: &str, value: &[u8]) {
        self.properties
            .borrow_mut()
            .insert(path.to_owned(), value.to_vec());
    }

    /// Gives the host a foreign function.
    pub fn set_foreign(
        &self,
        name: &str,
        function: impl Fn(&[u8]) -> Result<Vec<u8>, HostError> + 'static,
    ) {
        self.foreign
            .borrow_mut()
            .insert(name.to_owned(), Box::new(function));
    }

    /// Lets no call be sent from now on, as when the cluster is unknown; `None`: all are sent again.
    pub fn refuse_calls(&self, error: Option<HostError>) {
        self.calls.refuse(error);
    }

    /// The shared data behind this host, to look into and to disturb.
    #[must_use]
    pub fn shared(&self) -> &SharedData {
        &self.shared
    }
}

/// Looking at what was done.
impl FakeHost {
    /// The header changes asked for so far, in order. They are applied to the headers as well.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.changes.borrow().clone()
    }

    /// The local replies sent so far; a real host would have sent only the first.
    #[must_use]
    pub fn replies(&self) -> Vec<Reply> {
        self.replies.borrow().clone()
    }

    /// The filter state `wasm.<name>`; `None` if nobody set it.
    #[must_use]
    pub fn filter_state(&self, name: &str) -> Option<Vec<u8>> {
        self.filter_state.borrow().get(name).cloned()
    }

    /// The log lines written so far.
    #[must_use]
    pub fn lines(&self) -> Vec<(log::Level, String)> {
        self.lines.borrow().clone()
    }

    /// The log lines written so far, whatever their level.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|(_, line)| line).collect()
    }

    /// The calls sent so far, by this worker.
    #[must_use]
    pub fn calls(&self) -> Vec<SentCall> {
        self.calls.sent()
    }

    /// The value of a counter or gauge; `None` if nobody defined it.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<i64> {
        self.metrics.value(name)
    }

    /// What was recorded in a histogram, in order.
    #[must_use]
    pub fn recorded(&self, name: &str) -> Vec<u64> {
        self.metrics.recorded(name)
    }

    /// The names of all defined metrics, in the order of their definition.
    #[must_use]
    pub fn metric_names(&self) -> Vec<String> {
        self.metrics.names()
    }
}

impl Host for FakeHost {
    fn now(&self) -> Nanos {
        self.now.get()
    }

    fn wall_clock(&self) -> Duration {
        self.wall_clock.get()
    }

    fn log_enabled(&self, _level: log::Level) -> bool {
        true
    }

    fn log(&self, level: log::Level, line: &str) {
        self.lines.borrow_mut().push((level, line.to_owned()));
    }

    fn request_headers(&self) -> Result<Headers, HostError> {
        Ok(Headers::from_pairs(&self.request.borrow()))
    }

    fn response_headers(&self) -> Result<Headers, HostError> {
        Ok(Headers::from_pairs(&self.response.borrow()))
    }

    fn response_header(&self, name: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(first(&self.response, name))
    }

    fn response_trailer(&self, name: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(first(&self.trailers, name))
    }

    fn set_request_header(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        replace(&self.request, name, value)?;
        self.changes
            .borrow_mut()
            .push(Change::SetRequest(name.to_owned(), value.to_vec()));
        Ok(())
    }

    fn remove_request_header(&self, name: &str) -> Result<(), HostError> {
        self.request
            .borrow_mut()
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.changes
            .borrow_mut()
            .push(Change::RemoveRequest(name.to_owned()));
        Ok(())
    }

    fn set_response_header(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        replace(&self.response, name, value)?;
        self.changes
            .borrow_mut()
            .push(Change::SetResponse(name.to_owned(), value.to_vec()));
        Ok(())
    }

    fn response_body(&self, start: usize, max: usize) -> Result<Vec<u8>, HostError> {
        Ok(self
            .response_body
            .borrow()
            .iter()
            .skip(start)
            .take(max)
            .copied()
            .collect())
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), HostError> {
        reply.check()?;
        self.replies.borrow_mut().push(Reply {
            status: reply.status,
            grpc_status: reply.grpc_status,
            details: reply.details.to_owned(),
            headers: owned(reply.headers),
            body: reply.body.to_vec(),
        });
        Ok(())
    }

    fn shared_get(&self, key: &[u8]) -> Result<Option<Versioned>, HostError> {
        let found = self.shared.get(key);
        if let Some(found) = &found {
            self.versions.read(found.cas);
        }
        Ok(found)
    }

    fn shared_swap(&self, key: &[u8], value: &[u8], expected: Expected) -> Result<bool, HostError> {
        let is_won = self.shared.swap(key, value, expected);
        if is_won {
            self.versions.wrote();
        }
        Ok(is_won)
    }

    fn newest_version(&self) -> Option<u32> {
        self.versions.newest()
    }

    fn define_metric(&self, kind: MetricKind, name: &str) -> Result<MetricId, HostError> {
        Ok(self.metrics.define(kind, name))
    }

    fn add_metric(&self, id: MetricId, delta: i64) -> Result<(), HostError> {
        self.metrics.add(id, delta)
    }

    fn record_metric(&self, id: MetricId, value: u64) -> Result<(), HostError> {
        self.metrics.record(id, value)
    }

    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.properties.borrow().get(&path.join(".")).cloned())
    }

    fn set_filter_state(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        self.filter_state
            .borrow_mut()
            .insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    fn call_foreign(&self, name: &str, argument: &[u8]) -> Result<Vec<u8>, HostError> {
        self.foreign
            .borrow()
            .get(name)
            .map_or(Err(HostError::NotFound), |function| function(argument))
    }

    fn http_call(&self, call: &HttpCall<'_>) -> Result<CallId, HostError> {
        self.calls.send(call)
    }
}

fn first(map: &RefCell<Vec<(String, Vec<u8>)>>, name: &str) -> Option<Vec<u8>> {
    let map = map.borrow();
    let mut named = map.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.clone())
}

fn owned<V: AsRef<[u8]>>(headers: &[(&str, V)]) -> Vec<(String, Vec<u8>)> {
    let pair = |(name, value): &(&str, V)| ((*name).to_owned(), value.as_ref().to_vec());
    headers.iter().map(pair).collect()
}

fn replace(
    headers: &RefCell<Vec<(String, Vec<u8>)>>,
    name: &str,
    value: &[u8],
) -> Result<(), HostError> {
    check_header_name(name)?;
    check_header_value(value)?;
    let mut headers = headers.borrow_mut();
    headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value.to_vec()));
    Ok(())
}

#[cfg(test)]
mod tests;
