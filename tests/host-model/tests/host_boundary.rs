//! `host::EnvoyHost` against the host's rules: what a filter is told when it asks at the wrong time or for the wrong thing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: it should stop where it fails"
)]

use host::{Expected, Flow, Host, LocalReply, MetricId, MetricKind, Plugin, Stream};
use host_model::{Envoy, Request, Response, Upstream};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// A filter that runs a test's own code as its callbacks.
struct Script;

struct ScriptStream;

/// A callback of the script, and what a test gives for one.
type Step = Box<dyn FnMut(&dyn Host)>;
type Look = Box<dyn Fn(&dyn Host) -> String>;

thread_local! {
    static REQUEST: RefCell<Option<Step>> = const { RefCell::new(None) };
    static RESPONSE: RefCell<Option<Step>> = const { RefCell::new(None) };
    static LOG: RefCell<Option<Step>> = const { RefCell::new(None) };
}

impl Plugin for Script {
    type Stream = ScriptStream;

    fn configure(_: &dyn Host, _: &[u8]) -> Option<Self> {
        Some(Self)
    }

    fn open(self: &Rc<Self>) -> ScriptStream {
        ScriptStream
    }
}

impl Stream for ScriptStream {
    fn request_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        REQUEST.with_borrow_mut(|step| step.as_mut().map(|step| step(host)));
        Flow::Continue
    }

    fn response_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        RESPONSE.with_borrow_mut(|step| step.as_mut().map(|step| step(host)));
        Flow::Continue
    }

    fn log(&mut self, host: &dyn Host) {
        LOG.with_borrow_mut(|step| step.as_mut().map(|step| step(host)));
    }
}

/// What a callback saw, carried out of it: a panic inside one would end the process.
type Seen = Rc<RefCell<Vec<String>>>;

/// Runs one request with these callbacks; each answers what it saw.
fn run(
    envoy: &Envoy,
    request: Request,
    at_request: impl Fn(&dyn Host) -> String + Send + 'static,
    at_response: impl Fn(&dyn Host) -> String + Send + 'static,
    at_log: impl Fn(&dyn Host) -> String + Send + 'static,
) -> (Response, Vec<String>) {
    let mut worker = envoy.worker::<Script>(b"").unwrap();
    worker.run(move |vm| {
        let seen = Seen::default();
        let step = |f: Look| {
            let seen = Rc::clone(&seen);
            Some(Box::new(move |host: &dyn Host| seen.borrow_mut().push(f(host))) as Step)
        };
        REQUEST.set(step(Box::new(at_request)));
        RESPONSE.set(step(Box::new(at_response)));
        LOG.set(step(Box::new(at_log)));
        let response = vm.exchange(request, &Upstream::status(200).body("body"));
        let seen = seen.borrow().clone();
        (response, seen)
    })
}

/// Runs one request and `f` in its request callback.
fn at_request(envoy: &Envoy, f: impl Fn(&dyn Host) -> String + Send + 'static) -> String {
    let nothing = |_: &dyn Host| String::new();
    let (_, seen) = run(envoy, Request::get("/a"), f, nothing, nothing);
    seen[0].clone()
}

/// The state of both maps: how many pairs can be read, and whether a pair can be written.
fn maps(host: &dyn Host) -> String {
    let count = |headers: host::Headers| headers.len() > 1;
    let request = host.request_headers().map(count).unwrap();
    let response = host
        .response_headers()
        .map(|headers| !headers.is_empty())
        .unwrap();
    let set_request = host.set_request_header("x-w", b"1");
    let set_response = host.set_response_header("x-w", b"1");
    format!(
        "{request} {response} {} {}",
        set_request.is_ok(),
        set_response == Ok(())
    )
}

#[test]
fn each_phase_has_its_own_maps() {
    let envoy = Envoy::new();
    let (_, seen) = run(&envoy, Request::get("/"), maps, maps, maps);
    assert_eq!(
        seen,
        [
            "true false true false",
            "false true false true",
            "true true false false"
        ]
    );
}

#[test]
fn a_local_reply_comes_by_while_the_request_is_still_at_hand() {
    let envoy = Envoy::new();
    let reply = |host: &dyn Host| {
        let reply = LocalReply {
            status: 403,
            grpc_status: None,
            details: "",
            headers: &[],
            body: b"",
        };
        format!("{:?}", host.reply(&reply))
    };
    let (response, seen) = run(&envoy, Request::get("/"), reply, maps, maps);
    assert_eq!(
        seen,
        ["Ok(())", "true true true true", "true true false false"]
    );
    assert_eq!(response.status, 403);
    assert_eq!(
        response.forwarded, None,
        "an answered request goes nowhere, whatever is returned"
    );
}

