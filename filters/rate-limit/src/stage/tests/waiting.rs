//! Requests that wait for their turn, each on a worker of its own.

use super::scene::{Begun, Scene, by_header, limit, service, with};
use host::Flow;
use serde_json::{Value, json};
use std::time::Duration;

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Two a second, at once, and then one each half second; requests wait up to a second.
fn two_a_second(name: &str) -> Value {
    let bucket = json!({ "realizeType": "TokenBucket", "maxWaitMs": 1_000 });
    with(limit(name, 2, 1_000), bucket)
}

fn waits(scene: &Scene, outcome: &str) -> i64 {
    let name = format!("steward_rate_waits_total;service=orders;policy=slow;outcome={outcome}");
    scene.host.metric(&name).unwrap()
}

/// Uses the two permits up.
fn used(policies: &Value) -> Scene {
    let scene = Scene::new(policies);
    assert_eq!(scene.count(2, &[]), 2);
    scene
}

#[test]
fn requests_wait_in_the_order_of_arrival_and_go_on() {
    let scene = used(&json!([two_a_second("slow")]));
    let mut waiting: Vec<Begun> = (0..3).map(|_| scene.begin(&[])).collect();
    let told: Vec<_> = waiting.iter().map(Begun::wait).collect();
    assert_eq!(told, [Some(500), Some(1_000), None]);
    assert_eq!(
        waiting[2].retry_after().unwrap(),
        "1",
        "then it waits for the other half second"
    );
    for (request, turn) in waiting.iter_mut().zip([500, 1_000]) {
        assert_eq!(request.resume(millis(turn)), Flow::Continue);
    }
    assert_eq!(scene.decisions("slow", "passed"), 4);
    assert_eq!(scene.decisions("slow", "refused"), 1);
    assert_eq!(waits(&scene, "passed"), 2);
    let name = "steward_rate_wait_ms;service=orders;policy=slow";
    assert_eq!(scene.host.recorded(name), [500, 1_000]);
}

#[test]
fn who_leaves_gives_the_place_to_the_next() {
    let scene = used(&json!([two_a_second("slow")]));
    scene.begin(&[]).end();
    assert_eq!(waits(&scene, "left"), 1);
    assert_eq!(scene.begin(&[]).wait(), Some(500), "not the turn after it");
    assert_eq!(scene.decisions("slow", "passed"), 2);
}

#[test]
fn a_client_s_place_is_its_own_table_entry_s() {
    let each = with(two_a_second("slow"), json!({ "key": by_header("x-user") }));
    let scene = Scene::new(&json!([each]));
    for user in ["ann", "bob"] {
        let headers = [("x-user", user)];
        assert_eq!(scene.count(2, &headers), 2);
        scene.begin(&headers).end();
        assert_eq!(scene.begin(&headers).wait(), Some(500));
        assert_eq!(scene.begin(&headers).wait(), Some(1_000));
    }
}

#[test]
fn who_comes_back_too_late_for_the_turn_is_decided_anew() {
    let scene = used(&json!([two_a_second("slow")]));
    let mut late = scene.begin(&[]);
    // 1/32 of the bucket's second is the slack.
    assert_eq!(
        late.resume(millis(500 + 32)),
        Flow::Continue,
        "there is room again"
    );

    let scene = used(&json!([two_a_second("slow")]));
    let mut late = scene.begin(&[]);
    assert_eq!(scene.begin(&[]).wait(), Some(1_000));
    // Its turn is forfeited, and the one after it is taken.
    assert_eq!(late.resume(millis(500 + 32)), Flow::Pause);
    assert_eq!(waits(&scene, "refused"), 1);
    assert_eq!(scene.decisions("slow", "refused"), 1);
}

#[test]
fn nobody_waits_where_the_room_is_full_or_in_shadow_mode() {
    let mut document = json!({ "services": [service(&json!([two_a_second("slow")]))] });
    document["settings"] = json!({ "maxWaiting": 1 });
    let scene = Scene::with(&document);
    assert_eq!(scene.count(2, &[]), 2);
    let first = scene.begin(&[]);
    assert_eq!(first.wait(), Some(500));
    let second = scene.begin(&[]);
    assert_eq!(
        (second.flow, second.retry_after()),
        (Flow::Pause, Some("1".into()))
    );
    first.end();
    assert_eq!(scene.begin(&[]).wait(), Some(500));

    let shadow = with(two_a_second("slow"), json!({ "mode": "shadow" }));
    let scene = Scene::new(&json!([shadow]));
    assert_eq!(scene.count(9, &[]), 9);
    assert_eq!(
        scene.decisions("slow", "would_refuse"),
        5,
        "two at once, two would have waited"
    );
}

#[test]
fn the_retry_after_of_a_limit_that_lets_wait_is_exact() {
    let scene = used(&json!([with(
        limit("slow", 2, 10_000),
        json!({ "maxWaitMs": 4_000 })
    )]));
    let refused = scene.begin(&[]);
    // In 10.3125 s there is room, and four of them can be waited for.
    assert_eq!(refused.retry_after().unwrap(), "7");
    scene.host.advance(millis(6_000));
    assert_eq!(scene.begin(&[]).flow, Flow::Pause);
    scene.host.advance(millis(1_000));
    assert_eq!(scene.begin(&[]).wait(), Some(3_312));
}

