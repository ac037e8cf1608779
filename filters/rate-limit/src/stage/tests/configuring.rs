//! What the document says, and what becomes of it.

use super::scene::{Scene, by_header, configure, limit, service, windows, with};
use host::fake::FakeHost;
use serde_json::json;
use std::time::Duration;

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