#[test]
fn a_call_in_the_wrong_phase_is_a_bad_argument() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let body = host.response_body(0, 100);
        format!("{:?} {body:?}", host.set_response_header("a", b"b"))
    });
    assert_eq!(seen, "Err(BadArgument) Ok([])");
}

#[test]
fn values_and_names_that_would_break_the_message_never_reach_the_host() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let mut seen = String::new();
        for (name, value) in [
            ("a", &b"x\r"[..]),
            ("a", b"x\ny"),
            ("a", b"\0"),
            ("a b", b""),
            ("", b""),
        ] {
            let headers = [(name, value)];
            let reply = LocalReply {
                status: 200,
                grpc_status: None,
                details: "",
                headers: &headers,
                body: b"",
            };
            seen += &format!(
                "{:?} {:?}; ",
                host.set_request_header(name, value),
                host.reply(&reply)
            );
        }
        seen
    });
    let expected = "Err(BadValue) Err(BadValue); ".repeat(3)
        + &"Err(BadArgument) Err(BadArgument); ".repeat(2);
    assert_eq!(seen, expected);
}

#[test]
fn bytes_that_are_no_text_pass_both_ways() {
    let envoy = Envoy::new();
    let request = Request::get("/")
        .header("x-odd", b"\xa1\xb1")
        .header("x-odd", b"2");
    let echo = |host: &dyn Host| {
        let headers = host.request_headers().unwrap();
        host.set_request_header("x-echo", headers.get("x-odd").unwrap())
            .unwrap();
        format!("{}", headers.all("x-odd").count())
    };
    let nothing = |_: &dyn Host| String::new();
    let (response, seen) = run(&envoy, request, echo, nothing, nothing);
    assert_eq!(seen[0], "2");
    assert_eq!(
        response.forwarded.unwrap().bytes("x-echo"),
        Some(&b"\xa1\xb1"[..])
    );
}

#[test]
fn a_swap_wins_with_the_version_read_and_loses_with_an_older_one() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let unknown = host.shared_get(b"k");
        let put = host.shared_swap(b"k", b"1", Expected::Absent);
        let again = host.shared_swap(b"k", b"2", Expected::Absent);
        let cas = host.shared_get(b"k").unwrap().unwrap().cas;
        let first = host.shared_swap(b"k", b"3", Expected::Version(cas));
        let second = host.shared_swap(b"k", b"4", Expected::Version(cas));
        let blind = host.shared_swap(b"k", b"5", Expected::Version(0));
        format!("{unknown:?} {put:?} {again:?} {first:?} {second:?} {blind:?}")
    });
    assert_eq!(
        seen,
        "Ok(None) Ok(true) Ok(false) Ok(true) Ok(false) Err(BadArgument)"
    );
    assert_eq!(envoy.shared(b"k").as_deref(), Some(&b"3"[..]));
}

#[test]
fn an_emptied_value_reads_as_none_and_can_be_put_again() {
    let envoy = Envoy::new();
    envoy.set_shared(b"k", b"1");
    envoy.set_shared(b"k", b"");
    let seen = at_request(&envoy, |host| {
        let read = host.shared_get(b"k");
        format!(
            "{read:?} {:?}",
            host.shared_swap(b"k", b"2", Expected::Absent)
        )
    });
    assert_eq!(seen, "Ok(None) Ok(true)");
    assert_eq!(envoy.shared(b"k").as_deref(), Some(&b"2"[..]));
}

#[test]
fn eight_workers_lose_no_update() {
    const EACH: u64 = 10_000;
    let envoy = Envoy::new();
    let lost = envoy.workers::<Script, _>(8, b"", |vm, _| {
        let collisions = Rc::new(Cell::new(0));
        let count = Rc::clone(&collisions);
        REQUEST.set(Some(Box::new(move |host| {
            count.set(count.get() + increment(host));
        })));
        for _ in 0..EACH {
            vm.request(Request::get("/"));
        }
        REQUEST.set(None);
        collisions.get()
    });
    let lost: u64 = lost.unwrap().into_iter().sum();
    assert_eq!(
        envoy.shared(b"count"),
        Some((8 * EACH).to_le_bytes().to_vec())
    );
    assert!(lost > 0, "no swap was ever lost: this did not try anything");
}

