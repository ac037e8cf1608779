//! How often each kind of request allocates, pinned.
//!
//! Counted is what the filter itself allocates. What the host does inside of a call is not counted, nor the buffers that it
//! returns: their number is that of the host calls (`host_calls.rs`). A number here may fall; whoever lets one rise should
//! know it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end where it fails"
)]

mod scene;

use allocation_counter::{measure, opt_out};
use benches::document::{HOST, LIMITED_USER};
use host::{
    CallId, Expected, Flow, Headers, Host, HostError, HttpCall, LocalReply, MetricId, MetricKind,
    Nanos, Plugin, Stream, Versioned, fake::FakeHost,
};
use scene::{Governance, document, token};
use std::{rc::Rc, time::Duration};

/// A host whose own allocations are nobody's.
struct Quiet(FakeHost);

fn quietly<T>(f: impl FnOnce() -> T) -> T {
    let mut result = None;
    opt_out(|| result = Some(f()));
    result.unwrap()
}

/// Every call goes on to the fake.
macro_rules! forward {
    ($(fn $name:ident($($arg:ident: $kind:ty),*) $(-> $out:ty)?;)*) => {
        $(fn $name(&self, $($arg: $kind),*) $(-> $out)? {
            quietly(|| self.0.$name($($arg),*))
        })*
    };
}

impl Host for Quiet {
    forward! {
        fn now() -> Nanos;
        fn wall_clock() -> Duration;
        fn log_enabled(level: log::Level) -> bool;
        fn log(level: log::Level, line: &str);
        fn request_headers() -> Result<Headers, HostError>;
        fn response_headers() -> Result<Headers, HostError>;
        fn response_header(name: &str) -> Result<Option<Vec<u8>>, HostError>;
        fn response_trailer(name: &str) -> Result<Option<Vec<u8>>, HostError>;
        fn set_request_header(name: &str, value: &[u8]) -> Result<(), HostError>;
        fn remove_request_header(name: &str) -> Result<(), HostError>;
        fn set_response_header(name: &str, value: &[u8]) -> Result<(), HostError>;
        fn response_body(start: usize, max: usize) -> Result<Vec<u8>, HostError>;
        fn reply(reply: &LocalReply<'_>) -> Result<(), HostError>;
        fn shared_get(key: &[u8]) -> Result<Option<Versioned>, HostError>;
        fn shared_swap(key: &[u8], value: &[u8], expected: Expected) -> Result<bool, HostError>;
        fn newest_version() -> Option<u32>;
        fn define_metric(kind: MetricKind, name: &str) -> Result<MetricId, HostError>;
        fn add_metric(id: MetricId, delta: i64) -> Result<(), HostError>;
        fn record_metric(id: MetricId, value: u64) -> Result<(), HostError>;
        fn property(path: &[&str]) -> Result<Option<Vec<u8>>, HostError>;
        fn set_filter_state(name: &str, value: &[u8]) -> Result<(), HostError>;
        fn call_foreign(name: &str, argument: &[u8]) -> Result<Vec<u8>, HostError>;
        fn http_call(call: &HttpCall<'_>) -> Result<CallId, HostError>;
    }
}

/// The flow of the third of three like requests, and what that one allocated.
fn third(token: Option<&str>) -> (Flow, u64) {
    let host = Quiet(FakeHost::new());
    host.0.set_wall_clock(testkit::tokens::now());
    // Every signature holds: `VerifySignatureResult {1 result}`.
    host.0
        .set_foreign("verify_signature", |_| Ok(vec![0x08, 0x01]));
    host.0
        .set_property("response.code_details", b"via_upstream");
    let plugin = Rc::new(Governance::configure(&host, &document()).unwrap());
    let mut last = (Flow::Continue, 0);
    for _ in 0..3 {
        last = request(&plugin, &host, token);
    }
    last
}

fn request(plugin: &Rc<Governance>, host: &Quiet, token: Option<&str>) -> (Flow, u64) {
    let authorization = format!("Bearer {}", token.unwrap_or_default());
    let mut headers = vec![
        (":authority", HOST),
        (":path", "/orders/7?page=2"),
        (":method", "GET"),
        ("x-lane", "gray"),
    ];
    headers.extend(token.map(|_| ("authorization", &*authorization)));
    host.0.set_request(&headers);
    host.0.set_response(&[(":status", "200")]);
    let mut flow = Flow::Continue;
    let counted = measure(|| {
        let mut stream = plugin.open();
        flow = stream.request_headers(host, true);
        stream.response_headers(host, false);
        stream.end(host);
    });
    (flow, counted.count_total)
}

#[test]
fn a_passing_request() {
    assert_eq!(third(Some(&token("ann"))), (Flow::Continue, 2));
}

#[test]
fn a_request_without_a_token() {
    assert_eq!(third(None), (Flow::Pause, 26));
}

#[test]
fn a_request_over_its_limit() {
    assert_eq!(third(Some(&token(LIMITED_USER))), (Flow::Pause, 19));
}
