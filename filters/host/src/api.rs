//! What a filter may ask of its host, and what the host asks of a filter.
//!
//! Both sides are traits so that one filter runs unchanged over Envoy, over the in-process model of Envoy (tier T1) and
//! over the [fake](crate::fake). Every value that comes from a client is bytes: one header that is not UTF-8 must not end
//! a worker. Every call answers a `Result`: the SDK's own wrappers panic on a status they do not expect, and a panic is a
//! dead VM.

use crate::{CallAnswer, CallId, Headers, HostError, HttpCall, LocalReply, Nanos};
use std::{rc::Rc, time::Duration};

/// The host's services, as far as governance needs them.
///
/// Object safe, and `&self` throughout: one host serves every stage of a request.
pub trait Host {
    /// Monotonic time: one line over all VMs of the process, the only time that may be stored in shared data.
    fn now(&self) -> Nanos;

    /// Wall-clock time since the Unix epoch. Only for token times, `reset` and `timestamp`: it may step.
    fn wall_clock(&self) -> Duration;

    /// Whether a line of this level would be written; lets a caller skip building it.
    fn log_enabled(&self, level: log::Level) -> bool;

    /// Writes one log line.
    fn log(&self, level: log::Level, line: &str);

    /// All request headers, pseudo headers among them, in one call.
    ///
    /// While the upstream's response comes by, Envoy has them no more and gives an empty map: keep what is needed then. They
    /// are there again while the filter's own reply comes by.
    fn request_headers(&self) -> Result<Headers, HostError>;

    /// All response headers, `:status` among them, in one call; empty in any phase but
    /// [`Stream::response_headers`].
    fn response_headers(&self) -> Result<Headers, HostError>;

    /// The first value of one response header; for whoever needs no other: a whole map costs more, the more headers it has.
    /// `None` if there is none, or no response.
    fn response_header(&self, name: &str) -> Result<Option<Vec<u8>>, HostError>;

    /// The first value of a trailer of the response; `None` but in [`Stream::response_trailers`].
    fn response_trailer(&self, name: &str) -> Result<Option<Vec<u8>>, HostError>;

    /// Replaces every copy of a request header. The value must hold no CR, LF or NUL: [`HostError::BadValue`] otherwise.
    fn set_request_header(&self, name: &str, value: &[u8]) -> Result<(), HostError>;

    /// Removes every copy of a request header; absent is fine.
    fn remove_request_header(&self, name: &str) -> Result<(), HostError>;

    /// Replaces every copy of a response header. The value must hold no CR, LF or NUL: [`HostError::BadValue`] otherwise.
    fn set_response_header(&self, name: &str, value: &[u8]) -> Result<(), HostError>;

    /// Up to `max` bytes of the response body buffered so far, from `start`; none outside of [`Stream::response_body`].
    fn response_body(&self, start: usize, max: usize) -> Result<Vec<u8>, HostError>;

    /// Answers the request here. The first reply of a stream wins.
    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), HostError>;

    /// A shared-data value and its version; `None` if the key was never set or was emptied.
    fn shared_get(&self, key: &[u8]) -> Result<Option<Versioned>, HostError>;

    /// Compare-and-swap on a shared-data key. `Ok(false)`: somebody else was faster.
    fn shared_swap(&self, key: &[u8], value: &[u8], expected: Expected) -> Result<bool, HostError>;

    /// The newest version of any key's value that this VM knows to be given out, by its reads and its own swaps. Right after
    /// a swap that was won it is that swap's own if nobody else wrote in between; otherwise it is never the version of a
    /// later write. `None`: nothing is known, or this host's versions are no rising line over all keys.
    fn newest_version(&self) -> Option<u32> {
        None
    }

    /// Defines a metric, or finds the one of that name; idempotent, shared by all workers.
    fn define_metric(&self, kind: MetricKind, name: &str) -> Result<MetricId, HostError>;

    /// Adds to a counter (`delta` > 0) or a gauge.
    fn add_metric(&self, id: MetricId, delta: i64) -> Result<(), HostError>;

    /// Sets a gauge, or records a histogram's value.
    fn record_metric(&self, id: MetricId, value: u64) -> Result<(), HostError>;

    /// A property (an Envoy attribute) as raw bytes; `None` if this host or this phase has none.
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, HostError>;

    /// Sets the stream's filter state `wasm.<name>`, which access logs and route matches can read; a later call replaces it.
    ///
    /// This is all that proxy-wasm's `proxy_set_property` does in Envoy, whatever path it is given: no attribute, header or
    /// dynamic metadata changes by it.
    fn set_filter_state(&self, name: &str, value: &[u8]) -> Result<(), HostError>;

    /// Calls a foreign function. [`HostError::NotFound`]: this host has none of that name.
    fn call_foreign(&self, name: &str, argument: &[u8]) -> Result<Vec<u8>, HostError>;

    /// Sends a request of the filter's own; its answer comes as [`Plugin::http_response`]. Only from [`Plugin::tick`] and from
    /// there: Envoy gives the answer to the context that asked, a stream may be gone by then, and a canary VM is. An error:
    /// nothing was sent, and no answer comes.
    fn http_call(&self, call: &HttpCall<'_>) -> Result<CallId, HostError>;
}

