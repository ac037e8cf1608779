use crate::RateLimit;
use host::{
    Flow, Nanos, Plugin, Stream,
    fake::{FakeHost, Reply},
};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

const WALL: Duration = Duration::from_secs(1_705_734_400);

/// One Envoy with a document, and as many workers as a test wants.
struct Scene {
    host: FakeHost,
    plugin: Rc<RateLimit>,
}

/// What came of one request.
struct Outcome {
    reply: Option<Reply>,
    response: Vec<(String, String)>,
}

// === impl Scene ===

impl Scene {
    /// A service `orders` with these policies, and a path `/admin` that has none of its own.
    fn new(policies: &Value) -> Self {
        Self::with(&json!({ "services": [service(policies)] }))
    }

    fn with(document: &Value) -> Self {
        let host = FakeHost::new();
        host.set_wall_clock(WALL);
        host.set_now(Nanos(5_000_000_000));
        let plugin =
            configure(&host, document).unwrap_or_else(|| panic!("refused: {:?}", host.lines()));
        Self { host, plugin }
    }

    /// A request that arrives at another worker each time.
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Outcome {
        let worker = self.host.another_worker();
        let base = [
            (":method", "GET"),
            (":authority", "orders"),
            (":path", path),
        ];
        worker.set_request(&[&base, headers].concat());
        worker.set_property("source.address", b"10.1.2.3:40000");
        let mut stream = self.plugin.open();
        let flow = stream.request_headers(&worker, true);
        worker.set_response(&[(":status", "200")]);
        if flow == Flow::Continue {
            stream.response_headers(&worker, true);
        }
        stream.log(&worker);
        let response = host::Host::response_headers(&worker).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Outcome {
            reply: worker.replies().into_iter().next(),
            response: response
                .iter()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        }
    }

    fn passes(&self, path: &str, headers: &[(&str, &str)]) -> bool {
        self.get(path, headers).reply.is_none()
    }

    fn count(&self, requests: usize, headers: &[(&str, &str)]) -> usize {
        (0..requests).filter(|_| self.passes("/", headers)).count()
    }

    fn decisions(&self, policy: &str, outcome: &str) -> i64 {
        let name = format!(
            "steward_decisions_total;service=orders;policy={policy};kind=rate;outcome={outcome}"
        );
        self.host.metric(&name).unwrap()
    }
}

// === impl Outcome ===

impl Outcome {
    fn refusal(&self) -> &Reply {
        self.reply.as_ref().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.response
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let found = reply.headers.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| std::str::from_utf8(value).unwrap())
}

fn service(policies: &Value) -> Value {
    json!({
        "name": "orders",
        "groups": [{
            "name": "default",
            "servicePolicy": { "rateLimitPolicies": policies },
            "paths": [{ "path": "/admin" }],
        }],
    })
}

fn configure(host: &FakeHost, document: &Value) -> Option<Rc<RateLimit>> {
    RateLimit::configure(host, document.to_string().as_bytes()).map(Rc::new)
}

fn windows(windows: &[(u32, u64)]) -> Value {
    windows
        .iter()
        .map(|(threshold, ms)| json!({ "threshold": threshold, "timeWindowInMs": ms }))
        .collect()
}

fn limit(name: &str, threshold: u32, ms: u64) -> Value {
    json!({ "name": name, "slidingWindows": windows(&[(threshold, ms)]) })
}

fn with(mut policy: Value, more: Value) -> Value {
    let (Value::Object(policy_map), Value::Object(more)) = (&mut policy, more) else {
        panic!()
    };
    policy_map.extend(more);
    policy
}

fn by_header(name: &str) -> Value {
    json!([{ "type": "header", "key": name }])
}

#[test]
fn a_node_s_limit_holds_for_all_its_callers_and_paths() {
    let scene = Scene::new(&json!([limit("all", 5, 1_000)]));
    assert_eq!(scene.count(3, &[("x-user", "ann")]), 3);
    assert!(
        scene.passes("/admin", &[]) && scene.passes("/admin/x", &[]),
        "inherited, and the same count"
    );
    assert!(!scene.passes("/", &[("x-user", "bob")]));
    scene.host.advance(Duration::from_secs(1));
    assert!(scene.passes("/", &[]));
    assert_eq!(
        (
            scene.decisions("all", "passed"),
            scene.decisions("all", "refused")
        ),
        (6, 1)
    );
}

