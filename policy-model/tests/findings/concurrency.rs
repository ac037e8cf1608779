//! Concurrency limits: what is refused, and said once.

use super::{GROUP, assert_found, assert_sound, at_group};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn limit(member: &str, value: &Value) -> Report {
    let mut limit = json!({"name": "r", "maxConcurrency": 2});
    let members = limit.as_object_mut().unwrap();
    members.insert(member.to_owned(), value.clone());
    at_group(&json!({"concurrencyLimitPolicies": [limit]}))
}

#[test]
fn what_only_a_rate_limit_has_is_refused() {
    for (member, value) in [
        (
            "slidingWindows",
            json!([{"threshold": 5, "timeWindowInMs": 1000}]),
        ),
        (
            "overrides",
            json!([{"match": ["ann"], "maxConcurrency": 1}]),
        ),
        ("phase", json!("early")),
        ("cost", json!(2)),
    ] {
        let at = format!("{GROUP}/concurrencyLimitPolicies/0/{member}");
        let wanted = format!(
            "error at {at}: `{member}` does nothing here (it belongs in `rateLimitPolicies`: a concurrency limit has none)"
        );
        assert_found(&limit(member, &value), &wanted);
    }
}

#[test]
fn a_number_that_cannot_be_is_one_finding() {
    for wrong in [
        json!(0),
        json!(-1),
        json!("x"),
        json!(4_294_967_296_u64),
        json!([]),
    ] {
        let said = limit("maxConcurrency", &wrong);
        let wanted = format!("error at {GROUP}/concurrencyLimitPolicies/0/maxConcurrency: ");
        assert_found(&said, &wanted);
        assert_eq!(said.findings().len(), 1, "{wrong}: {:?}", said.findings());
    }
    for absent in [json!(null), json!("")] {
        let wanted =
            format!("error at {GROUP}/concurrencyLimitPolicies/0: `maxConcurrency` is missing");
        assert_found(&limit("maxConcurrency", &absent), &wanted);
    }
    assert_sound(&limit("maxConcurrency", &json!("7")));
    let off = json!([{"name": "r", "enabled": false}]);
    assert_sound(&at_group(&json!({"concurrencyLimitPolicies": off})));
}
