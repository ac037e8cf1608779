mod configuring;
mod keys;
mod phases;
mod scene;
mod telling;
mod waiting;

use scene::{Scene, by_header, header, limit, service, windows, with};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

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

/// Both are one network, but two limits: state of one read as the other's is no limit, or one for years.
#[test]
fn an_address_with_an_override_and_its_neighbour_are_counted_apart() {
    let policy = with(
        limit("each", 2, 1_000),
        json!({
            "key": [{ "type": "ip", "prefixV4": 24 }],
            "overrides": [{ "match": ["10.1.2.9"], "slidingWindows": windows(&[(3, 1_000), (9, 9_000)]) }],
        }),
    );
    let scene = Scene::new(&json!([policy]));
    let passed = |ip: &str| scene.get_from(ip, "/", &[]).reply.is_none();
    let mut counts = [0, 0, 0];
    for _ in 0..6 {
        counts[0] += u32::from(passed("10.1.2.3"));
        counts[1] += u32::from(passed("10.1.2.9"));
        counts[2] += u32::from(passed("10.1.2.4"));
    }
    assert_eq!(counts, [1, 3, 1]);
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
fn a_limit_filled_between_look_and_count_refuses_and_holds_nothing() {
    let each = with(
        limit("each", 1, 1_000),
        json!({ "key": by_header("x-user") }),
    );
    let scene = Rc::new(Scene::new(&json!([limit("all", 3, 1_000), each])));
    let rival = Rc::clone(&scene);
    let ann = [("x-user", "ann")];
    scene
        .host
        .shared()
        .before_next_swap(move || assert!(rival.passes("/", &ann)));
    assert_eq!(
        scene.get("/", &ann).refusal().details,
        "steward_rate_limited{each}"
    );
    assert_eq!(
        (
            scene.decisions("all", "passed"),
            scene.decisions("each", "passed")
        ),
        (1, 1)
    );
    assert_eq!(scene.host.metric("steward_rate_refunds_total"), Some(1));
    let left = ["bob", "eve", "joe"].map(|user| scene.passes("/", &[("x-user", user)]));
    assert_eq!(left, [true, true, false], "one of three is used up");
}

#[test]
fn who_waits_as_long_as_told_passes_every_limit() {
    let scene = Scene::new(&json!([limit("short", 1, 1_000), limit("long", 1, 5_000)]));
    assert!(scene.passes("/", &[]));
    let refused = scene.get("/", &[]);
    assert_eq!(refused.refusal().details, "steward_rate_limited{long}");
    assert_eq!(header(refused.refusal(), "retry-after"), Some("5"));
    scene.host.advance(Duration::from_secs(5));
    assert!(scene.passes("/", &[]));
}

/// All others have counted it by then.
#[test]
fn a_request_that_one_limit_could_not_count_is_given_back_to_the_others() {
    let each = with(
        limit("each", 9, 60_000),
        json!({ "key": by_header("x-user") }),
    );
    let scene = Rc::new(Scene::new(&json!([limit("all", 1, 60_000), each])));
    let shared = scene.host.shared().clone();
    // The first swap counts in `all`, those of `each` are lost, and the one that gives back wins.
    scene.host.shared().before_next_swap(move || {
        let failing = shared.clone();
        shared.before_next_swap(move || failing.fail_next_swaps(16));
    });
    let refused = scene.get("/", &[("x-user", "ann")]);
    assert_eq!(refused.refusal().details, "steward_rate_limited{each}");
    assert_eq!(scene.decisions("each", "contended"), 1);
    assert!(scene.passes("/", &[("x-user", "ann")]));
}

#[test]
fn strangers_to_a_full_table_share_a_limit_which_is_counted() {
    let policy = with(
        limit("each", 1, 60_000),
        json!({ "key": by_header("x-user") }),
    );
    let document = json!({
        "services": [service(&json!([policy]))],
        "settings": { "state": { "entriesPerPolicy": 1 } },
    });
    let scene = Scene::with(&document);
    // 64 slots of 32 clients is the smallest table.
    let passed = (0..4_000)
        .filter(|user| scene.passes("/", &[("x-user", &user.to_string())]))
        .count();
    assert!(
        (2_048 - 64..=2_048 + 64).contains(&passed),
        "{passed} of 4,000"
    );
    assert!(scene.host.metric("steward_state_overflow_total").unwrap() > 1_500);
    assert_eq!(
        scene
            .host
            .shared()
            .keys()
            .iter()
            .filter(|key| key.starts_with(b"steward:t:"))
            .count(),
        64
    );
}

#[test]
fn strangers_with_rates_of_their_own_do_not_disturb_what_other_strangers_share() {
    let vips: Vec<_> = (0..300).map(|vip| format!("vip-{vip}")).collect();
    let over = json!([{ "match": vips, "slidingWindows": windows(&[(1_000_000, 1_000)]) }]);
    let policy = with(
        limit("each", 1, 60_000),
        json!({ "realizeType": "TokenBucket", "key": by_header("x-user"), "overrides": over }),
    );
    let scene = Scene::with(&json!({
        "services": [service(&json!([policy]))],
        "settings": { "state": { "entriesPerPolicy": 1 } },
    }));
    let passes = |user: &str| scene.passes("/", &[("x-user", user)]);
    (0..5_000).for_each(|user| _ = passes(&user.to_string()));
    assert!(vips.iter().all(|vip| passes(vip)));
    scene.host.advance(Duration::from_secs(1));
    let passed = (5_000..6_000).filter(|user| passes(&user.to_string()));
    assert_eq!(passed.count(), 0, "their common limit is used up");
}
