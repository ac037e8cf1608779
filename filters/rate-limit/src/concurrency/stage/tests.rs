use crate::RateLimit;
use host::{
    Flow, Nanos, Plugin, Stream,
    fake::{FakeHost, Reply},
};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

/// One Envoy with a document.
struct Scene {
    host: FakeHost,
    plugin: Rc<RateLimit>,
}

/// A request in flight.
struct Flight {
    host: FakeHost,
    stream: <RateLimit as Plugin>::Stream,
    passed: bool,
    waits: bool,
}

const AT_ONCE: &str = "concurrencyLimitPolicies";

// === impl Scene ===

impl Scene {
    /// A service `orders` with these concurrency limits, and a path `/admin` that has none of its own.
    fn new(policies: &Value) -> Self {
        Self::with(&json!({ AT_ONCE: policies }))
    }

    fn with(policy: &Value) -> Self {
        Self::set(policy, &json!({}))
    }

    fn set(policy: &Value, settings: &Value) -> Self {
        let host = FakeHost::new();
        host.set_wall_clock(Duration::from_secs(1_705_734_400));
        host.set_now(Nanos(5_000_000_000));
        let plugin = configured(&host, policy, settings);
        Self { host, plugin }
    }

    fn begin(&self, path: &str, headers: &[(&str, &str)]) -> Flight {
        let host = self.host.another_worker();
        let base = [
            (":method", "GET"),
            (":authority", "orders"),
            (":path", path),
        ];
        host.set_request(&[&base, headers].concat());
        let mut stream = self.plugin.open();
        let flow = stream.request_headers(&host, true);
        Flight {
            host,
            stream,
            passed: flow == Flow::Continue,
            waits: matches!(flow, Flow::Wait(_)),
        }
    }

    fn get(&self) -> Flight {
        self.begin("/", &[])
    }

    /// How many of so many requests at once pass.
    fn at_once(&self, count: usize, headers: &[(&str, &str)]) -> usize {
        let flights: Vec<_> = (0..count).map(|_| self.begin("/", headers)).collect();
        let passed = flights.iter().filter(|flight| flight.passed).count();
        flights.into_iter().for_each(Flight::end);
        passed
    }

    fn waits(&self, outcome: &str) -> Option<i64> {
        let name = "steward_concurrency_waits_total;service=orders;policy=n;outcome=";
        self.host.metric(&format!("{name}{outcome}"))
    }

    fn tick(&self) {
        self.host.advance(Duration::from_secs(1));
        self.plugin.tick(&self.host);
    }

    fn decisions(&self, policy: &str, outcome: &str) -> Option<i64> {
        let name = format!(
            "steward_decisions_total;service=orders;policy={policy};kind=concurrency;outcome={outcome}"
        );
        self.host.metric(&name)
    }
}

// === impl Flight ===

impl Flight {
    fn end(mut self) {
        self.stream.end(&self.host);
    }

    /// It is asked again, after so long.
    fn retry(&mut self, after: Duration) {
        self.host.advance(after);
        let flow = self.stream.resume(&self.host);
        self.passed = flow == Flow::Continue;
        self.waits = matches!(flow, Flow::Wait(_));
    }

    fn refusal(&self) -> Reply {
        self.host.replies().into_iter().next().unwrap()
    }
}

fn configure(host: &FakeHost, policy: &Value) -> Rc<RateLimit> {
    configured(host, policy, &json!({}))
}

fn configured(host: &FakeHost, policy: &Value, settings: &Value) -> Rc<RateLimit> {
    let group =
        json!({ "name": "default", "servicePolicy": policy, "paths": [{ "path": "/admin" }] });
    let services = json!([{ "name": "orders", "groups": [group] }]);
    let document = json!({ "services": services, "settings": settings });
    let plugin = RateLimit::configure(host, document.to_string().as_bytes());
    Rc::new(plugin.unwrap_or_else(|| panic!("refused: {:?}", host.lines())))
}

