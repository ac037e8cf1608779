//! Requests that a filter holds: parked by `host`, resumed from its timer, through the SDK's dispatcher.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: it should stop where it fails"
)]

use host::{Flow, Host, LocalReply, Plugin, Stream, Wait};
use host_model::{Envoy, Exchange, Progress, Request, Upstream, Worker};
use std::{rc::Rc, time::Duration};

/// Holds each request as its header `x-wait` says: so many milliseconds, or by asking again so many times, `again 3`.
struct Gate {
    period: Option<Duration>,
}

#[derive(Default)]
struct GateStream {
    tries: usize,
}

impl Plugin for Gate {
    type Stream = GateStream;

    fn configure(_: &dyn Host, configuration: &[u8]) -> Option<Self> {
        let millis = std::str::from_utf8(configuration).ok()?.parse().ok();
        Some(Self {
            period: millis.map(Duration::from_millis),
        })
    }

    fn open(self: &Rc<Self>) -> GateStream {
        GateStream::default()
    }

    fn tick_period(&self) -> Option<Duration> {
        self.period
    }

    fn tick(&self, host: &dyn Host) {
        if self.period.is_some() {
            host.log(log::Level::Info, "tick");
        }
    }
}

impl GateStream {
    fn decide(&mut self, host: &dyn Host) -> Flow {
        let headers = host.request_headers().unwrap();
        let wait = headers.get("x-wait").unwrap_or_default();
        let wait = String::from_utf8_lossy(wait).into_owned();
        self.tries += 1;
        if let Some(tries) = wait.strip_prefix("again ") {
            if self.tries <= tries.parse().unwrap() {
                return Flow::Wait(Wait::Retry);
            }
        } else if self.tries == 1 {
            let span = Duration::from_millis(wait.parse().unwrap());
            return Flow::Wait(Wait::Until(host.now().after(span)));
        }
        if headers.get("x-refuse").is_some() {
            let reply = LocalReply {
                status: 429,
                grpc_status: None,
                details: "gate_late",
                headers: &[],
                body: b"late",
            };
            host.reply(&reply).unwrap();
            return Flow::Pause;
        }
        host.log(log::Level::Info, &format!("goes on: {wait}"));
        host.set_request_header("x-tries", self.tries.to_string().as_bytes())
            .unwrap();
        Flow::Continue
    }
}

impl Stream for GateStream {
    fn request_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        self.decide(host)
    }

    fn resume(&mut self, host: &dyn Host) -> Flow {
        self.decide(host)
    }

    fn request_end(&mut self, host: &dyn Host) {
        host.log(log::Level::Info, "request end");
    }

    fn response_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        host.log(log::Level::Info, "response");
        Flow::Continue
    }

    fn end(&mut self, host: &dyn Host) {
        host.log(log::Level::Info, &format!("end after {}", self.tries));
    }
}

fn waits(how: &str) -> Request {
    Request::get("/").header("x-wait", how)
}

fn lines(envoy: &Envoy) -> Vec<String> {
    envoy
        .log_lines()
        .into_iter()
        .map(|line| line.text)
        .collect()
}

fn is_waiting(worker: &mut Worker, exchange: &Exchange) -> bool {
    worker.progress(exchange) == Progress::Waiting
}

fn timer_runs(worker: &mut Worker) -> bool {
    worker.run(|vm| vm.next_tick().is_some())
}

const OK: fn() -> Upstream = || Upstream::status(200);

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_held_request_goes_on_when_its_time_has_come_with_its_changes() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"").unwrap();
    let body = Request::post("/", b"x").header("x-wait", "20");
    let exchange = worker.begin(body);
    worker.advance(millis(19));
    assert!(is_waiting(&mut worker, &exchange));
    assert!(lines(&envoy).is_empty(), "its body waits with it");
    worker.advance(millis(1));
    assert_eq!(worker.progress(&exchange), Progress::Forwarded);
    let forwarded = worker.forwarded(&exchange).unwrap();
    assert_eq!(forwarded.get("x-tries"), Some("2"));
    assert_eq!(worker.respond(exchange, &OK()).status, 200);
    let expected = ["goes on: 20", "request end", "response", "end after 2"];
    assert_eq!(lines(&envoy), expected);
}

#[test]
fn a_held_request_can_be_answered_in_the_end() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"").unwrap();
    let exchange = worker.begin(waits("5").header("x-refuse", "1"));
    worker.advance(millis(5));
    assert_eq!(worker.progress(&exchange), Progress::Answered);
    let response = worker.respond(exchange, &OK());
    assert_eq!((response.status, response.text().as_str()), (429, "late"));
    assert_eq!(lines(&envoy), ["response", "end after 2"]);
}

#[test]
fn turns_come_by_time_and_then_by_arrival() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"").unwrap();
    let exchanges = ["30", "10", "20", "010"].map(|how| worker.begin(waits(how)));
    // The worker was held up: all are due at once.
    envoy.advance(millis(100));
    assert!(worker.run_timer());
    assert_eq!(
        lines(&envoy),
        ["goes on: 10", "goes on: 010", "goes on: 20", "goes on: 30"]
    );
    for exchange in exchanges {
        worker.respond(exchange, &OK());
    }
}

#[test]
fn who_tries_again_is_asked_in_each_tick_the_oldest_first() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"").unwrap();
    let exchanges =
        ["again 3", "again 1", "again 2", "again 3"].map(|how| worker.begin(waits(how)));
    worker.advance(millis(1));
    assert_eq!(lines(&envoy), ["goes on: again 1"]);
    worker.advance(millis(2));
    let expected = [
        "goes on: again 1",
        "goes on: again 2",
        "goes on: again 3",
        "goes on: again 3",
    ];
    assert_eq!(lines(&envoy), expected);
    for exchange in exchanges {
        worker.respond(exchange, &OK());
    }
}

#[test]
fn who_leaves_is_never_resumed_and_its_end_is_told() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"").unwrap();
    let gone = worker.begin(waits("10"));
    let stays = worker.begin(waits("10"));
    let tries = worker.begin(waits("again 5"));
    worker.reset(gone);
    worker.reset(tries);
    assert_eq!(lines(&envoy), ["end after 1", "end after 1"]);
    worker.advance(millis(10));
    assert_eq!(worker.progress(&stays), Progress::Forwarded);
    worker.respond(stays, &OK());
}

#[test]
fn the_timer_runs_only_while_somebody_waits() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"").unwrap();
    assert!(!timer_runs(&mut worker));
    let first = worker.begin(waits("10"));
    assert!(timer_runs(&mut worker));
    worker.advance(millis(10));
    assert!(!timer_runs(&mut worker));
    worker.respond(first, &OK());

    let gone = worker.begin(waits("10000"));
    worker.reset(gone);
    worker.advance(millis(1));
    assert!(!timer_runs(&mut worker));
}

#[test]
fn the_plugins_own_ticks_come_back_when_nobody_waits() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"100").unwrap();
    let exchange = worker.begin(waits("10"));
    worker.advance(millis(10));
    worker.respond(exchange, &OK());
    let before = lines(&envoy).len();
    worker.advance(millis(300));
    assert_eq!(lines(&envoy)[before..], ["tick"; 3]);
}
