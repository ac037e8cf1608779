//! A small filter, driven end to end: what it is told, in which order, and what its caller and its upstream get.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: it should stop where it fails"
)]

use host::{Flow, Host, LocalReply, MetricId, MetricKind, Plugin, Stream};
use host_model::{Envoy, Progress, Request, Upstream};
use proxy_wasm::hostcalls;
use std::{cell::Cell, rc::Rc, time::Duration};

/// Answers what has no `x-user` with 401 and forwards the rest, and writes down what it is told.
struct Gate {
    realm: Vec<u8>,
    refused: MetricId,
}

struct GateStream {
    gate: Rc<Gate>,
    seen: String,
}

impl Plugin for Gate {
    type Stream = GateStream;

    fn configure(host: &dyn Host, configuration: &[u8]) -> Option<Self> {
        if configuration.is_empty() {
            host.log(log::Level::Error, "a realm is needed");
            return None;
        }
        host.log(log::Level::Info, "configured");
        let refused = host.define_metric(MetricKind::Counter, "refused").unwrap();
        Some(Self {
            realm: configuration.to_vec(),
            refused,
        })
    }

    fn open(self: &Rc<Self>) -> GateStream {
        GateStream {
            gate: Rc::clone(self),
            seen: String::new(),
        }
    }

    fn tick_period(&self) -> Option<Duration> {
        (self.realm == b"ticking").then_some(Duration::from_millis(100))
    }

    /// Lets a held request go on, by the SDK alone: what a host allows, without what `host` makes of it.
    fn tick(&self, host: &dyn Host) {
        host.log(log::Level::Info, "tick");
        for context in HELD.take() {
            hostcalls::set_effective_context(context).unwrap();
            let headers = host.request_headers().unwrap();
            if headers.get("x-user").is_none() {
                let (details, body) = ("gate_late", b"late");
                let headers = &[];
                host.reply(&LocalReply {
                    status: 503,
                    grpc_status: None,
                    details,
                    headers,
                    body,
                })
                .unwrap();
            } else {
                host.set_request_header("x-held", b"1").unwrap();
                hostcalls::resume_http_request().unwrap();
                let late = host.set_request_header("x-late", b"1");
                host.log(log::Level::Info, &format!("after it went on: {late:?}"));
            }
        }
    }
}

impl Stream for GateStream {
    fn request_headers(&mut self, host: &dyn Host, end: bool) -> Flow {
        self.seen += &format!("request({end}) ");
        let headers = host.request_headers().unwrap();
        if headers.get("x-hold").is_some() {
            return Flow::Pause;
        }
        if let Some(user) = headers.get("x-user") {
            host.set_request_header("x-seen", user).unwrap();
            host.remove_request_header("x-user").unwrap();
            return Flow::Continue;
        }
        let realm = [("x-realm", self.gate.realm.as_slice())];
        let reply = LocalReply {
            status: 401,
            grpc_status: None,
            details: "gate_no user",
            headers: &realm,
            body: b"who?",
        };
        host.reply(&reply).unwrap();
        host.reply(&LocalReply {
            status: 500,
            ..reply
        })
        .unwrap();
        host.add_metric(self.gate.refused, 1).unwrap();
        Flow::Pause
    }

    fn request_end(&mut self, _: &dyn Host) {
        self.seen += "request-end ";
    }

    fn response_headers(&mut self, host: &dyn Host, end: bool) -> Flow {
        let headers = host.response_headers().unwrap();
        let status = String::from_utf8_lossy(headers.get(":status").unwrap()).into_owned();
        self.seen += &format!("response({status}, {end}) ");
        host.set_response_header("x-gate", b"1").unwrap();
        if headers.get("x-poison").is_some() {
            let body = b"poison";
            let details = "gate_poison";
            let reply = LocalReply {
                status: 502,
                grpc_status: None,
                details,
                headers: &[],
                body,
            };
            host.reply(&reply).unwrap();
            return Flow::Pause;
        }
        Flow::Continue
    }

    fn response_body(&mut self, host: &dyn Host, size: usize, end: bool) -> Flow {
        let body = String::from_utf8(host.response_body(0, size).unwrap()).unwrap();
        self.seen += &format!("body({body}, {end}) ");
        if end { Flow::Continue } else { Flow::Pause }
    }

    fn end(&mut self, host: &dyn Host) {
        host.log(log::Level::Info, &format!("{}end", self.seen));
    }
}

thread_local! {
    /// The context ids of the requests that the timer is to let go on.
    static HELD: Cell<Vec<u32>> = const { Cell::new(Vec::new()) };
}