#[test]
fn both_algorithms_are_chosen_by_their_names() {
    for (realize, at_half_time) in [
        ("Resilience4j", 0),
        ("TokenBucket", 5),
        ("SmoothBursty", 5),
        ("", 0),
    ] {
        let policy = with(limit("all", 10, 1_000), json!({ "realizeType": realize }));
        let scene = Scene::new(&json!([policy]));
        assert_eq!(scene.count(20, &[]), 10);
        scene.host.advance(Duration::from_millis(500));
        assert_eq!(scene.count(20, &[]), at_half_time, "{realize}");
    }
}

#[test]
fn a_refusal_tells_why_and_for_how_long() {
    let policy = with(
        limit("limit 1", 1, 60_000),
        json!({ "realizeType": "TokenBucket" }),
    );
    let scene = Scene::new(&json!([policy]));
    assert!(scene.passes("/", &[("x-request-id", "r-1")]));
    scene.host.advance(Duration::from_millis(58_700));
    let outcome = scene.get("/", &[("x-request-id", "r-1")]);
    let reply = outcome.refusal();
    assert_eq!(
        (reply.status, reply.details.as_str()),
        (429, "steward_rate_limited{limit_1}")
    );
    assert_eq!(header(reply, "retry-after"), Some("2"));
    assert_eq!(header(reply, "ratelimit"), Some("\"limit 1\";r=0;t=2"));
    assert_eq!(
        header(reply, "ratelimit-policy"),
        Some("\"limit 1\";q=1;w=60")
    );
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["code"], 42901);
    let reset = WALL.as_secs() + 60;
    assert_eq!(
        body["error"],
        json!({ "policy": "limit 1", "limit": 1, "remaining": 0, "retry_after": 2, "reset": reset })
    );
    scene.host.advance(Duration::from_secs(1));
    assert!(!scene.passes("/", &[]), "a second earlier it does not pass");
    scene.host.advance(Duration::from_secs(1));
    assert!(scene.passes("/", &[]), "when promised, it does");
}

#[test]
fn who_passes_is_told_where_it_stands() {
    let policy = json!({ "name": "two", "slidingWindows": windows(&[(100, 1_000), (3, 2_000)]) });
    let scene = Scene::new(&json!([policy]));
    scene.get("/", &[]);
    let outcome = scene.get("/", &[]);
    assert_eq!(outcome.header("ratelimit"), Some("\"two/2s\";r=1;t=2"));
    assert_eq!(
        outcome.header("ratelimit-policy"),
        Some("\"two/1s\";q=100;w=1, \"two/2s\";q=3;w=2")
    );
}

#[test]
fn the_fields_are_the_document_s_choice() {
    let document = |style| {
        json!({
            "services": [service(&json!([limit("all", 2, 1_000)]))],
            "settings": { "rateLimitHeaders": style },
        })
    };
    let scene = Scene::with(&document("x-ratelimit"));
    let outcome = scene.get("/", &[]);
    let trio = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ]
    .map(|name| outcome.header(name));
    assert_eq!(trio, [Some("2"), Some("1"), Some("1")]);
    assert_eq!(outcome.header("ratelimit"), None);

    let scene = Scene::with(&document("none"));
    assert_eq!(
        scene.get("/", &[]).response,
        [(":status".to_owned(), "200".to_owned())]
    );
    scene.get("/", &[]);
    let outcome = scene.get("/", &[]);
    assert_eq!(
        outcome.refusal().headers.len(),
        2,
        "content-type and retry-after"
    );
}

#[test]
fn each_key_has_its_own_limit() {
    let policy = with(
        limit("each", 2, 1_000),
        json!({ "key": by_header("X-User") }),
    );
    let scene = Scene::new(&json!([policy]));
    assert_eq!(scene.count(5, &[("x-user", "ann")]), 2);
    assert_eq!(scene.count(5, &[("x-user", "bob")]), 2);
    assert_eq!(scene.count(5, &[]), 2, "those without a key share one");
    let outcome = scene.get("/", &[("x-user", "ann")]);
    let body: Value = serde_json::from_slice(&outcome.refusal().body).unwrap();
    assert_eq!(body["code"], 42902);
}

#[test]
fn a_client_s_address_is_a_key() {
    let policy = with(
        limit("each", 2, 1_000),
        json!({ "key": [{ "type": "ip" }] }),
    );
    assert_eq!(Scene::new(&json!([policy])).count(5, &[]), 2);
}