fn limit(name: &str, most: u32) -> Value {
    json!({ "name": name, "maxConcurrency": most })
}

fn with(mut policy: Value, name: &str, value: Value) -> Value {
    policy[name] = value;
    policy
}

fn by_user() -> Value {
    json!([{ "type": "header", "key": "x-user" }])
}

#[test]
fn so_many_at_once_on_all_paths_and_one_more_when_one_ends() {
    let scene = Scene::new(&json!([limit("two", 2)]));
    let (first, second) = (scene.get(), scene.begin("/admin/x", &[]));
    assert!(
        first.passed && second.passed,
        "inherited, and the same count"
    );
    let third = scene.get();
    assert!(!third.passed);
    third.end();
    assert!(
        !scene.get().passed,
        "a refused request holds nothing, and gives nothing back"
    );
    first.end();
    assert!(scene.get().passed);
    assert_eq!(scene.decisions("two", "passed"), Some(3));
    assert_eq!(scene.decisions("two", "refused"), Some(2));
}

#[test]
fn who_is_refused_is_told_so() {
    let scene = Scene::new(&json!([limit("one", 1)]));
    let _first = scene.get();
    let reply = scene.get().refusal();
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.details, "steward_concurrency_limited{one}");
    assert!(
        reply
            .headers
            .contains(&("retry-after".to_owned(), b"1".to_vec()))
    );
    assert_eq!(
        (&body["code"], &body["reason"]),
        (&json!(42902), &json!("F42900"))
    );
    assert_eq!(
        body["error"],
        json!({ "policy": "one", "limit": 1, "remaining": 0, "retry_after": 1 })
    );
}

#[test]
fn each_key_has_its_own_limit() {
    let policy = with(limit("each", 2), "key", by_user());
    let scene = Scene::new(&json!([policy]));
    let ann: Vec<_> = (0..3)
        .map(|_| scene.begin("/", &[("x-user", "ann")]))
        .collect();
    assert_eq!(ann.iter().filter(|flight| flight.passed).count(), 2);
    assert_eq!(scene.at_once(3, &[("x-user", "bob")]), 2);
    assert_eq!(scene.at_once(3, &[]), 2, "those without a key share one");
    ann.into_iter().for_each(Flight::end);
    assert_eq!(scene.at_once(3, &[("x-user", "ann")]), 2);
}

#[test]
fn requests_without_a_key_may_be_exempt_or_refused() {
    let policy = |missing: &str| {
        let policy = with(limit("each", 1), "key", by_user());
        json!([with(policy, "missingKey", json!(missing))])
    };
    assert_eq!(Scene::new(&policy("skip")).at_once(5, &[]), 5);
    let scene = Scene::new(&policy("refuse"));
    assert_eq!(scene.at_once(5, &[]), 0);
    assert_eq!(scene.decisions("each", "refused"), Some(5));
}

#[test]
fn a_limit_applies_when_its_conditions_hold() {
    let condition = json!({ "type": "header", "key": "x-plan", "values": ["free"] });
    let policy = with(limit("free", 1), "conditions", json!([condition]));
    let scene = Scene::new(&json!([policy]));
    assert_eq!(scene.at_once(3, &[("x-plan", "paid")]), 3);
    assert_eq!(scene.at_once(3, &[("x-plan", "free")]), 1);
}

#[test]
fn in_shadow_mode_nobody_is_refused_and_it_is_counted() {
    let scene = Scene::new(&json!([with(limit("try", 1), "mode", json!("shadow"))]));
    assert_eq!(scene.at_once(3, &[]), 3);
    assert_eq!(scene.decisions("try", "passed"), Some(1));
    assert_eq!(scene.decisions("try", "would_refuse"), Some(2));
    assert_eq!(scene.decisions("try", "refused"), Some(0));
    assert_eq!(scene.at_once(1, &[]), 1);
    assert_eq!(
        scene.decisions("try", "passed"),
        Some(2),
        "and what passed was given back"
    );
}

