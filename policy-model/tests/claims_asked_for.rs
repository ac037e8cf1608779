//! Whoever keeps verified tokens keeps the claims that a document asks for. A place that is forgotten would make a condition
//! see nothing, so every place that takes a `type` is filled here and compared with the text itself.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use policy_model::{Document, validate::claims_asked_for};
use serde_json::{Value, json};
use std::collections::BTreeSet;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A condition over a claim of its own.
fn condition(claim: &str) -> Value {
    json!([{"type": "claim", "key": claim, "opType": "EQUAL", "values": ["x"]}])
}

fn key(claim: &str) -> Value {
    json!([{"type": "header", "key": "x-a"}, {"type": "claim", "key": claim}])
}

fn policy(of: &str) -> Value {
    let claim = |place: &str| format!("{of}.{place}");
    json!({
        "rateLimitPolicies": [{
            "name": "r", "slidingWindows": [{"threshold": 1}], "conditions": condition(&claim("rate")),
            "key": key(&claim("rate-key")), "cost": {"type": "claim", "key": claim("cost"), "max": 9},
        }],
        "concurrencyLimitPolicies": [{
            "name": "c", "maxConcurrency": 1, "conditions": condition(&claim("slots")), "key": key(&claim("slots-key")),
        }],
        "loadLimitPolicies": [{"name": "l", "conditions": condition(&claim("load"))}],
        "permissionPolicies": [{"name": "p", "permissionType": "ALLOW", "conditions": condition(&claim("permission"))}],
        "authorization": {
            "rolesClaim": claim("roles"), "methods": {"GET": "READ"}, "roles": {"reader": ["READ"]},
            "ownership": [{"pathVariable": "id", "claim": claim("owner")}],
        },
        "faultInjectionPolicies": [{"name": "f", "type": "DELAY", "conditions": condition(&claim("fault"))}],
        "routePolicies": [{"name": "t", "tagRules": [{"order": 0, "conditions": condition(&claim("tag")), "destinations": []}]}],
    })
}

/// Every object of the text that says `"type": "claim"`, and what authorization looks at.
fn written(text: &Value, found: &mut BTreeSet<String>) {
    if text["type"] == "claim" {
        found.insert(text["key"].as_str().unwrap().to_owned());
    }
    let others = [&text["rolesClaim"], &text["claim"]];
    found.extend(
        others
            .into_iter()
            .filter_map(Value::as_str)
            .map(str::to_owned),
    );
    match text {
        Value::Array(list) => list.iter().for_each(|value| written(value, found)),
        Value::Object(members) => members.values().for_each(|value| written(value, found)),
        _ => {}
    }
}

#[test]
fn every_place_is_known() {
    let text = json!({
        "authentication": {"providers": {"corp": {"localJwks": {"keys": [{"kty": "oct", "k": "A".repeat(43)}]}}}},
        "laneSpaces": [{"id": "s", "lanes": [{"code": "gray"}], "rules": [
            {"id": "1", "laneCode": "gray", "conditions": condition("lane")},
        ]}],
        "services": [{"name": "orders", "groups": [{
            "name": "default", "servicePolicy": policy("group"),
            "paths": [{
                "path": "/a", "servicePolicy": policy("path"),
                "methods": [{"name": "GET", "servicePolicy": policy("method")}],
            }],
        }]}],
    });
    let document = Document::read(text.to_string().as_bytes()).0.unwrap();
    let known: BTreeSet<String> = claims_asked_for(&document)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut expected = BTreeSet::new();
    written(&text, &mut expected);
    assert_eq!(expected.len(), 1 + 3 * 11);
    assert_eq!(known, expected);
}

#[test]
fn roles_are_looked_for_where_access_tokens_have_them() {
    let asked = |authorization: &Value| {
        let text = json!({"services": [{"name": "orders", "groups": [{
            "name": "default", "servicePolicy": {"authorization": authorization},
        }]}]});
        let document = Document::read(text.to_string().as_bytes()).0.unwrap();
        let claims = claims_asked_for(&document).into_iter();
        claims.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(asked(&json!({"methods": {"GET": "READ"}})), ["roles"]);
    assert_eq!(asked(&json!({"rolesClaim": "scope"})), ["scope"]);
}