#[test]
fn requests_without_a_key_may_be_exempt_or_refused() {
    let policy = |missing| {
        with(
            limit("each", 1, 1_000),
            json!({ "key": by_header("x-user"), "missingKey": missing }),
        )
    };
    assert_eq!(Scene::new(&json!([policy("skip")])).count(5, &[]), 5);
    let scene = Scene::new(&json!([policy("refuse")]));
    let outcome = scene.get("/", &[]);
    assert_eq!(
        (
            outcome.refusal().status,
            header(outcome.refusal(), "retry-after")
        ),
        (429, None)
    );
    assert_eq!(scene.decisions("each", "refused"), 1);
}

#[test]
fn a_limit_applies_when_its_conditions_hold() {
    let condition =
        json!({ "type": "header", "opType": "EQUAL", "key": "x-plan", "values": ["free"] });
    let policy = with(
        limit("free", 1, 1_000),
        json!({ "conditions": [condition] }),
    );
    let scene = Scene::new(&json!([policy]));
    assert_eq!(scene.count(5, &[("x-plan", "paid")]), 5);
    assert_eq!(scene.count(5, &[("x-plan", "free")]), 1);
    assert_eq!(scene.count(5, &[]), 5);
}

#[test]
fn some_keys_have_rates_of_their_own() {
    let over = json!([{ "match": ["core"], "slidingWindows": windows(&[(4, 1_000)]) }]);
    let policy = with(
        limit("each", 2, 1_000),
        json!({ "key": by_header("x-user"), "overrides": over }),
    );
    let scene = Scene::new(&json!([policy]));
    assert_eq!(scene.count(9, &[("x-user", "core")]), 4);
    assert_eq!(scene.count(9, &[("x-user", "ann")]), 2);
}

#[test]
fn a_request_may_cost_more() {
    let cost = json!({ "type": "header", "key": "x-cost", "max": 4 });
    let policy = with(limit("all", 10, 1_000), json!({ "cost": cost }));
    let scene = Scene::new(&json!([policy]));
    assert!(scene.passes("/", &[("x-cost", "3")]));
    assert!(
        scene.passes("/", &[("x-cost", "900")]),
        "but not more than 4"
    );
    assert_eq!(scene.count(5, &[]), 3);
}

#[test]
fn a_refusal_by_one_policy_takes_nothing_from_another() {
    let each = with(
        limit("each", 1, 1_000),
        json!({ "key": by_header("x-user") }),
    );
    let scene = Scene::new(&json!([limit("all", 3, 1_000), each]));
    assert_eq!(scene.count(10, &[("x-user", "ann")]), 1);
    assert!(scene.passes("/", &[("x-user", "bob")]) && scene.passes("/", &[("x-user", "eve")]));
    let last = scene.get("/", &[("x-user", "joe")]);
    assert_eq!(last.refusal().details, "steward_rate_limited{all}");
    assert_eq!(scene.decisions("all", "passed"), 3);
}

#[test]
fn all_policies_tell_where_a_request_stands() {
    let each = with(
        limit("each", 9, 1_000),
        json!({ "key": by_header("x-user") }),
    );
    let scene = Scene::new(&json!([limit("all", 3, 2_000), each]));
    let outcome = scene.get("/", &[("x-user", "ann")]);
    assert_eq!(
        outcome.header("ratelimit"),
        Some("\"all\";r=2;t=2, \"each\";r=8;t=1")
    );
}

#[test]
fn a_shadow_limit_counts_and_lets_pass() {
    let scene = Scene::new(&json!([with(
        limit("all", 2, 1_000),
        json!({ "mode": "shadow" })
    )]));
    assert_eq!(scene.count(5, &[]), 5);
    assert_eq!(
        (
            scene.decisions("all", "passed"),
            scene.decisions("all", "would_refuse")
        ),
        (2, 3)
    );
    assert_eq!(
        scene.get("/", &[]).header("ratelimit"),
        None,
        "a client does not see it"
    );
}

#[test]
fn what_becomes_of_a_request_that_cannot_be_counted_is_the_policy_s_choice() {
    let deny = Scene::new(&json!([limit("all", 5, 1_000)]));
    deny.host.shared().fail_next_swaps(usize::MAX);
    let outcome = deny.get("/", &[]);
    assert_eq!(
        (
            outcome.refusal().status,
            header(outcome.refusal(), "retry-after")
        ),
        (429, Some("1"))
    );
    assert_eq!(deny.decisions("all", "contended"), 1);
    assert_eq!(
        deny.host.metric("steward_state_cas_retries_total"),
        Some(16)
    );

    let allow = Scene::new(&json!([with(
        limit("all", 5, 1_000),
        json!({ "onContention": "allow" })
    )]));
    allow.host.shared().fail_next_swaps(usize::MAX);
    assert!(allow.passes("/", &[]));
}

