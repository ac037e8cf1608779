//! What is counted apart: every part of a request that can be a key.

use super::scene::{limit, windows, with};
use crate::{EarlyLimit, Limit};
use engine::{Claims, CompileContext, Engine, Position, RequestContext, Stage, Verdict};
use host::{Flow, Nanos, Plugin, Stream, fake::FakeHost};
use serde_json::{Value, json};
use std::rc::Rc;

/// Believes who a request says it is.
struct Believer(Rc<[Rc<str>]>);

type Filter = Engine<(EarlyLimit, Believer, Limit)>;

/// A node with a path of a variable, and its limits.
struct Gate {
    host: FakeHost,
    filter: Rc<Filter>,
}

// === impl Believer ===

impl Stage for Believer {
    type State = ();

    const POSITION: Position = Position::Authentication;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self(Rc::clone(cx.claims))
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let text = |name| Some(String::from_utf8(cx.header(name)?.to_vec()).unwrap());
        let (subject, client) = (text("x-sub"), text("x-client"));
        if let Some(subject) = subject {
            let claims = json!({ "sub": subject });
            cx.identity.add_claims(Claims::of(&self.0, &claims));
        }
        if let Some(client) = client {
            cx.identity.set_api_key(client.as_str().into());
        }
        Verdict::Continue
    }
}

// === impl Gate ===

impl Gate {
    fn new(policies: &Value) -> Self {
        let policy = json!({ "rateLimitPolicies": policies });
        let group = json!({
            "name": "default", "servicePolicy": policy, "paths": [{ "path": "/orders/{id}" }],
        });
        let document = json!({
            "services": [{ "name": "orders", "aliases": ["orders.b"], "groups": [group] }],
        });
        let host = FakeHost::new();
        host.set_now(Nanos(5_000_000_000));
        let filter = Filter::configure(&host, document.to_string().as_bytes());
        let filter = filter.unwrap_or_else(|| panic!("refused: {:?}", host.lines()));
        Self {
            host,
            filter: Rc::new(filter),
        }
    }

    /// A request from an address; pseudo-headers may be among the headers.
    fn passes(&self, address: &str, headers: &[(&str, &str)]) -> bool {
        let worker = self.host.another_worker();
        let mut all = vec![
            (":method", "GET"),
            (":authority", "orders"),
            (":path", "/orders/7"),
        ];
        all.retain(|(name, _)| headers.iter().all(|(stated, _)| stated != name));
        all.extend(headers);
        worker.set_request(&all);
        worker.set_property("source.address", format!("{address}:40000").as_bytes());
        let mut stream = self.filter.open();
        let flow = stream.request_headers(&worker, true);
        stream.end(&worker);
        flow == Flow::Continue
    }
}

fn one_each(key: &Value) -> Gate {
    Gate::new(&json!([with(
        limit("each", 1, 60_000),
        json!({ "key": key })
    )]))
}

#[test]
fn every_part_of_a_request_can_be_a_key() {
    let own = |kind: &str, key: &str| json!([{ "type": kind, "key": key }]);
    for (key, header, values) in [
        (own("header", "X-User"), "x-user", ["ann", "bob"]),
        (own("cookie", "sid"), "cookie", ["a=1; sid=7", "sid=8; a=1"]),
        (
            own("query", "page"),
            ":path",
            ["/orders/7?page=a%20b", "/orders/7?page=c"],
        ),
        (own("claim", "sub"), "x-sub", ["ann", "bob"]),
        (own("apiKey", ""), "x-client", ["core-service", "other"]),
        (own("method", ""), ":method", ["GET", "POST"]),
        (own("path", ""), ":path", ["/orders/7", "/orders/8"]),
        (
            own("pathVariable", "id"),
            ":path",
            ["/orders/7/items", "/orders/8/items"],
        ),
        (own("host", ""), ":authority", ["orders:80", "orders.b"]),
    ] {
        let gate = one_each(&key);
        for value in values {
            let passes = || gate.passes("10.0.0.1", &[(header, value)]);
            assert_eq!([passes(), passes()], [true, false], "{key} {value}");
        }
    }
}