#[test]
fn a_policy_that_is_switched_off_limits_nothing() {
    let scene = Scene::new(&json!([with(limit("off", 1), "enabled", json!(false))]));
    assert_eq!(scene.at_once(3, &[]), 3);
}

#[test]
fn what_one_limit_gave_goes_back_if_another_refuses() {
    let each = with(limit("each", 1), "key", by_user());
    let scene = Scene::new(&json!([limit("all", 2), each]));
    let ann = scene.begin("/", &[("x-user", "ann")]);
    for _ in 0..3 {
        assert!(!scene.begin("/", &[("x-user", "ann")]).passed);
    }
    assert!(ann.passed && scene.begin("/", &[("x-user", "bob")]).passed);
}

#[test]
fn a_request_that_a_rate_limit_refuses_gives_its_permit_back_when_it_ends() {
    let scene = Scene::with(&json!({
        AT_ONCE: [limit("one", 1)],
        "rateLimitPolicies": [{ "name": "rate", "slidingWindows": [{ "threshold": 1, "timeWindowInMs": 1000 }] }],
    }));
    scene.get().end();
    let second = scene.get();
    assert_eq!(second.refusal().details, "steward_rate_limited{rate}");
    assert_eq!(
        scene.get().refusal().details,
        "steward_concurrency_limited{one}",
        "its reply is on its way"
    );
    second.end();
    assert_eq!(scene.get().refusal().details, "steward_rate_limited{rate}");
}

#[test]
fn a_reload_keeps_the_count_and_another_number_holds_at_once() {
    let mut scene = Scene::new(&json!([limit("n", 2)]));
    let old = [scene.get(), scene.get()];
    for (most, passes) in [(2, false), (3, true), (1, false)] {
        let policy = with(limit("n", most), "version", json!(most));
        scene.plugin = configure(&scene.host, &json!({ AT_ONCE: [policy] }));
        let flight = scene.get();
        assert_eq!(flight.passed, passes, "{most}");
        flight.end();
    }
    old.into_iter().for_each(Flight::end);
    assert_eq!(scene.at_once(3, &[]), 1);
}

#[test]
fn a_request_that_cannot_be_counted_does_not_pass() {
    for (mode, passes) in [("enforce", false), ("shadow", true)] {
        let scene = Scene::new(&json!([with(limit("one", 1), "mode", json!(mode))]));
        scene.at_once(1, &[]);
        scene.host.shared().fail_next_swaps(usize::MAX);
        assert_eq!(scene.get().passed, passes);
        assert_eq!(scene.decisions("one", "contended"), Some(1));
    }
}

/// A stream that lasts, and no other request: only the timer can say that its worker lives.
#[test]
fn the_timer_keeps_alive_what_a_worker_holds() {
    let scene = Scene::new(&json!([limit("one", 1)]));
    assert_eq!(scene.plugin.tick_period(), Some(Duration::from_secs(1)));
    scene.get().end();
    let swaps = scene.host.shared().swaps();
    scene.tick();
    assert_eq!(scene.host.shared().swaps(), swaps, "it holds nothing");
    let flight = scene.get();
    let swaps = scene.host.shared().swaps();
    scene.tick();
    assert_eq!(scene.host.shared().swaps(), swaps + 1);
    flight.end();
}

#[test]
fn a_document_without_concurrency_limits_asks_the_host_nothing() {
    let scene = Scene::new(&json!([]));
    assert_eq!(scene.plugin.tick_period(), None);
    let swaps = scene.host.shared().swaps();
    assert_eq!(scene.at_once(5, &[]), 5);
    assert_eq!(scene.host.shared().swaps(), swaps);
}

fn patient(most: u32, millis: u32) -> Value {
    with(limit("n", most), "maxWaitMs", json!(millis))
}

