//! What both counts are taken of: all stages, and the callers of their common paths.

use serde_json::{Value, json};
use testkit::tokens::{self, Algorithm};

/// As in `governance.wasm`.
pub(crate) type Governance = engine::Engine<governance::Stages>;

/// The document that `cargo xtask bench` measures.
pub(crate) fn document() -> Vec<u8> {
    benches::document::everything().to_string().into_bytes()
}

/// With a breaker that is always open.
#[allow(dead_code, reason = "one of two test programs wants it")]
pub(crate) fn with_open_breaker() -> Vec<u8> {
    let mut document = benches::document::everything();
    let policy = "/services/0/groups/0/servicePolicy/circuitBreakPolicies/0";
    let policy = document.pointer_mut(policy).and_then(Value::as_object_mut);
    policy.unwrap().insert("forceOpen".into(), json!(true));
    document.to_string().into_bytes()
}

/// A token of `user`, signed as in the benchmark.
pub(crate) fn token(user: &str) -> String {
    tokens::sign(Algorithm::Rs256, &tokens::claims(user)).unwrap()
}
