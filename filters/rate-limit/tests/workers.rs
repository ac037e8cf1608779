//! The whole filter on eight workers that truly run at once, over the in-process model of Envoy: limits are exact over all
//! of them, and a request costs the host calls that the design counts on.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use host_model::{Envoy, Request, Vm};
use rate_limit::RateLimit;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const WORKERS: usize = 8;

/// Ways of counting: both forms of the strict window, the bucket and the fixed window.
const WAYS: [(&str, u32); 4] = [
    ("Resilience4j", 20),
    ("Resilience4j", 500),
    ("TokenBucket", 500),
    ("FixedWindow", 500),
];

fn document(policies: &Value) -> Vec<u8> {
    let group = json!({ "name": "default", "servicePolicy": { "rateLimitPolicies": policies } });
    json!({ "services": [{ "name": "example.test", "groups": [group] }] })
        .to_string()
        .into_bytes()
}

fn policy(realize: &str, threshold: u32, key: &Value) -> Value {
    json!({
        "name": "limit",
        "realizeType": realize,
        "slidingWindows": [{ "threshold": threshold, "timeWindowInMs": 60_000 }],
        "key": key,
    })
}

fn by_user() -> Value {
    json!([{ "type": "header", "key": "x-user" }])
}

fn passes(vm: &mut Vm, user: &str) -> bool {
    let response = vm.request(Request::get("/").header("x-user", user));
    assert!(matches!(response.status, 200 | 429), "{response:?}");
    response.status == 200
}

/// What passes when every worker sends `requests` of them.
fn storm(envoy: &Envoy, document: &[u8], requests: usize) -> usize {
    let one = |vm: &mut Vm, _| (0..requests).filter(|_| passes(vm, "ann")).count();
    envoy
        .workers::<RateLimit, _>(WORKERS, document, one)
        .unwrap()
        .into_iter()
        .sum()
}

#[test]
fn exactly_the_threshold_passes_on_eight_workers() {
    for (realize, threshold) in WAYS {
        let envoy = Envoy::new();
        let document = document(&json!([policy(realize, threshold, &json!([]))]));
        let threshold = usize::try_from(threshold).unwrap();
        assert_eq!(
            storm(&envoy, &document, 300),
            threshold,
            "{realize} {threshold}"
        );

        envoy.advance(Duration::from_millis(59_999));
        let early = storm(&envoy, &document, 100);
        envoy.advance(Duration::from_secs(3));
        let later = storm(&envoy, &document, 300);
        match realize {
            "TokenBucket" => assert_eq!((early, early + later), (threshold - 1, threshold + 24)),
            // The process began 54 s after a border: the next one has passed, and the one after it is yet to come.
            "FixedWindow" => assert_eq!((early, later), (threshold, 0)),
            _ => assert_eq!((early, later), (0, threshold)),
        }
    }
}

#[test]
fn where_requests_go_one_by_one_one_of_eight_workers_has_its_turn() {
    // 60 in a minute; cold, the first interval is three times as long.
    for (realize, seconds) in [("LeakyBucket", 1), ("SmoothWarmup", 3)] {
        let envoy = Envoy::new();
        let document = document(&json!([policy(realize, 60, &json!([]))]));
        assert_eq!(storm(&envoy, &document, 100), 1, "{realize}");
        envoy.advance(Duration::from_secs(seconds) - Duration::from_millis(600));
        assert_eq!(storm(&envoy, &document, 100), 0, "{realize}");
        envoy.advance(Duration::from_millis(600));
        assert_eq!(storm(&envoy, &document, 100), 1, "{realize}");
    }
}

#[test]
fn each_client_s_threshold_is_exact_too() {
    for (realize, threshold) in [("Resilience4j", 3), ("TokenBucket", 40)] {
        let envoy = Envoy::new();
        let document = document(&json!([policy(realize, threshold, &by_user())]));
        let users: Vec<_> = (0..100).map(|user| format!("user-{user}")).collect();
        let each = |vm: &mut Vm, number: usize| {
            let mut passed = BTreeMap::new();
            for turn in 0..users.len() * 10 {
                // Workers go round in different steps, so that they meet at every user.
                let user = &users[(turn * (2 * number + 1) + number) % users.len()];
                *passed.entry(user.clone()).or_insert(0) += u32::from(passes(vm, user));
            }
            passed
        };
        let results = envoy
            .workers::<RateLimit, _>(WORKERS, &document, each)
            .unwrap();
        for user in &users {
            let sum: u32 = results.iter().filter_map(|passed| passed.get(user)).sum();
            assert_eq!(sum, threshold, "{user} by {realize}");
        }
        let prefix = b"steward:t:";
        let slots = envoy
            .shared_keys()
            .into_iter()
            .filter(|key| key.starts_with(prefix))
            .count();
        assert!(slots <= 100, "{slots} slots for 100 clients");
    }
}

#[test]
fn several_windows_are_one_decision_on_all_workers() {
    let envoy = Envoy::new();
    let windows = json!([
        { "threshold": 200, "timeWindowInMs": 1_000 },
        { "threshold": 300, "timeWindowInMs": 60_000 },
    ]);
    let document = document(&json!([{ "name": "limit", "slidingWindows": windows }]));
    assert_eq!(storm(&envoy, &document, 100), 200);
    envoy.advance(Duration::from_secs(2));
    assert_eq!(
        storm(&envoy, &document, 100),
        100,
        "what the first window refused is not missing"
    );
}

#[test]
fn a_worker_that_is_configured_anew_counts_on() {
    let envoy = Envoy::new();
    let with = |version: u32| {
        let mut policy = policy("TokenBucket", 10, &by_user());
        policy["version"] = json!(version);
        document(&json!([policy]))
    };
    let mut worker = envoy.worker::<RateLimit>(&with(1)).unwrap();
    let ann = || Request::get("/").header("x-user", "ann");
    (0..10).for_each(|_| assert_eq!(worker.request(ann()).status, 200));
    worker.reconfigure::<RateLimit>(&with(2)).unwrap();
    assert_eq!(worker.request(ann()).status, 429);
    let mut other = envoy.worker::<RateLimit>(&with(2)).unwrap();
    assert_eq!(other.request(ann()).status, 429);
}

#[test]
fn a_header_that_is_not_text_is_a_client_like_any_other() {
    let envoy = Envoy::new();
    let mut worker = envoy
        .worker::<RateLimit>(&document(&json!([policy("", 1, &by_user())])))
        .unwrap();
    let mut status = |user: &[u8]| {
        worker
            .request(Request::get("/").header("x-user", user))
            .status
    };
    assert_eq!(
        [status(b"\xa1"), status(b"\xa2"), status(b"\xa1")],
        [200, 200, 429]
    );
}

#[test]
fn a_request_costs_one_read_and_one_write() {
    let envoy = Envoy::new();
    let mut worker = envoy
        .worker::<RateLimit>(&document(&json!([policy("", 2, &by_user())])))
        .unwrap();
    let mut calls = || {
        let calls = worker
            .request(Request::get("/").header("x-user", "ann"))
            .calls;
        [
            "clock_time_get",
            "proxy_get_shared_data",
            "proxy_set_shared_data",
        ]
        .map(|name| calls.of(name))
    };
    assert_eq!(calls(), [1, 1, 1]);
    assert_eq!(calls(), [1, 1, 1]);
    let [_, reads, writes] = calls();
    assert_eq!((reads, writes), (1, 0), "a refusal writes nothing");
}