#[test]
fn a_permit_taken_by_another_worker_in_between_is_not_given_twice() {
    let scene = Rc::new(Scene::new(&json!([limit("all", 1, 1_000)])));
    let rival = Rc::clone(&scene);
    scene
        .host
        .shared()
        .before_next_swap(move || assert!(rival.passes("/", &[])));
    assert!(!scene.passes("/", &[]));
}

#[test]
fn a_reload_does_not_refill_but_another_threshold_does() {
    let mut scene = Scene::new(&json!([limit("all", 2, 60_000)]));
    assert_eq!(scene.count(5, &[]), 2);
    let versioned = json!([
        limit("other", 9, 1_000),
        with(limit("all", 2, 60_000), json!({ "version": 7 }))
    ]);
    scene.plugin = configure(&scene.host, &json!({ "services": [service(&versioned)] })).unwrap();
    assert_eq!(
        scene.count(5, &[]),
        0,
        "another version, another place in the list: the same limit"
    );
    let changed = json!([limit("all", 3, 60_000)]);
    scene.plugin = configure(&scene.host, &json!({ "services": [service(&changed)] })).unwrap();
    assert_eq!(scene.count(5, &[]), 3);
}

#[test]
fn a_state_per_node_is_not_shared() {
    let scene = Scene::new(&json!([with(
        limit("all", 2, 1_000),
        json!({ "stateAt": "node" })
    )]));
    assert_eq!(scene.count(5, &[]), 2);
    assert!(scene.passes("/admin", &[]) && scene.passes("/admin", &[]));
    assert!(!scene.passes("/admin", &[]));
}

#[test]
fn configuring_counts_nothing() {
    let host = FakeHost::new();
    let policy = with(
        limit("each", 2, 1_000),
        json!({ "key": by_header("x-user") }),
    );
    configure(&host, &json!({ "services": [service(&json!([policy]))] })).unwrap();
    let counters = host.metric_names();
    let sum: i64 = counters
        .iter()
        .filter(|name| name.contains("decisions"))
        .filter_map(|name| host.metric(name))
        .sum();
    assert_eq!(sum, 0);
}

#[test]
fn a_limit_that_cannot_be_carried_out_refuses_the_document() {
    let cases = [
        (json!({ "key": [{ "type": "header" }] }), "/key/0"),
        (
            json!({ "overrides": [{ "match": ["a"], "slidingWindows": windows(&[(1, 1)]) }] }),
            "/overrides",
        ),
        (
            json!({ "realizeType": "TokenBucket", "parameters": { "maxBurstSeconds": "soon" } }),
            "/maxBurstSeconds",
        ),
        (
            json!({ "slidingWindows": windows(&[(1, u64::MAX / 2)]) }),
            "/slidingWindows/0",
        ),
        (
            json!({ "slidingWindows": windows(&[(1, 1); 17]) }),
            "/slidingWindows",
        ),
    ];
    for (fault, pointer) in cases {
        let host = FakeHost::new();
        let policies = json!([with(limit("all", 2, 1_000), fault)]);
        assert!(
            configure(&host, &json!({ "services": [service(&policies)] })).is_none(),
            "{pointer}"
        );
        let errors = host
            .lines()
            .into_iter()
            .filter(|(level, _)| *level == log::Level::Error);
        let told: Vec<_> = errors
            .map(|(_, line)| line)
            .filter(|line| line.contains("finding"))
            .collect();
        assert_eq!(told.len(), 1, "told once: {told:?}");
        assert!(
            told.iter().any(|line| line.contains(pointer)),
            "{pointer} in {told:?}"
        );
    }
}

#[test]
fn a_limit_that_nothing_passes_is_said() {
    let host = FakeHost::new();
    let policies = json!([with(limit("all", 2, 1_000), json!({ "cost": 3 }))]);
    configure(&host, &json!({ "services": [service(&policies)] })).unwrap();
    let lines = host.lines();
    let about =
        |line: &&(log::Level, String)| line.1.contains("0/cost") && line.0 == log::Level::Warn;
    assert_eq!(lines.iter().filter(about).count(), 1, "{lines:?}");
}

#[test]
fn grpc_callers_get_resource_exhausted() {
    let scene = Scene::new(&json!([limit("all", 1, 1_000)]));
    let grpc = [("content-type", "application/grpc")];
    scene.get("/", &grpc);
    let outcome = scene.get("/", &grpc);
    assert_eq!(outcome.refusal().grpc_status, Some(8));
    assert_eq!(outcome.refusal().body, b"too many requests, retry later");
}