fn last_line(envoy: &Envoy) -> String {
    envoy.log_lines().last().unwrap().text.clone()
}

#[test]
fn a_refusal_is_a_local_reply_that_passes_the_response_callbacks() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let response = worker.request(Request::get("/"));
    assert_eq!(
        (response.status, response.text().as_str()),
        (401, "who?"),
        "the first reply wins"
    );
    assert_eq!(response.details.as_deref(), Some("gate_no_user"));
    assert_eq!(response.header("x-realm"), Some("home"));
    assert_eq!(response.header("content-type"), Some("text/plain"));
    assert_eq!(response.header("x-gate"), Some("1"));
    assert_eq!(response.forwarded, None);
    assert_eq!(
        last_line(&envoy),
        "request(true) response(401, false) body(who?, true) end"
    );
    assert_eq!(envoy.metric("refused"), Some(1));
}

#[test]
fn a_request_that_passes_reaches_the_upstream_as_the_filter_changed_it() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let exchange = worker.begin(Request::post("/", b"hello").header("X-User", b"\xff"));
    assert_eq!(worker.progress(&exchange), Progress::Forwarded);
    let forwarded = worker.forwarded(&exchange).unwrap();
    assert_eq!(forwarded.bytes("x-seen"), Some(&b"\xff"[..]));
    assert_eq!(forwarded.bytes("x-user"), None);

    let upstream = Upstream::status(200)
        .header("x-own", "yes")
        .body("ab")
        .body("cd");
    let response = worker.respond(exchange, &upstream);
    assert_eq!((response.status, response.text().as_str()), (200, "abcd"));
    assert!(!response.is_local());
    assert_eq!(response.header("x-own"), Some("yes"));
    let told =
        "request(false) request-end response(200, false) body(ab, false) body(abcd, true) end";
    assert_eq!(last_line(&envoy), told);
}

#[test]
fn a_request_ends_once_by_its_headers_its_body_or_its_trailers() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let requests = [
        (Request::get("/"), "request(true) response"),
        (
            Request::get("/").trailers(1),
            "request(false) request-end response",
        ),
        (
            Request::post("/", b"x").trailers(1),
            "request(false) request-end response",
        ),
    ];
    for (request, told) in requests {
        worker.request(request.header("x-user", "ann"));
        assert!(last_line(&envoy).starts_with(told), "{}", last_line(&envoy));
    }
}

#[test]
fn a_reply_in_the_response_phase_replaces_the_response_unseen() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let poison = Upstream::status(200).header("x-poison", "1").body("secret");
    let response = worker.exchange(Request::get("/").header("x-user", "ann"), &poison);
    assert_eq!((response.status, response.text().as_str()), (502, "poison"));
    assert_eq!(response.header("x-gate"), None);
    assert_eq!(last_line(&envoy), "request(true) response(200, false) end");
}

#[test]
fn a_grpc_caller_gets_a_status_and_no_body() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let response = worker.request(Request::grpc("/shop.Orders/Get"));
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(response.header("grpc-status"), Some("16"));
    assert_eq!(response.header("grpc-message"), Some("who?"));
    assert_eq!(last_line(&envoy), "request(false) response(200, true) end");
}

#[test]
fn a_client_that_goes_away_is_told_once_and_nothing_else() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let held = worker.begin(Request::get("/").header("x-hold", "1"));
    assert_eq!(worker.progress(&held), Progress::Waiting);
    worker.reset(held);
    assert_eq!(last_line(&envoy), "request(true) end");
    worker.run(|vm| vm.rejected_ahead(Request::new("CONNECT", "/"), 400));
    assert_eq!(last_line(&envoy), "end");
}

#[test]
fn a_configuration_is_tried_in_a_canary_and_on_the_main_thread_once() {
    let envoy = Envoy::new();
    let workers = envoy.workers::<Gate, _>(2, b"home", |_, _| ()).unwrap();
    assert_eq!(workers.len(), 2);
    let mut vms: Vec<_> = envoy.log_lines().into_iter().map(|line| line.vm).collect();
    vms[2..].sort();
    assert_eq!(vms, ["canary", "main", "worker 0", "worker 1"]);

    // A worker that comes later finds it admitted; another configuration is not.
    let late = envoy.worker::<Gate>(b"home").unwrap();
    let other = envoy.worker::<Gate>(b"away").unwrap();
    let vms: Vec<_> = envoy
        .log_lines()
        .into_iter()
        .skip(4)
        .map(|line| line.vm)
        .collect();
    assert_eq!(vms, ["worker 2", "canary", "main", "worker 3"]);
    drop((late, other));
}

