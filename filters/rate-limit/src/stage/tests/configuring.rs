//! What the document says, and what becomes of it.

use super::scene::{Scene, by_header, configure, limit, service, windows, with};
use host::fake::FakeHost;
use serde_json::json;
use std::time::Duration;

#[test]
fn algorithms_are_chosen_by_their_names() {
    for (realize, passing) in [
        ("Resilience4j", [10, 0, 0]),
        ("TokenBucket", [10, 5, 2]),
        ("SmoothBursty", [10, 5, 2]),
        ("FixedWindow", [10, 0, 10]),
        ("SmoothWarmup", [1, 1, 0]),
        ("LeakyBucket", [1, 1, 1]),
        ("", [10, 0, 0]),
    ] {
        let policy = with(limit("all", 10, 1_000), json!({ "realizeType": realize }));
        let scene = Scene::new(&json!([policy]));
        // Windows begin at full seconds: before half of one, at its end, and soon after.
        scene.host.advance(Duration::from_millis(300));
        let passed = [0, 500, 250].map(|ms| {
            scene.host.advance(Duration::from_millis(ms));
            scene.count(20, &[])
        });
        assert_eq!(passed, passing, "{realize}");
    }
}

#[test]
fn a_warm_up_is_told_how() {
    let policy = |parameters| {
        let more = json!({ "realizeType": "SmoothWarmup", "parameters": parameters });
        json!([with(limit("all", 10, 1_000), more)])
    };
    for (parameters, interval) in [
        (json!({}), 300),
        (json!({ "coldFactor": 5 }), 500),
        (json!({ "coldFactor": 1, "warmupSeconds": 1 }), 100),
    ] {
        let scene = Scene::new(&policy(parameters));
        assert_eq!(scene.count(5, &[]), 1);
        scene.host.advance(Duration::from_millis(interval - 20));
        assert_eq!(scene.count(5, &[]), 0, "{interval}");
        scene.host.advance(Duration::from_millis(20));
        assert_eq!(scene.count(5, &[]), 1, "{interval}");
    }
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
fn a_limit_that_is_switched_off_limits_nothing() {
    let off = with(limit("off", 1, 60_000), json!({ "enabled": false }));
    let scene = Scene::new(&json!([off, limit("on", 3, 60_000)]));
    assert_eq!(scene.count(5, &[]), 3);
    assert!(
        scene
            .host
            .metric_names()
            .iter()
            .all(|name| !name.contains("policy=off"))
    );
}

#[test]
fn setting_the_wall_clock_changes_nothing() {
    for realize in ["Resilience4j", "TokenBucket", "FixedWindow", "SmoothWarmup"] {
        let policy = with(limit("all", 2, 60_000), json!({ "realizeType": realize }));
        let scene = Scene::new(&json!([policy]));
        let passed = scene.count(5, &[]);
        for seconds in [0, 4_000_000_000] {
            scene.host.set_wall_clock(Duration::from_secs(seconds));
            assert_eq!(scene.count(5, &[]), 0, "{realize}");
        }
        scene.host.advance(Duration::from_secs(60));
        assert_eq!(scene.count(5, &[]), passed, "{realize}");
    }
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
            json!({ "realizeType": "SmoothWarmup", "parameters": { "coldFactor": 0.5 } }),
            "/coldFactor",
        ),
        (
            json!({ "realizeType": "SmoothWarmup", "parameters": { "warmupSeconds": "1e-10" } }),
            "/warmupSeconds",
        ),
        (
            json!({ "slidingWindows": windows(&[(1, u64::MAX / 2)]) }),
            "/slidingWindows/0",
        ),
        (
            json!({ "slidingWindows": windows(&[(1, 1); 9]) }),
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
