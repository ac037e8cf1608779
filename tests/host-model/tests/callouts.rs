//! A filter that calls another cluster from its timer, end to end: by the SDK's dispatcher, and what becomes of the answer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: it should stop where it fails"
)]

use host::{CallAnswer, CallId, Flow, Host, HttpCall, MAX_ANSWER_BODY, Plugin, Stream};
use host_model::{Envoy, Upstream, Worker};
use std::{rc::Rc, time::Duration};

/// Calls the cluster that it is configured with at every tick, and tells what comes back.
struct Caller(String);

struct Never;

impl Plugin for Caller {
    type Stream = Never;

    fn configure(_: &dyn Host, configuration: &[u8]) -> Option<Self> {
        Some(Self(String::from_utf8(configuration.to_vec()).unwrap()))
    }

    fn open(self: &Rc<Self>) -> Never {
        Never
    }

    fn tick_period(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn tick(&self, host: &dyn Host) {
        let sent = host.http_call(&HttpCall {
            cluster: &self.0,
            headers: &[
                (":method", "GET"),
                (":path", "/keys"),
                (":authority", "issuer.example"),
            ],
            body: b"",
            timeout: Duration::from_millis(1_500),
        });
        host.log(log::Level::Info, &format!("sent {sent:?}"));
    }

    fn http_response(&self, host: &dyn Host, call: CallId, answer: Option<&CallAnswer>) {
        let told = answer.map(|answer| (answer.status, answer.body.len()));
        host.log(log::Level::Info, &format!("{call:?} {told:?}"));
    }
}

impl Stream for Never {
    fn request_headers(&mut self, _: &dyn Host, _: bool) -> Flow {
        Flow::Continue
    }
}

fn called() -> (Envoy, Worker) {
    let envoy = Envoy::new();
    envoy.add_cluster("issuer");
    let mut worker = envoy.worker::<Caller>(b"issuer").unwrap();
    worker.advance(Duration::from_secs(1));
    (envoy, worker)
}

fn last_line(envoy: &Envoy) -> String {
    envoy.log_lines().pop().unwrap().text
}

#[test]
fn an_answer_comes_with_its_status_and_body() {
    let (envoy, mut worker) = called();
    let calls = worker.callouts();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].cluster, "issuer");
    assert_eq!(calls[0].headers.get(":path"), Some("/keys"));
    assert_eq!(calls[0].timeout, Duration::from_millis(1_500));
    worker.answer_callout(Some(&Upstream::status(200).body("{}")));
    assert_eq!(last_line(&envoy), "CallId(1) Some((200, 2))");
    assert!(worker.callouts().is_empty());

    worker.advance(Duration::from_secs(1));
    worker.answer_callout(None);
    assert_eq!(last_line(&envoy), "CallId(2) None");
}

#[test]
fn a_body_without_end_is_read_as_far_as_anybody_would_take_it() {
    let (envoy, mut worker) = called();
    let endless = vec![b'x'; 3 * MAX_ANSWER_BODY];
    worker.answer_callout(Some(&Upstream::status(200).body(endless)));
    assert_eq!(
        last_line(&envoy),
        format!("CallId(1) Some((200, {MAX_ANSWER_BODY}))")
    );
}

#[test]
fn a_cluster_that_is_not_there_is_an_error_and_no_answer() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Caller>(b"elsewhere").unwrap();
    worker.advance(Duration::from_secs(1));
    assert_eq!(last_line(&envoy), "sent Err(BadArgument)");
    assert!(worker.callouts().is_empty());
}

#[test]
fn the_calls_of_an_old_configuration_end_with_it() {
    let (_envoy, mut worker) = called();
    worker.reconfigure::<Caller>(b"elsewhere").unwrap();
    assert!(worker.callouts().is_empty());
}
