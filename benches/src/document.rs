//! What is measured: one policy for each module, and all of them for `governance.wasm`.
//!
//! The same document is under load in `cargo xtask bench` and has its host calls and allocations counted in `tests/`.
//! Limits are far above what the load can reach but for one user, so that a refusal is always meant.

use serde_json::{Value, json};
use testkit::tokens;

/// The service that it governs.
pub const HOST: &str = "service-provider";

/// The user whose limit is one request a day.
pub const LIMITED_USER: &str = "limited";

/// Where the limit of a user is found: the claim where one module does both, a header where another module checked it.
#[derive(Clone, Copy, Debug)]
pub enum User {
    /// The token's subject.
    Claim,
    /// The value of this header.
    Header(&'static str),
}

/// Far more than a request a microsecond.
pub const UNREACHABLE: u32 = 1_000_000;

/// A day: longer than any run.
pub const DAY_MS: u64 = 86_400_000;

/// Of each service in a large document.
pub const PATHS: u32 = 10;

/// Everything on: token, two windows per user, lane, breaker.
#[must_use]
pub fn everything() -> Value {
    let policies = merge(&[limit(User::Claim), lane_policy(), breaker()]);
    let mut document = service(&policies);
    set(&mut document, authentication());
    set(&mut document, lanes());
    document
}

/// The token alone.
#[must_use]
pub fn token() -> Value {
    let mut document = service(&json!({}));
    set(&mut document, authentication());
    document
}

/// The token alone, verified anew for each request: as if no token had been seen before.
#[must_use]
pub fn token_anew() -> Value {
    let mut document = token();
    let authentication = document.pointer_mut("/authentication");
    if let Some(authentication) = authentication {
        set(authentication, json!({ "cachedTokens": 0 }));
    }
    document
}

/// The same for tokens by ES256.
#[must_use]
pub fn es256_anew() -> Value {
    let mut document = token_anew();
    if let Some(provider) = document.pointer_mut("/authentication/providers/corp") {
        set(provider, json!({ "algorithms": ["ES256"] }));
    }
    document
}

/// Two windows per user alone.
#[must_use]
pub fn windows(user: User) -> Value {
    service(&limit(user))
}

/// Two windows and a concurrency limit per user.
#[must_use]
pub fn windows_at_once(user: User) -> Value {
    let at_once = json!({ "concurrencyLimitPolicies": [{
        "name": "at-once",
        "key": [user.key()],
        "maxConcurrency": UNREACHABLE,
    }] });
    service(&merge(&[limit(user), at_once]))
}

/// One token bucket per user alone, as Envoy's own filter has.
#[must_use]
pub fn bucket(user: User) -> Value {
    let window =
        |threshold: u32, ms: u64| json!([{ "threshold": threshold, "timeWindowInMs": ms }]);
    let mut policy = per_user(user);
    set(
        &mut policy,
        json!({
            "realizeType": "TokenBucket",
            "slidingWindows": window(UNREACHABLE, 1_000),
            "overrides": [{ "match": [LIMITED_USER], "slidingWindows": window(1, DAY_MS) }],
        }),
    );
    service(&json!({ "rateLimitPolicies": [policy] }))
}

/// The lane alone.
#[must_use]
pub fn lane() -> Value {
    let mut document = service(&lane_policy());
    set(&mut document, lanes());
    document
}

/// The breaker alone.
#[must_use]
pub fn circuit() -> Value {
    service(&breaker())
}

/// As many services as given, of ten paths each, a limit on every path: as many rules. One service differs from those of
/// another `version`, as if somebody had changed its first limit.
#[must_use]
pub fn large(services: u32, version: u32) -> Value {
    let limit = |threshold: u32| json!({ "rateLimitPolicies": [{ "name": "all", "slidingWindows": [{ "threshold": threshold }] }] });
    let path = |service: u32, number: u32| {
        let is_changed = service == services / 2 && number == 0;
        let threshold = if is_changed { 10 + version } else { 9 };
        json!({ "path": format!("/api/v{number}/orders"), "servicePolicy": limit(threshold) })
    };
    let service = |service: u32| {
        let paths: Vec<Value> = (0..PATHS).map(|number| path(service, number)).collect();
        json!({ "name": format!("service-{service}"), "groups": [{ "name": "default", "defaultGroup": true, "paths": paths }] })
    };
    let services: Vec<Value> = (0..services).map(service).collect();
    json!({ "services": services })
}

fn service(policy: &Value) -> Value {
    json!({ "services": [{
        "name": HOST,
        "groups": [{
            "name": "default",
            "defaultGroup": true,
            "servicePolicy": policy,
            "paths": [{ "path": "/orders", "methods": [{ "name": "GET" }] }],
        }],
    }] })
}

fn authentication() -> Value {
    json!({ "authentication": {
        "providers": { "corp": {
            "issuer": tokens::ISSUER,
            "audiences": [tokens::AUDIENCE],
            "algorithms": ["RS256"],
            "localJwks": tokens::public_jwks().unwrap_or_default(),
            "claimToHeaders": [{ "claim": "sub", "header": "x-user-id" }],
        } },
        "requirement": { "anyOf": ["corp"] },
    } })
}

// === impl User ===

impl User {
    fn key(self) -> Value {
        match self {
            Self::Claim => json!({ "type": "claim", "key": "sub" }),
            Self::Header(name) => json!({ "type": "header", "key": name }),
        }
    }
}

fn limit(user: User) -> Value {
    let mut policy = per_user(user);
    set(
        &mut policy,
        json!({
            "slidingWindows": [
                { "threshold": UNREACHABLE, "timeWindowInMs": 1_000 },
                { "threshold": UNREACHABLE, "timeWindowInMs": DAY_MS },
            ],
            "overrides": [{
                "match": [LIMITED_USER],
                "slidingWindows": [{ "threshold": 1, "timeWindowInMs": DAY_MS }],
            }],
        }),
    );
    json!({ "rateLimitPolicies": [policy] })
}

fn per_user(user: User) -> Value {
    json!({ "name": "per-user", "key": [user.key()] })
}

fn lane_policy() -> Value {
    json!({ "lanePolicies": [{ "laneSpaceId": "demo" }] })
}

fn lanes() -> Value {
    json!({ "laneSpaces": [{
        "id": "demo",
        "defaultSpace": true,
        "lanes": [{ "code": "base", "defaultLane": true }, { "code": "gray" }],
        "rules": [{ "id": "gray", "laneCode": "gray", "conditions": [
            { "type": "header", "opType": "EQUAL", "key": "x-lane", "values": ["gray"] },
        ] }],
    }] })
}

fn breaker() -> Value {
    json!({ "circuitBreakPolicies": [{
        "name": "failing",
        "level": "SERVICE",
        "slidingWindowType": "count",
        "slidingWindowSize": 100,
        "minCallsThreshold": 100,
        "errorCodes": ["500", "502", "503"],
        "failureRateThreshold": 60,
        "slowCallRateThreshold": 100,
        "slowCallDurationThreshold": 20_000,
        "waitDurationInOpenState": 3,
        "allowedCallsInHalfOpenState": 1,
    }] })
}

fn merge(objects: &[Value]) -> Value {
    let mut merged = json!({});
    for object in objects {
        set(&mut merged, object.clone());
    }
    merged
}

/// Adds the members of `more` to `object`.
fn set(object: &mut Value, more: Value) {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_a_large_document_differs_in_one_service() {
        let services = |version| match large(100, version).get_mut("services") {
            Some(Value::Array(services)) => std::mem::take(services),
            _ => Vec::new(),
        };
        let (first, second) = (services(1), services(2));
        let changed = first
            .iter()
            .zip(&second)
            .filter(|(one, other)| one != other);
        assert_eq!((first.len(), changed.count()), (100, 1));
    }
}
