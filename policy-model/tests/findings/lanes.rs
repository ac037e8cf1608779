//! Lanes, lane spaces and what services do with them.

use super::{assert_found, assert_sound, report};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn space(more: &Value) -> Value {
    let mut space = json!({
        "id": "1", "defaultSpace": true,
        "lanes": [{"code": "base", "defaultLane": true}, {"code": "gray"}, {"code": "beta"}]
    });
    space
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    space
}

fn spaces(more: &Value) -> Report {
    report(&json!({"laneSpaces": [space(more)]}))
}

fn policy(policy: &Value) -> Report {
    report(&json!({
        "laneSpaces": [space(&json!({}))],
        "services": [{"name": "s", "groups": [
            {"name": "default", "defaultGroup": true, "servicePolicy": {"lanePolicies": [policy]}}
        ]}]
    }))
}

const POLICY: &str = "/services/0/groups/0/servicePolicy/lanePolicies/0";

#[test]
fn the_requirements_redirect_is_sound() {
    assert_sound(&policy(
        &json!({"laneSpaceId": "1", "lanes": {"gray": "beta"}}),
    ));
    assert_sound(&policy(&json!({
        "laneSpaceId": 1, "fallbackType": "custom", "fallbackLanes": {"gray": "beta"}
    })));
}

#[test]
fn lanes_and_spaces_must_exist() {
    let said = policy(&json!({"laneSpaceId": "2"}));
    assert_found(
        &said,
        &format!("warning at {POLICY}/laneSpaceId: no lane space is called `2`"),
    );
    let said = policy(&json!({"laneSpaceId": "1", "lanes": {"grey": "beta"}}));
    assert_found(
        &said,
        &format!(
            "warning at {POLICY}/lanes: no lane of this space is called `grey` (did you mean `gray`?)"
        ),
    );
    let said = report(
        &json!({"laneSpaces": [space(&json!({}))], "location": {"laneSpaceId": "1", "lane": "x"}}),
    );
    assert_found(
        &said,
        "warning at /location/lane: no lane of this space is called `x`",
    );
}

#[test]
fn fallbacks_say_where_to() {
    let said = policy(&json!({"laneSpaceId": "1", "fallbackType": "CUSTOM"}));
    assert_found(
        &said,
        &format!("warning at {POLICY}/fallbackType: CUSTOM without `fallbackLanes`"),
    );
    let said = policy(
        &json!({"laneSpaceId": "1", "fallbackType": "REJECT", "fallbackLanes": {"gray": "beta"}}),
    );
    assert_found(
        &said,
        &format!("warning at {POLICY}/fallbackLanes: no effect"),
    );
    let lanes =
        |lane: Value| spaces(&json!({"lanes": [{"code": "base", "defaultLane": true}, lane]}));
    let said = lanes(json!({"code": "a", "fallbackType": "CUSTOM", "fallbackLane": "bas"}));
    assert_found(
        &said,
        "error at /laneSpaces/0/lanes/1/fallbackLane: no lane of this space is called `bas`",
    );
    let said = lanes(json!({"code": "a", "fallbackLane": "base"}));
    assert_found(
        &said,
        "warning at /laneSpaces/0/lanes/1/fallbackLane: no effect",
    );
}

#[test]
fn redirects_go_one_step() {
    let said = policy(&json!({"laneSpaceId": "1", "lanes": {"gray": "beta", "beta": "base"}}));
    assert_found(
        &said,
        &format!("info at {POLICY}/lanes: `gray` goes to `beta` and not on"),
    );
}

#[test]
fn names_and_defaults_are_unique() {
    let twice = spaces(
        &json!({"lanes": [{"code": "a", "defaultLane": true}, {"code": "a", "defaultLane": true}]}),
    );
    assert_found(
        &twice,
        "error at /laneSpaces/0/lanes/1: lane `a` is already at /laneSpaces/0/lanes/0",
    );
    assert_found(
        &twice,
        "error at /laneSpaces/0/lanes/1/defaultLane: already /laneSpaces/0/lanes/0",
    );
    let none = spaces(&json!({"lanes": [{"code": "a"}]}));
    assert_found(&none, "warning at /laneSpaces/0: no default lane");
    let two = report(&json!([space(&json!({})), space(&json!({}))]));
    assert_found(&two, "error at /1: lane space `1` is already at /0");
    assert_found(&two, "error at /1/defaultSpace: already /0");
}

#[test]
fn rules_name_lanes_and_domains_name_rules() {
    let rules = |rule: Value| spaces(&json!({"rules": [rule]}));
    let said = rules(json!({"id": 1, "laneCode": "grey"}));
    assert_found(
        &said,
        "error at /laneSpaces/0/rules/0/laneCode: did you mean `gray`?",
    );
    let said = rules(json!({"id": 1, "laneCode": "gray", "ratio": 50}));
    assert_found(
        &said,
        "error at /laneSpaces/0/rules/0/ratio: a share is from 0 to 1: 0.5 is 50 per cent",
    );
    let said = rules(
        json!({"id": 1, "laneCode": "gray", "conditions": [{"type": "header", "values": ["a"]}]}),
    );
    assert_found(&said, "error at /laneSpaces/0/rules/0/conditions/0: key");
    let domains = |domains: Value| {
        spaces(&json!({
            "rules": [{"id": "1", "laneCode": "gray"}], "domains": domains
        }))
    };
    let said =
        domains(json!([{"host": "h", "rules": ["2"], "paths": [{"path": "/a", "rules": [3]}]}]));
    assert_found(
        &said,
        "error at /laneSpaces/0/domains/0/rules/0: no lane rule is called `2`",
    );
    assert_found(
        &said,
        "error at /laneSpaces/0/domains/0/paths/0/rules/0: no lane rule is called `3`",
    );
    let said = domains(json!([{"host": "h"}, {"host": "H"}]));
    assert_found(
        &said,
        "error at /laneSpaces/0/domains/1: host `h` is already",
    );
    assert_sound(&domains(
        json!([{"host": "h", "rules": [1], "paths": [{"path": "/a", "rules": ["1"]}]}]),
    ));
}