/// Of several limits the fullest says when, and the others count the request when it goes on.
#[test]
fn a_request_waits_for_the_limits_that_are_full_and_then_counts_in_all() {
    let other = limit("other", 3, 60_000);
    let scene = used(&json!([two_a_second("slow"), other]));
    let mut waiting = scene.begin(&[]);
    assert_eq!(waiting.wait(), Some(500));
    assert_eq!(scene.decisions("other", "passed"), 2);
    assert_eq!(waiting.resume(millis(500)), Flow::Continue);
    assert_eq!(scene.decisions("other", "passed"), 3);
    assert_eq!(scene.decisions("slow", "passed"), 3);
}

#[test]
fn a_limit_that_filled_up_meanwhile_refuses_and_the_place_is_given_back() {
    let other = with(
        limit("other", 3, 60_000),
        json!({ "conditions": [{ "type": "header", "opType": "EQUAL", "key": "x-other", "values": ["1"] }] }),
    );
    let slow = with(two_a_second("slow"), json!({ "maxWaitMs": 600 }));
    let headers = [("x-other", "1")];
    let scene = Scene::new(&json!([slow, other]));
    assert_eq!(scene.count(2, &headers), 2);
    let mut first = scene.begin(&headers);
    assert_eq!(first.wait(), Some(500));
    // Somebody takes the last permit of the other limit, and would be the next in the line.
    scene.host.advance(millis(500));
    let mut second = scene.begin(&headers);
    assert_eq!(second.wait(), Some(500));
    second.worker.advance(millis(1));
    assert_eq!(first.resume(millis(500)), Flow::Continue);
    assert_eq!(second.resume(millis(499)), Flow::Pause);
    assert_eq!(waits(&scene, "refused"), 1);
    assert_eq!(scene.decisions("other", "refused"), 1);
    assert_eq!(scene.decisions("slow", "passed"), 3);
    let next = scene.begin(&[]);
    assert_eq!(next.wait(), Some(500), "its place is free");
}

#[test]
fn two_limits_that_are_full_give_one_turn() {
    let other = with(
        two_a_second("other"),
        json!({ "slidingWindows": [{ "threshold": 2, "timeWindowInMs": 1_600 }] }),
    );
    let scene = used(&json!([two_a_second("slow"), other]));
    let mut waiting = scene.begin(&[]);
    assert_eq!(waiting.wait(), Some(800));
    assert_eq!(waiting.resume(millis(800)), Flow::Continue);
    assert_eq!(scene.decisions("other", "passed"), 3);
    assert_eq!(scene.decisions("slow", "passed"), 3);
}

/// Nobody passes a turn: if a client that waits for its own limit took a turn as late in the service's, all would wait as long.
#[test]
fn who_waits_long_for_its_own_limit_does_not_hold_up_all_others() {
    let each = with(
        two_a_second("each"),
        json!({ "slidingWindows": [{ "threshold": 2, "timeWindowInMs": 1_600 }], "key": by_header("x-user") }),
    );
    let scene = Scene::new(&json!([two_a_second("slow"), each]));
    assert_eq!(scene.count(2, &[("x-user", "ann")]), 2);
    let mut greedy = scene.begin(&[("x-user", "ann")]);
    assert_eq!(greedy.wait(), Some(800));
    let mut other = scene.begin(&[("x-user", "bob")]);
    assert_eq!(other.wait(), Some(500));
    assert_eq!(other.resume(millis(500)), Flow::Continue);
    assert_eq!(greedy.resume(millis(800)), Flow::Pause, "bob has the token");
    scene.host.advance(millis(800));
    let next = scene.begin(&[("x-user", "ann")]);
    assert_eq!(next.wait(), Some(200), "and what ann held is given back");
}

/// A leaky bucket is a queue even without `maxWaitMs`: as long as its capacity, and as long as that says if both are stated.
#[test]
fn a_leaky_bucket_has_a_queue_of_its_capacity() {
    let turn = |n: u64| Some(n * 250);
    for (capacity, max_wait_ms, waits) in [
        (json!(3), 0, vec![None, turn(1), turn(2), turn(3), None]),
        (json!(3), 600, vec![None, turn(1), turn(2), None]),
        (json!(0), 600, vec![None, turn(1), turn(2), None]),
        (json!(0), 0, vec![None, None]),
    ] {
        let more = json!({
            "realizeType": "LeakyBucket", "parameters": { "capacity": capacity }, "maxWaitMs": max_wait_ms,
        });
        let scene = Scene::new(&json!([with(limit("slow", 4, 1_000), more)]));
        let mut begun: Vec<Begun> = waits.iter().map(|_| scene.begin(&[])).collect();
        let told: Vec<_> = begun.iter().map(Begun::wait).collect();
        assert_eq!(told, waits, "{capacity} {max_wait_ms}");
        assert!(
            begun.last().unwrap().retry_after().is_some(),
            "the last is refused"
        );
        for (request, wait) in begun.iter_mut().zip(waits) {
            if let Some(wait) = wait {
                assert_eq!(request.resume(millis(wait)), Flow::Continue);
            }
        }
    }
}