/// A shared-data value with the version that a [`Host::shared_swap`] must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The stored bytes; never empty.
    pub bytes: Vec<u8>,
    /// The host's compare-and-swap number; never 0.
    pub cas: u32,
}

/// What a [`Host::shared_swap`] expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No value: put-if-absent.
    Absent,
    /// The value read with this version.
    Version(u32),
}

/// A metric's handle, valid in the VM that defined it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricId(pub u32);

/// What a metric does with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows; all workers add up.
    Counter,
    /// Goes both ways; `record` is last writer wins.
    Gauge,
    /// A distribution.
    Histogram,
}

/// What the host does with a stream after a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On to the next filter.
    Continue,
    /// Stop here: a local reply has been sent.
    Pause,
    /// Hold the request, and call [`Stream::resume`] when its time has come. Only for a request: a response that answers
    /// this goes on.
    Wait(Wait),
}

/// How long a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until then, and hardly longer: some milliseconds, as long as the worker is not held up.
    Until(Nanos),
    /// A moment; who waits longest is asked first. The more wait so, the longer the moment.
    Retry,
}

/// A filter's configured state in one VM: made by [`configure`](Plugin::configure), shared by its streams.
pub trait Plugin: Sized + 'static {
    /// The state of one request.
    type Stream: Stream;

    /// Reads the plugin configuration. `None` refuses it, with the reasons logged.
    ///
    /// Runs in a canary VM, on the main thread and on every worker: no side effect on counters or limits.
    fn configure(host: &dyn Host, configuration: &[u8]) -> Option<Self>;

    /// Begins a request.
    fn open(self: &Rc<Self>) -> Self::Stream;

    /// How often [`tick`](Self::tick) is called, in whole milliseconds and at least one; `None`: never. Asked once, when the
    /// configuration was accepted.
    fn tick_period(&self) -> Option<Duration> {
        None
    }

    /// A timer tick of the root context, on the main thread and on every worker: at least as often as asked, and more often
    /// while requests are held.
    fn tick(&self, _host: &dyn Host) {}

    /// The answer to a [`Host::http_call`], once for each that was sent; `None` if there is none. A timeout and a refused
    /// connection are answers: Envoy writes 504 and 503 in the upstream's place.
    fn http_response(&self, _host: &dyn Host, _call: CallId, _answer: Option<&CallAnswer>) {}
}

/// One HTTP stream as the host drives it.
pub trait Stream {
    /// The request's headers have arrived.
    fn request_headers(&mut self, host: &dyn Host, end_of_stream: bool) -> Flow;

    /// The time that the request was to [wait](Flow::Wait) for has come. Its headers can be read and changed again. Not
    /// called once the client has left or the host has answered.
    fn resume(&mut self, _host: &dyn Host) -> Flow {
        Flow::Continue
    }

    /// The request has come whole: its last body part or its trailers. Not called if its headers were all of it.
    fn request_end(&mut self, _host: &dyn Host) {}

    /// The response's headers are about to leave; local replies, our own too, come by here.
    fn response_headers(&mut self, _host: &dyn Host, _end_of_stream: bool) -> Flow {
        Flow::Continue
    }

    /// A part of the response body: `size` bytes are buffered. As long as the answer is [`Flow::Pause`] the parts pile up;
    /// after [`Flow::Continue`] the next part comes alone. The last part may bring no bytes of its own.
    fn response_body(&mut self, _host: &dyn Host, _size: usize, _end_of_stream: bool) -> Flow {
        Flow::Continue
    }

    /// The response ends with trailers, as those of gRPC do. Not called for a response without.
    fn response_trailers(&mut self, _host: &dyn Host) {}

    /// The stream has ended, however it did. Comes exactly once, but not from a VM that trapped; and it may come without
    /// [`request_headers`](Self::request_headers) before it, if the request ended ahead of this filter. Properties can be
    /// read, headers cannot.
    fn end(&mut self, _host: &dyn Host) {}
}