/// Adds one by compare-and-swap; returns how often somebody else was faster.
fn increment(host: &dyn Host) -> u64 {
    let mut lost = 0;
    loop {
        let (count, expected) = match host.shared_get(b"count").unwrap() {
            None => (0, Expected::Absent),
            Some(found) => {
                let count = u64::from_le_bytes(found.bytes.try_into().unwrap());
                (count, Expected::Version(found.cas))
            }
        };
        // Gives another worker its chance between the read and the write, on one core too.
        if count % 100 == 0 {
            std::thread::yield_now();
        }
        if host
            .shared_swap(b"count", &u64::to_le_bytes(count + 1), expected)
            .unwrap()
        {
            return lost;
        }
        lost += 1;
    }
}

#[test]
fn metrics_are_shared_by_name_and_keep_to_their_kind() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let counter = host.define_metric(MetricKind::Counter, "c").unwrap();
        let same = host.define_metric(MetricKind::Counter, "c").unwrap() == counter;
        let gauge = host.define_metric(MetricKind::Gauge, "g").unwrap();
        host.add_metric(counter, 2).unwrap();
        host.record_metric(gauge, 7).unwrap();
        host.add_metric(gauge, -3).unwrap();
        format!(
            "{same} {:?} {:?}",
            host.add_metric(counter, 0),
            host.add_metric(MetricId(99), 1)
        )
    });
    assert_eq!(seen, "true Err(BadArgument) Err(NotFound)");
    assert_eq!((envoy.metric("c"), envoy.metric("g")), (Some(2), Some(4)));
}

#[test]
fn properties_are_bytes_or_absent() {
    let envoy = Envoy::new();
    envoy.set_property("xds.cluster_name", "orders");
    let seen = at_request(&envoy, |host| {
        let of = |path: &[&str]| {
            host.property(path)
                .map(|value| value.map(String::from_utf8))
        };
        let paths: [&[&str]; 4] = [
            &["source", "address"],
            &["xds", "cluster_name"],
            &["request", "path"],
            &["no", "such"],
        ];
        paths
            .map(|path| format!("{:?}", of(path).unwrap()))
            .join(" ")
    });
    let some = |text: &str| format!("Some(Ok({text:?}))");
    let expected = [
        some("127.0.0.1:40000"),
        some("orders"),
        some("/a"),
        "None".to_owned(),
    ];
    assert_eq!(seen, expected.join(" "));
}

#[test]
fn clocks_are_virtual_and_one_line_over_all_workers() {
    let envoy = Envoy::new();
    let read = |host: &dyn Host| format!("{:?} {:?}", host.now(), host.wall_clock());
    let before = at_request(&envoy, read);
    assert_eq!(before, at_request(&envoy, read), "nothing passes by itself");
    envoy.advance(Duration::from_nanos(5));
    let (now, wall) = (envoy.monotonic(), envoy.wall_clock());
    assert_eq!(at_request(&envoy, read), format!("Nanos({now}) {wall:?}"));
    assert_ne!(at_request(&envoy, read), before);
}

#[test]
fn a_foreign_function_that_the_host_lacks_is_not_found() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let unknown = host.call_foreign("no_such", b"");
        format!(
            "{unknown:?} {:?}",
            host.call_foreign("verify_signature", b"\xff")
        )
    });
    assert_eq!(seen, "Err(NotFound) Err(BadArgument)");
}

#[test]
fn a_reply_with_an_impossible_status_is_refused() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let send = |status| {
            host.reply(&LocalReply {
                status,
                grpc_status: None,
                details: "",
                headers: &[],
                body: b"",
            })
        };
        format!("{:?} {:?}", send(199), send(600))
    });
    assert_eq!(seen, "Err(BadArgument) Err(BadArgument)");
}

#[test]
fn the_log_level_is_the_hosts() {
    let envoy = Envoy::new();
    let levels = [
        log::Level::Error,
        log::Level::Warn,
        log::Level::Info,
        log::Level::Debug,
    ];
    let ask = move |host: &dyn Host| format!("{:?}", levels.map(|level| host.log_enabled(level)));
    assert_eq!(at_request(&envoy, ask), "[true, true, true, false]");
    envoy.set_log_level(log::Level::Error);
    assert_eq!(at_request(&envoy, ask), "[true, false, false, false]");
}