#[test]
fn a_refused_configuration_says_why_and_starts_nothing() {
    let envoy = Envoy::new();
    let refused = envoy.worker::<Gate>(b"").err().unwrap();
    assert_eq!(refused.lines.len(), 1, "{refused}");
    assert_eq!(
        (refused.lines[0].vm.as_str(), refused.lines[0].text.as_str()),
        ("canary", "a realm is needed")
    );
    assert_eq!(refused.lines[0].level, log::Level::Error);
}

#[test]
fn a_refused_update_leaves_the_old_configuration_serving() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    worker.reconfigure::<Gate>(b"").unwrap_err();
    assert_eq!(
        worker.request(Request::get("/")).header("x-realm"),
        Some("home")
    );

    // A request in flight keeps what it began with; the next one sees the update.
    let held = worker.begin(Request::get("/").header("x-user", "ann"));
    worker.reconfigure::<Gate>(b"away").unwrap();
    assert_eq!(worker.respond(held, &Upstream::status(204)).status, 204);
    assert_eq!(
        worker.request(Request::get("/")).header("x-realm"),
        Some("away")
    );
}

#[test]
fn a_timer_runs_at_its_due_times_and_once_if_it_was_late() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"ticking").unwrap();
    let ticks = || {
        envoy
            .log_lines()
            .iter()
            .filter(|line| line.text == "tick")
            .count()
    };
    worker.advance(Duration::from_millis(99));
    assert_eq!(ticks(), 0);
    worker.advance(Duration::from_millis(301));
    assert_eq!(ticks(), 4);
    envoy.advance(Duration::from_secs(1));
    assert_eq!(ticks(), 4);
    assert!(worker.run_timer());
    assert!(!worker.run_timer());
    assert_eq!(ticks(), 5);
    worker.reconfigure::<Gate>(b"calm").unwrap();
    worker.advance(Duration::from_secs(1));
    assert_eq!(ticks(), 5, "the old root context's timer is gone");
}

#[test]
fn a_held_request_goes_on_or_is_answered_from_the_timer() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"ticking").unwrap();
    let goes_on = worker.begin(
        Request::post("/", b"x")
            .header("x-hold", "1")
            .header("x-user", "ann"),
    );
    let answered = worker.begin(Request::get("/").header("x-hold", "1"));
    let contexts = vec![goes_on.context(), answered.context()];
    worker.run(|_| HELD.set(contexts));
    assert_eq!(worker.progress(&goes_on), Progress::Waiting);

    worker.advance(Duration::from_millis(100));
    assert_eq!(worker.progress(&goes_on), Progress::Forwarded);
    assert_eq!(worker.forwarded(&goes_on).unwrap().get("x-held"), Some("1"));
    let too_late = "after it went on: Err(BadArgument)";
    assert!(envoy.log_lines().iter().any(|line| line.text == too_late));
    assert_eq!(worker.progress(&answered), Progress::Answered);
    assert_eq!(worker.respond(goes_on, &Upstream::status(201)).status, 201);
    let answered = worker.respond(answered, &Upstream::status(200));
    assert_eq!((answered.status, answered.text().as_str()), (503, "late"));
}

#[test]
#[should_panic(expected = "the filter holds the request")]
fn the_upstream_cannot_answer_a_request_that_is_held() {
    let mut worker = Envoy::new().worker::<Gate>(b"home").unwrap();
    let held = worker.begin(Request::get("/").header("x-hold", "1"));
    worker.respond(held, &Upstream::status(200));
}

#[test]
fn host_calls_are_counted_per_request() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    let calls = worker
        .request(Request::get("/").header("x-user", "ann"))
        .calls;
    let counted: Vec<_> = calls.iter().collect();
    let expected = [
        ("proxy_get_header_map_pairs", 2),
        ("proxy_log", 1),
        ("proxy_remove_header_map_value", 1),
        ("proxy_replace_header_map_value", 2),
    ];
    assert_eq!(counted, expected);
    assert_eq!(calls.total(), 6);
}

#[test]
fn lines_below_the_log_level_are_not_written() {
    let envoy = Envoy::new();
    envoy.set_log_level(log::Level::Warn);
    let mut worker = envoy.worker::<Gate>(b"home").unwrap();
    worker.request(Request::get("/"));
    assert_eq!(envoy.log_lines(), []);
}
