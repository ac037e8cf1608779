//! Whose breaker it is, and how several get on.

use super::*;

/// Two paths: `/own` says something of its own, `/shared` does not.
fn tree(service_level: &Value, own: &Value) -> Vec<u8> {
    let paths = json!([
        {"path": "/own", "servicePolicy": {"circuitBreakPolicies": [own]}},
        {"path": "/shared"}
    ]);
    let policies = json!({"circuitBreakPolicies": [service_level]});
    let group =
        json!({"name": "default", "defaultGroup": true, "servicePolicy": policies, "paths": paths});
    json!([{"name": "example.test", "groups": [group]}])
        .to_string()
        .into_bytes()
}

fn get(bench: &mut Bench, path: &str, status: u32) -> u32 {
    bench
        .worker
        .exchange(Request::get(path), &Upstream::status(status))
        .status
}

#[test]
fn nodes_that_inherit_a_breaker_share_it_and_a_node_of_its_own_has_its_own() {
    let own = policy(&json!({}));
    let mut bench = Bench::new(&tree(&policy(&json!({})), &own));
    assert_eq!(get(&mut bench, "/shared", 500), 500);
    assert_eq!(get(&mut bench, "/elsewhere", 200), 503);
    assert_eq!(get(&mut bench, "/own", 200), 200, "same name, other node");
}

#[test]
fn state_may_be_kept_per_node() {
    let mut bench = Bench::new(&tree(
        &policy(&json!({"stateAt": "node"})),
        &policy(&json!({})),
    ));
    assert_eq!(get(&mut bench, "/shared", 500), 500);
    assert_eq!(get(&mut bench, "/shared", 200), 503);
    assert_eq!(get(&mut bench, "/elsewhere", 200), 200);
}

#[test]
fn a_service_without_breakers_and_a_stranger_pass() {
    let mut bench = Bench::tripped(&json!({}));
    let stranger = Request::get("/").header(":authority", "other.test");
    assert_eq!(bench.worker.request(stranger).status, 200);
}

#[test]
fn all_breakers_must_let_through_and_a_refusal_takes_no_permit() {
    // The first trips on 500 and is half-open after 10 s; the second trips on 502 and stays open for 100 s.
    let first = policy(
        &json!({"errorCodes": [500], "waitDurationInOpenState": 10, "allowedCallsInHalfOpenState": 1}),
    );
    let second =
        policy(&json!({"name": "cb2", "errorCodes": [502], "waitDurationInOpenState": 100}));
    let mut bench = Bench::new(&document(&[first, second]));
    let (bad, worse) = (bench.begin(), bench.begin());
    bench.worker.respond(bad, &Upstream::status(500));
    bench.worker.respond(worse, &Upstream::status(502));
    bench.pass(10);
    for _ in 0..3 {
        let refused = bench.refused();
        assert_eq!(
            refused.details.as_deref(),
            Some("steward_breaker_open{cb2}")
        );
        assert_eq!(refused.header("retry-after"), Some("90"));
    }
    bench.pass(90);
    assert_eq!(
        bench.answer(200).status,
        200,
        "the first still has its one permit"
    );
}

#[test]
fn a_degraded_reply_of_one_breaker_is_no_good_call_to_another() {
    let first =
        policy(&json!({"errorCodes": [500], "failureRateThreshold": 60, "minCallsThreshold": 2}));
    let second = policy(&json!({
        "name": "cb2", "errorCodes": [502], "degradeConfig": {"responseCode": 200, "responseBody": "later"}
    }));
    let mut bench = Bench::new(&document(&[first, second]));
    bench.answer(500);
    bench.answer(502);
    for _ in 0..5 {
        assert_eq!(bench.refused().text(), "later");
    }
    bench.pass(50);
    bench.answer(500);
    assert!(
        bench.is_open(),
        "two of three calls failed; the degraded ones were none"
    );
}

#[test]
fn levels_other_than_service_break_nothing_yet() {
    for level in ["API", "INSTANCE"] {
        let mut bench = Bench::new(&document(&[policy(&json!({"level": level}))]));
        bench.answer(500);
        assert_eq!(bench.answer(200).status, 200);
    }
}

/// An earlier stage that refuses what says so.
struct Deny;

impl engine::Stage for Deny {
    type State = ();
    const POSITION: engine::Position = engine::Position::Authentication;

    fn compile(_: &mut engine::CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut engine::RequestContext<'_>, (): &mut ()) -> engine::Verdict {
        match cx.header("x-deny") {
            Some(_) => engine::Refusal::new(engine::Cause::Forbidden, "denied", "denied").into(),
            None => engine::Verdict::Continue,
        }
    }
}

#[test]
fn what_another_stage_refuses_is_not_counted_and_takes_no_permit() {
    let envoy = Envoy::new();
    let listed = document(&[policy(&json!({"errorCodes": [403, 500]}))]);
    let mut worker = envoy
        .worker::<engine::Engine<(Deny, crate::Break)>>(&listed)
        .unwrap();
    let denied = || Request::get("/").header("x-deny", "1");
    assert_eq!(worker.request(denied()).status, 403);
    assert_eq!(
        worker
            .exchange(Request::get("/"), &Upstream::status(500))
            .status,
        500
    );
    envoy.advance(Duration::from_secs(50));
    for _ in 0..5 {
        assert_eq!(worker.request(denied()).status, 403);
    }
    assert_eq!(worker.request(Request::get("/")).status, 200);
    assert_eq!(envoy.metric(STATE), Some(0));
}
