//! Tag routes.

use super::{GROUP, assert_found, assert_sound, at_group};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rules(rules: &Value) -> Report {
    at_group(&json!({"routePolicies": [{"name": "r", "tagRules": rules}]}))
}

fn destinations(destinations: &Value) -> Report {
    rules(&json!([{"destinations": destinations}]))
}

fn at(rest: &str) -> String {
    format!("{GROUP}/routePolicies/0/tagRules{rest}")
}

#[test]
fn a_destination_can_only_have_labels_that_equal_one_value() {
    let message = "can only EQUAL one value";
    for label in [
        json!({"key": "unit", "opType": "IN", "values": ["a"]}),
        json!({"key": "unit", "opType": "NOT_EQUAL", "values": ["a"]}),
        json!({"key": "unit", "values": ["a", "b"]}),
        json!({"key": "unit"}),
    ] {
        let said = destinations(&json!([{"conditions": [label]}]));
        assert_found(
            &said,
            &format!(
                "error at {}: {message}",
                at("/0/destinations/0/conditions/0")
            ),
        );
    }
    let labels = json!([{"key": "unit", "values": ["a"]}, {"key": "cell", "values": ["c"]}]);
    let either = destinations(&json!([{"relationType": "OR", "conditions": labels}]));
    assert_found(
        &either,
        &format!(
            "error at {}: relationType AND",
            at("/0/destinations/0/relationType")
        ),
    );
    assert_sound(&destinations(
        &json!([{"relationType": "AND", "conditions": labels}]),
    ));
    assert_sound(&destinations(
        &json!([{"relationType": "OR", "conditions": [{"key": "u", "value": ["a"]}]}]),
    ));
}

#[test]
fn one_label_has_one_value() {
    let labels = json!([{"key": "unit", "values": ["a"]}, {"key": "unit", "values": ["b"]}]);
    let said = destinations(&json!([{"conditions": labels}]));
    assert_found(
        &said,
        &format!(
            "error at {}: `unit` cannot have two",
            at("/0/destinations/0/conditions/1")
        ),
    );
}

#[test]
fn what_is_never_reached_is_said() {
    let to = json!([{"conditions": [{"key": "unit", "values": ["a"]}]}]);
    let when = json!([{"type": "header", "key": "a", "values": ["b"]}]);
    let said = rules(&json!([
        {"order": 2, "conditions": when, "destinations": to},
        {"order": 1, "destinations": to}
    ]));
    let wanted = format!(
        "warning at {}: never reached: the rule at {}",
        at("/0"),
        at("/1")
    );
    assert_found(&said, &wanted);
    let weights = destinations(&json!([
        {"weight": 0, "conditions": [{"key": "unit", "values": ["a"]}]},
        {"weight": 100, "conditions": [{"key": "unit", "values": ["b"]}]}
    ]));
    assert_found(
        &weights,
        &format!("warning at {}: weight 0", at("/0/destinations/0")),
    );
    let negative = destinations(&json!([{"weight": -1}]));
    assert_found(
        &negative,
        &format!(
            "error at {}: -1 is less than 0",
            at("/0/destinations/0/weight")
        ),
    );
}