#[test]
fn what_is_the_same_in_two_spellings_is_one_key() {
    let own = |kind: &str, key: &str| json!([{ "type": kind, "key": key }]);
    for (key, header, spellings) in [
        (own("cookie", "sid"), "cookie", ["sid=7; a=1", "b=2; sid=7"]),
        (
            own("query", "q"),
            ":path",
            ["/orders/7?q=a+b", "/orders/7?p=1&q=%61%20b"],
        ),
        (own("path", ""), ":path", ["/orders/./7?a", "//orders/%37"]),
        (
            own("pathVariable", "id"),
            ":path",
            ["/orders/%41%20/a", "/orders/A%20/b"],
        ),
        (own("method", ""), ":method", ["POST", "post"]),
        (own("host", ""), ":authority", ["orders:80", "ORDERS."]),
    ] {
        let gate = one_each(&key);
        let passes = spellings.map(|spelling| gate.passes("10.0.0.1", &[(header, spelling)]));
        assert_eq!(passes, [true, false], "{key}");
    }
}

#[test]
fn addresses_count_by_their_networks() {
    let gate = one_each(&json!([{ "type": "ip", "prefixV4": 24, "prefixV6": 56 }]));
    for (one, other, stranger) in [
        ("10.0.0.1", "10.0.0.200", "10.0.1.1"),
        (
            "[2001:db8:0:1::1]",
            "[2001:db8:0:ff::1]",
            "[2001:db8:0:100::1]",
        ),
    ] {
        let passes = [one, other, stranger].map(|address| gate.passes(address, &[]));
        assert_eq!(passes, [true, false, true]);
    }
}

#[test]
fn several_parts_are_one_key() {
    let gate = one_each(
        &json!([{ "type": "header", "key": "x-user" }, { "type": "pathVariable", "key": "id" }]),
    );
    let passes = |user, path| gate.passes("10.0.0.1", &[("x-user", user), (":path", path)]);
    assert!(passes("ann", "/orders/7") && passes("ann", "/orders/8") && passes("bob", "/orders/7"));
    assert!(!passes("ann", "/orders/7/items"));
}

#[test]
fn a_key_of_eight_kilobytes_is_a_key() {
    let gate = one_each(&json!([{ "type": "header", "key": "x-user" }]));
    let long = |end: &str| "a".repeat(8 * 1024) + end;
    let passes = |user: &str| gate.passes("10.0.0.1", &[("x-user", user)]);
    assert!(passes(&long("b")) && passes(&long("c")) && passes(&long("")));
    assert!(!passes(&long("b")));
    let sizes = gate.host.shared().keys().into_iter().map(|key| {
        let value = gate
            .host
            .shared()
            .get(&key)
            .map_or(0, |value| value.bytes.len());
        key.len() + value
    });
    assert!(
        sizes.max().unwrap() < 2 * 1024,
        "only their hashes are kept"
    );
}

/// Default clients and one with more, reads and writes apart.
#[test]
fn clients_have_rates_of_their_own_for_reads_and_writes() {
    let policy = |name: &str, op: &str, rate: u32, vip: u32| {
        let reads = json!([{ "type": "method", "opType": op, "values": ["GET", "HEAD"] }]);
        let over =
            json!([{ "match": ["core-service"], "slidingWindows": windows(&[(vip, 1_000)]) }]);
        let more = json!({ "key": [{ "type": "apiKey" }], "conditions": reads, "overrides": over });
        with(limit(name, rate, 1_000), more)
    };
    let gate = Gate::new(&json!([
        policy("read", "IN", 10, 50),
        policy("write", "NOT_IN", 1, 5)
    ]));
    for (client, method, rate) in [
        ("core-service", "GET", 50),
        ("core-service", "POST", 5),
        ("shop", "GET", 10),
        ("shop", "DELETE", 1),
        ("desk", "GET", 10),
    ] {
        let passes =
            |_: &u32| gate.passes("10.0.0.1", &[("x-client", client), (":method", method)]);
        assert_eq!((0..60).filter(passes).count(), rate, "{client} {method}");
    }
}

#[test]
fn tiers_are_counted_together() {
    let policies = json!([
        limit("node", 6, 60_000),
        with(
            limit("address", 4, 60_000),
            json!({ "key": [{ "type": "ip" }] })
        ),
        with(
            limit("user", 2, 60_000),
            json!({ "key": [{ "type": "claim", "key": "sub" }], "missingKey": "skip" })
        ),
    ]);
    let gate = Gate::new(&policies);
    let count = |address, user| {
        (0..9)
            .filter(|_| gate.passes(address, &[("x-sub", user)]))
            .count()
    };
    assert_eq!(count("10.0.0.1", "ann"), 2, "the user's");
    assert_eq!(count("10.0.0.2", "ann"), 0, "wherever she is");
    assert_eq!(count("10.0.0.1", "bob"), 2, "what is left of the address");
    assert_eq!(count("10.0.0.1", "eve"), 0);
    assert_eq!(count("10.0.0.2", "eve"), 2, "what is left of the node");
    assert_eq!(count("10.0.0.3", "joe"), 0);
}
