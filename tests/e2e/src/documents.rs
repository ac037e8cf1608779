//! Policy documents for tests.

use serde_json::{Value, json};
use testkit::tokens;

/// The service that all of them govern; requests name it by their host.
pub const SERVICE: &str = "service-provider";

/// A document of one service whose default group has this servicePolicy.
#[must_use]
pub fn service(policy: &Value) -> Value {
    json!({ "services": [{
        "name": SERVICE,
        "groups": [{ "name": "default", "defaultGroup": true, "servicePolicy": policy }],
    }] })
}

/// A document of one service with paths: each with its matchType and servicePolicy.
#[must_use]
pub fn paths(policy: &Value, paths: &[(&str, &str, Value)]) -> Value {
    let path = |(path, match_type, policy): &(&str, &str, Value)| json!({ "path": path, "matchType": match_type, "servicePolicy": policy });
    let mut document = service(policy);
    if let Some(group) = document
        .pointer_mut("/services/0/groups/0")
        .and_then(Value::as_object_mut)
    {
        group.insert("paths".to_owned(), paths.iter().map(path).collect());
    }
    document
}

/// A servicePolicy with one strict sliding window for the whole node.
#[must_use]
pub fn window(name: &str, threshold: u32, window_ms: u64) -> Value {
    json!({ "rateLimitPolicies": [{
        "name": name,
        "slidingWindows": [{ "threshold": threshold, "timeWindowInMs": window_ms }],
    }] })
}

/// Adds the provider `corp` with the test keys, and requires it everywhere unless a node says otherwise.
#[must_use]
pub fn with_authentication(mut document: Value) -> Value {
    let jwks = tokens::jwks().unwrap_or_default();
    let authentication = json!({
        "providers": { "corp": {
            "issuer": tokens::ISSUER,
            "audiences": [tokens::AUDIENCE],
            "algorithms": ["HS256", "RS256", "ES256"],
            "localJwks": jwks,
            "claimToHeaders": [{ "claim": "sub", "header": "x-user-id" }],
        } },
        "requirement": { "anyOf": ["corp"] },
    });
    if let Some(document) = document.as_object_mut() {
        document.insert("authentication".to_owned(), authentication);
    }
    document
}

/// Adds the lane space `demo`: lane `base` by default, `gray` and `canary` by the headers `x-gray` and `x-canary`.
#[must_use]
pub fn with_lanes(mut document: Value) -> Value {
    let rule = |lane: &str| {
        json!({ "id": lane, "laneCode": lane,
            "conditions": [{ "type": "header", "opType": "EQUAL", "key": format!("x-{lane}"), "values": ["true"] }] })
    };
    let spaces = json!([{
        "id": "demo",
        "defaultSpace": true,
        "lanes": [{ "code": "base", "defaultLane": true }, { "code": "gray" }, { "code": "canary" }],
        "rules": [rule("gray"), rule("canary")],
    }]);
    if let Some(document) = document.as_object_mut() {
        document.insert("laneSpaces".to_owned(), spaces);
    }
    document
}
