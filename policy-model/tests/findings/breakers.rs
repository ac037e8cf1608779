//! Circuit breakers and degraded replies.

use super::{GROUP, assert_found, assert_sound, report};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn breaker_of(service_type: &str, more: &Value) -> Report {
    let mut breaker = json!({"name": "b", "level": "SERVICE", "errorCodes": ["500"]});
    breaker
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    report(
        &json!({"services": [{"name": "s", "serviceType": service_type, "groups": [{
            "name": "default", "defaultGroup": true, "servicePolicy": {"circuitBreakPolicies": [breaker]}
        }]}]}),
    )
}

fn breaker(more: &Value) -> Report {
    breaker_of("HTTP", more)
}

fn at(rest: &str) -> String {
    format!("{GROUP}/circuitBreakPolicies/0{rest}")
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (member, value, message) in [
        (
            "failureRateThreshold",
            json!(150),
            "150 is not between 0 and 100 per cent",
        ),
        (
            "slowCallRateThreshold",
            json!(-1),
            "-1 is not between 0 and 100 per cent",
        ),
        ("slidingWindowSize", json!(-1), "-1 is less than 1"),
        ("minCallsThreshold", json!(-1), "-1 is less than 1"),
        (
            "waitDurationInOpenState",
            json!(1e12),
            "longer than a hundred years",
        ),
        (
            "slidingWindowType",
            json!("calls"),
            "`calls` is none of count, time",
        ),
        (
            "level",
            json!("HOST"),
            "`HOST` is none of SERVICE, API, INSTANCE",
        ),
    ] {
        let wanted = format!("error at {}: {message}", at(&format!("/{member}")));
        assert_found(&breaker(&json!({member: value})), &wanted);
    }
}

#[test]
fn zero_is_not_stated() {
    let said = breaker(&json!({"failureRateThreshold": 0}));
    assert_found(
        &said,
        &format!(
            "warning at {}: 0 is taken as not stated: 50",
            at("/failureRateThreshold")
        ),
    );
    let said = breaker(&json!({"minCallsThreshold": "0"}));
    assert_found(
        &said,
        &format!(
            "warning at {}: 0 is taken as not stated: 10",
            at("/minCallsThreshold")
        ),
    );
}

#[test]
fn a_window_that_never_fills_is_said() {
    let size = |kind: &str| json!({"slidingWindowType": kind, "slidingWindowSize": 5, "minCallsThreshold": 9});
    let wanted = format!(
        "warning at {}: a window of 5 calls never holds 9",
        at("/minCallsThreshold")
    );
    assert_found(&breaker(&size("count")), &wanted);
    assert_sound(&breaker(&size("time")));
}

#[test]
fn codes_are_statuses() {
    for code in ["5xx", "42", "600", ""] {
        let said = breaker(&json!({"errorCodes": [code]}));
        assert_found(
            &said,
            &format!("warning at {}: never an HTTP status", at("/errorCodes/0")),
        );
    }
    assert_sound(&breaker_of(
        "RPC_APP",
        &json!({"errorCodes": [13, "14", 503]}),
    ));
    let none = breaker(&json!({"errorCodes": []}));
    assert_found(&none, &format!("info at {}: 5xx are failures", at("")));
}

#[test]
fn degraded_replies_can_be_given() {
    let degrade = |more: Value| {
        let mut degrade = json!({"responseCode": 200});
        degrade
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"degradeConfig": degrade})
    };
    for code in [42, 100, 600] {
        let said = breaker(&degrade(json!({"responseCode": code})));
        let wanted = format!(
            "error at {}: {code} is not a status",
            at("/degradeConfig/responseCode")
        );
        assert_found(&said, &wanted);
    }
    let none = breaker(&json!({"degradeConfig": {}}));
    assert_found(
        &none,
        &format!(
            "warning at {}: 200 is taken",
            at("/degradeConfig/responseCode")
        ),
    );
    assert_sound(&breaker_of("RPC_APP", &degrade(json!({"responseCode": 0}))));
    let split = breaker(&degrade(json!({"attributes": {"x-a": "b\r\nx-c: d"}})));
    assert_found(
        &split,
        &format!(
            "error at {}: CR, LF or NUL",
            at("/degradeConfig/attributes/x-a")
        ),
    );
    assert_sound(&breaker(&degrade(
        json!({"enabled": false, "responseCode": 0}),
    )));
    let name = breaker(&degrade(json!({"attributes": {"a b/c": "x"}})));
    assert_found(
        &name,
        &format!(
            "error at {}: no header's name",
            at("/degradeConfig/attributes/a b~1c")
        ),
    );
    let own = breaker(&degrade(json!({"attributes": {"Content-Length": "1"}})));
    assert_found(
        &own,
        &format!(
            "warning at {}: set by the proxy",
            at("/degradeConfig/attributes/Content-Length")
        ),
    );
}
