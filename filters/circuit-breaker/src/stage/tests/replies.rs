//! What callers get while a breaker is open.

use super::*;

/// The requirement's own degraded reply.
fn degrade() -> Value {
    json!({"degradeConfig": {
        "responseCode": 200,
        "attributes": {"degrade-header-1": "degraded1", "degrade-header-2": "degraded2"},
        "responseBody": "Hello, your request has been downgraded."
    }})
}

#[test]
fn without_a_degraded_reply_callers_hear_why_and_for_how_long() {
    let mut bench = Bench::tripped(&json!({}));
    bench.envoy.advance(Duration::from_millis(500));
    let refused = bench.refused();
    assert_eq!(refused.status, 503);
    assert_eq!(
        refused.details.as_deref(),
        Some("steward_breaker_open{cb1}")
    );
    assert_eq!(
        refused.header("retry-after"),
        Some("50"),
        "49.5, rounded up"
    );
    assert_eq!(refused.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(
        (&body["code"], &body["reason"]),
        (&json!(50303), &json!("F50301"))
    );
    assert_eq!(body["error"]["policy"], "cb1");
}

#[test]
fn a_degraded_reply_is_the_documents_and_nothing_else() {
    let mut bench = Bench::tripped(&degrade());
    let request = Request::get("/")
        .header("authorization", "Bearer secret")
        .header("x-own", "1");
    let degraded = bench.worker.request(request);
    assert_eq!(degraded.status, 200);
    assert_eq!(degraded.text(), "Hello, your request has been downgraded.");
    let mut headers: Vec<_> = degraded.headers.iter().collect();
    headers.sort_unstable();
    let expected: [(&str, &[u8]); 5] = [
        (":status", b"200"),
        ("content-length", b"40"),
        ("content-type", b"application/json"),
        ("degrade-header-1", b"degraded1"),
        ("degrade-header-2", b"degraded2"),
    ];
    assert_eq!(headers, expected, "no request header comes back");
    assert_eq!(
        degraded.details.as_deref(),
        Some("steward_breaker_open{cb1}")
    );
}

#[test]
fn the_length_of_a_degraded_reply_is_in_bytes() {
    let mut bench = Bench::tripped(
        &json!({"degradeConfig": {"responseCode": 203, "responseBody": "稍后再试"}}),
    );
    let degraded = bench.refused();
    assert_eq!(degraded.header("content-length"), Some("12"));
    assert_eq!(degraded.text(), "稍后再试");
}

#[test]
fn a_degraded_reply_that_is_switched_off_is_a_plain_refusal() {
    let mut changes = degrade();
    changes["degradeConfig"]["enabled"] = json!(false);
    let mut bench = Bench::tripped(&changes);
    let refused = bench.refused();
    assert_eq!(
        (refused.status, refused.header("degrade-header-1")),
        (503, None)
    );
}

#[test]
fn forced_and_half_open_breakers_degrade_too() {
    let mut changes = degrade();
    changes["forceOpen"] = json!(true);
    let mut forced = Bench::new(&document(&[policy(&changes)]));
    assert_eq!(
        forced.refused().text(),
        "Hello, your request has been downgraded."
    );
    let mut bench = Bench::due(&degrade());
    let _calls = [bench.begin(), bench.begin(), bench.begin()];
    assert_eq!(
        bench.refused().text(),
        "Hello, your request has been downgraded."
    );
}

#[test]
fn half_open_refusals_hint_at_a_second() {
    let mut bench = Bench::due(&json!({}));
    let _calls = [bench.begin(), bench.begin(), bench.begin()];
    assert_eq!(bench.refused().header("retry-after"), Some("1"));
}

#[test]
fn grpc_callers_get_a_status_and_a_message() {
    for changes in [json!({}), degrade()] {
        let mut bench = Bench::tripped(&changes);
        let refused = bench.worker.request(Request::grpc("/pkg.Orders/Get"));
        assert_eq!(refused.header("grpc-status"), Some("14"));
        let message = "the service is failing and is given time to recover";
        assert_eq!(refused.header("grpc-message"), Some(message));
        assert!(refused.body.is_empty());
    }
}

#[test]
fn a_refusal_and_a_change_of_mode_are_logged_once_each() {
    let mut bench = Bench::tripped(&json!({}));
    bench.refused();
    let lines = bench.envoy.log_lines();
    let told = |what: &str| lines.iter().filter(|line| line.text.contains(what)).count();
    let trip = r#"{"steward":"breaker","service":"example.test","policy":"cb1","to":"open","cause":"failure_rate","calls":1,"failures":1,"slow":0}"#;
    assert_eq!(told(trip), 1, "{lines:?}");
    assert_eq!(told("steward_breaker_open{cb1}"), 1);
}

#[test]
fn a_shadow_breaker_decides_and_lets_pass() {
    let mut bench = Bench::tripped(&json!({"mode": "shadow"}));
    assert_eq!(bench.answer(500).status, 500);
    assert_eq!(bench.decisions("would_refuse"), Some(1));
    bench.pass(50);
    let _calls = [bench.begin(), bench.begin(), bench.begin()];
    let passed = bench.answer(500);
    assert_eq!(passed.status, 500);
    assert_eq!(
        bench.state(),
        Some(1),
        "what only passed in shadow is not counted"
    );
    assert_eq!(bench.decisions("would_refuse"), Some(2));
}

#[test]
fn a_document_whose_reply_could_not_be_sent_is_refused() {
    let changes = json!({"degradeConfig": {"attributes": {"x": "a\r\nb: c"}}});
    let envoy = Envoy::new();
    let refused = envoy
        .worker::<CircuitBreaker>(&document(&[policy(&changes)]))
        .err()
        .unwrap();
    let pointer = "/0/groups/0/servicePolicy/circuitBreakPolicies/0/degradeConfig/attributes/x";
    assert!(refused.to_string().contains(pointer), "{refused}");
}
