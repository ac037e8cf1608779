//! Callback by callback on a host in memory: swaps that are lost, streams that last.

use super::*;
use host::{Flow, Plugin, Stream, fake::FakeHost};
use std::{rc::Rc, time::Duration};

const HEADERS: [(&str, &str); 3] = [
    (":authority", "example.test"),
    (":path", "/"),
    (":method", "GET"),
];

struct Fake {
    host: FakeHost,
    filter: Rc<CircuitBreaker>,
}

impl Fake {
    fn new() -> Self {
        let host = FakeHost::with_request(&HEADERS);
        let filter = Rc::new(CircuitBreaker::configure(&host, &example()).unwrap());
        Self { host, filter }
    }

    /// A call that the upstream, if it gets there, answers with this status.
    fn call(&self, status: &str) -> Flow {
        let mut stream = self.filter.open();
        let flow = stream.request_headers(&self.host, true);
        if flow == Flow::Continue {
            self.host.set_response(&[(":status", status)]);
            stream.response_headers(&self.host, true);
        }
        stream.end(&self.host);
        flow
    }

    fn contended(&self) -> Option<i64> {
        let labels = "service=example.test;policy=cb1;kind=breaker;outcome=contended";
        self.host
            .metric(&format!("steward_decisions_total;{labels}"))
    }
}

#[test]
fn a_result_survives_some_lost_swaps() {
    let fake = Fake::new();
    // One without a read, which is no retry, and fifteen with one.
    fake.host.shared().fail_next_swaps(16);
    assert_eq!(fake.call("500"), Flow::Continue);
    assert_eq!(fake.call("200"), Flow::Pause, "it was counted");
    assert_eq!(
        fake.host.metric("steward_state_cas_retries_total"),
        Some(15)
    );
}

#[test]
fn a_result_that_cannot_be_stored_is_one_less_and_counted_as_such() {
    let fake = Fake::new();
    fake.host.shared().fail_next_swaps(17);
    assert_eq!(fake.call("500"), Flow::Continue);
    assert_eq!(fake.call("200"), Flow::Continue);
    assert_eq!(fake.contended(), Some(1));
}

#[test]
fn a_half_open_breaker_lets_nothing_through_that_it_cannot_count() {
    let fake = Fake::new();
    fake.call("500");
    fake.host.advance(Duration::from_secs(50));
    fake.host.shared().fail_next_swaps(16);
    assert_eq!(fake.call("200"), Flow::Pause);
    let reply = fake.host.replies().pop().unwrap();
    assert!(
        reply
            .headers
            .contains(&("retry-after".to_owned(), b"1".to_vec())),
        "{reply:?}"
    );
    assert_eq!(fake.call("200"), Flow::Continue);
}

#[test]
fn a_rival_between_read_and_write_is_not_overwritten() {
    let fake = Fake::new();
    let (rival, filter) = (fake.host.another_worker(), Rc::clone(&fake.filter));
    rival.set_request(&HEADERS);
    rival.set_response(&[(":status", "500")]);
    fake.host.shared().before_next_swap(move || {
        let mut stream = filter.open();
        stream.request_headers(&rival, true);
        stream.response_headers(&rival, true);
    });
    fake.call("200");
    assert_eq!(fake.call("200"), Flow::Pause, "the rival's failure counted");
}

/// A gRPC stream whose response headers have come, with no status among them.
fn grpc_stream(fake: &Fake) -> <CircuitBreaker as Plugin>::Stream {
    let grpc = [&HEADERS[..], &[("content-type", "application/grpc")]].concat();
    fake.host.set_request(&grpc);
    let mut stream = fake.filter.open();
    assert_eq!(stream.request_headers(&fake.host, false), Flow::Continue);
    fake.host
        .set_response(&[(":status", "200"), ("content-type", "application/grpc")]);
    stream.response_headers(&fake.host, false);
    stream
}

#[test]
fn a_half_open_breaker_does_not_wait_for_a_grpc_stream_to_end() {
    let fake = Fake::new();
    fake.call("500");
    fake.host.advance(Duration::from_secs(50));
    let mut stream = grpc_stream(&fake);
    assert_eq!(fake.host.metric(STATE), Some(0));
    fake.host.advance(Duration::from_secs(3_600));
    fake.host.set_trailers(&[("grpc-status", "13")]);
    stream.response_trailers(&fake.host);
    stream.end(&fake.host);
    assert_eq!(fake.host.metric(STATE), Some(0), "counted once");
}

#[test]
fn a_grpc_stream_that_lasts_is_counted_and_is_not_slow() {
    let fake = Fake::new();
    let mut stream = grpc_stream(&fake);
    fake.host.advance(Duration::from_secs(3_600));
    fake.host.set_trailers(&[("grpc-status", "0")]);
    let before = fake.host.shared().swaps();
    stream.response_trailers(&fake.host);
    stream.end(&fake.host);
    assert_eq!(fake.host.shared().swaps(), before + 1);
    assert_eq!(fake.call("200"), Flow::Continue);
}

/// A request that takes a while to come, and an upstream that takes a while to answer; `None`: it answers before.
fn uploads(fake: &Fake, upload: Duration, answer: Option<Duration>) -> Flow {
    let mut stream = fake.filter.open();
    let flow = stream.request_headers(&fake.host, false);
    if flow == Flow::Continue {
        fake.host.advance(upload);
        if let Some(answer) = answer {
            stream.request_end(&fake.host);
            fake.host.advance(answer);
        }
        fake.host.set_response(&[(":status", "200")]);
        stream.response_headers(&fake.host, true);
    }
    stream.end(&fake.host);
    flow
}

const LONG: Duration = Duration::from_secs(9);
const SHORT: Duration = Duration::from_millis(9);

#[test]
fn who_sends_slowly_does_not_open_it() {
    let fake = Fake::new();
    uploads(&fake, LONG, Some(SHORT));
    uploads(&fake, LONG, None);
    assert_eq!(fake.call("200"), Flow::Continue);
}

#[test]
fn an_upstream_that_answers_an_upload_slowly_opens_it() {
    let fake = Fake::new();
    uploads(&fake, SHORT, Some(LONG));
    assert_eq!(fake.call("200"), Flow::Pause);
}