const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn who_may_wait_gets_the_permit_that_comes_free() {
    let scene = Scene::new(&json!([patient(1, 100)]));
    let first = scene.get();
    let mut second = scene.get();
    assert!(second.waits);
    second.retry(MOMENT);
    assert!(second.waits);
    first.end();
    second.retry(MOMENT);
    assert!(second.passed);
    assert_eq!(scene.decisions("n", "refused"), Some(0));
    assert_eq!(scene.waits("passed"), Some(1));
    let times = "steward_concurrency_wait_ms;service=orders;policy=n";
    assert_eq!(scene.host.recorded(times), [4]);
    second.end();
    assert_eq!(scene.at_once(1, &[]), 1);
}

#[test]
fn who_has_waited_long_enough_is_refused() {
    let scene = Scene::new(&json!([patient(1, 100)]));
    let _first = scene.get();
    let mut second = scene.get();
    second.retry(Duration::from_millis(99));
    assert!(second.waits);
    second.retry(Duration::from_millis(1));
    assert_eq!(second.refusal().details, "steward_concurrency_limited{n}");
    assert_eq!(scene.decisions("n", "refused"), Some(1));
    assert_eq!(scene.waits("refused"), Some(1));
}

#[test]
fn nobody_overtakes_who_waits_but_other_clients_are_not_held_up() {
    let scene = Scene::new(&json!([with(patient(1, 100), "key", by_user())]));
    let ann = || scene.begin("/", &[("x-user", "ann")]);
    let first = ann();
    let mut second = ann();
    first.end();
    let mut third = ann();
    assert!(second.waits && third.waits, "the second was here before");
    assert!(scene.begin("/", &[("x-user", "bob")]).passed);
    second.retry(MOMENT);
    third.retry(MOMENT);
    assert!(second.passed && third.waits);
    second.end();
    third.retry(MOMENT);
    assert!(third.passed);
}

/// Or those that wait would see newcomers pass until their time is up.
#[test]
fn who_finds_no_room_to_wait_does_not_overtake_either() {
    let scene = Scene::set(
        &json!({ AT_ONCE: [patient(1, 100)] }),
        &json!({ "maxWaiting": 1 }),
    );
    let first = scene.get();
    let mut second = scene.get();
    assert!(second.waits);
    first.end();
    let third = scene.get();
    assert!(!third.passed && !third.waits);
    assert_eq!(third.refusal().status, 429);
    second.retry(MOMENT);
    assert!(second.passed);
}

#[test]
fn who_leaves_while_it_waits_leaves_the_queue_and_what_it_holds() {
    let scene = Scene::new(&json!([limit("two", 2), patient(1, 100)]));
    let first = scene.get();
    let second = scene.get();
    assert!(second.waits);
    assert_eq!(
        scene.get().refusal().details,
        "steward_concurrency_limited{two}",
        "it holds that while it waits"
    );
    second.end();
    first.end();
    assert_eq!(scene.waits("left"), Some(1));
    assert!(scene.get().passed, "nobody is before it");
}

#[test]
fn who_waits_for_its_rate_is_under_way_already() {
    let rate = json!({ "name": "rate", "maxWaitMs": 5000, "slidingWindows": [{ "threshold": 1, "timeWindowInMs": 1000 }] });
    let scene = Scene::with(&json!({ AT_ONCE: [limit("one", 1)], "rateLimitPolicies": [rate] }));
    scene.get().end();
    let mut second = scene.get();
    assert!(second.waits);
    let refused = scene.get().refusal();
    assert_eq!(refused.details, "steward_concurrency_limited{one}");
    second.retry(Duration::from_secs(1));
    assert!(second.passed);
    second.end();
    let third = scene.get();
    assert!(third.waits);
    third.end();
    assert!(
        scene.get().waits,
        "who left while it waited has given its permit back"
    );
}

#[test]
fn in_shadow_mode_nobody_waits() {
    let scene = Scene::new(&json!([with(patient(1, 100), "mode", json!("shadow"))]));
    assert_eq!(scene.at_once(3, &[]), 3);
}
