//! What is not carried out yet is said, and refused where something would stay unprotected.

use super::{GROUP, assert_found, assert_sound, at_group, report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn limit(more: &Value) -> Value {
    let mut limit =
        json!({"name": "r", "slidingWindows": [{"threshold": 10, "timeWindowInMs": 1000}]});
    limit
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"rateLimitPolicies": [limit]})
}

#[test]
fn what_joylives_samples_have_is_a_warning() {
    for (policy, rest) in [
        (json!({"livePolicy": {"unitPolicy": "UNIT"}}), "/livePolicy"),
        (
            json!({"clusterPolicy": {"type": "failfast"}}),
            "/clusterPolicy",
        ),
        (
            json!({"loadBalancePolicy": {"policyType": "RANDOM"}}),
            "/loadBalancePolicy",
        ),
        (
            json!({"faultInjectionPolicies": [{"name": "f", "type": "delay"}]}),
            "/faultInjectionPolicies/0",
        ),
        (
            json!({"loadLimitPolicies": [{"name": "l", "cpuUsage": 80}]}),
            "/loadLimitPolicies/0",
        ),
        (
            limit(&json!({"realizeType": "Redis"})),
            "/rateLimitPolicies/0/realizeType",
        ),
        (
            json!({"circuitBreakPolicies": [{"name": "b", "level": "API"}]}),
            "/circuitBreakPolicies/0/level",
        ),
        (
            json!({"circuitBreakPolicies": [{"name": "b"}]}),
            "/circuitBreakPolicies/0/level",
        ),
    ] {
        let said = at_group(&policy);
        assert!(!said.is_refusal(), "{:?}", said.findings());
        assert_found(&said, &format!("warning at {GROUP}{rest}: "));
    }
}

#[test]
fn a_breaker_without_a_level_says_what_to_write() {
    let said = at_group(&json!({"circuitBreakPolicies": [{"name": "b"}]}));
    let wanted = "nothing will trip; write `\"level\": \"SERVICE\"`";
    assert_found(
        &said,
        &format!("warning at {GROUP}/circuitBreakPolicies/0/level: {wanted}"),
    );
}

#[test]
fn settings_without_effect_are_a_warning() {
    let document = json!({"services": [], "settings": {"faultInjection": 1}});
    assert_found(
        &report(&document),
        "warning at /settings/faultInjection: no effect yet",
    );
}

#[test]
fn what_would_protect_less_is_refused() {
    for (policy, rest) in [
        (
            limit(&json!({"realizeType": "Limiter4j"})),
            "/rateLimitPolicies/0/realizeType",
        ),
        (
            json!({"lanePolicies": [{"laneSpaceId": "l", "mode": "shadow"}]}),
            "/lanePolicies/0/mode",
        ),
        (
            json!({"circuitBreakPolicies": [{"name": "b", "level": "SERVICE", "errorMessages": ["x"]}]}),
            "/circuitBreakPolicies/0/errorMessages",
        ),
    ] {
        assert_found(&at_group(&policy), &format!("error at {GROUP}{rest}: "));
    }
}

#[test]
fn what_says_nothing_is_not_missed() {
    assert_sound(&at_group(&json!({
        "livePolicy": {}, "lanePolicies": [], "clusterPolicy": {}, "loadBalancePolicy": {},
        "rateLimitPolicies": [], "concurrencyLimitPolicies": [], "routePolicies": [],
        "circuitBreakPolicies": []
    })));
    assert_sound(&at_group(
        &json!({"permissionPolicies": [{"name": "p", "enabled": false}]}),
    ));
    assert_sound(&at_group(
        &json!({"concurrencyLimitPolicies": [{"name": "c", "maxConcurrency": 1, "maxWaitMs": 9}]}),
    ));
    assert_sound(&at_group(&limit(
        &json!({"cost": 1, "maxWaitMs": 0, "overrides": []}),
    )));
}
