//! The keys of issued tokens: the public halves of keys that are checked in for tests and good for nothing else.

use serde_json::Value;

/// Every algorithm by its registered name (RFC 7518 section 3.1, RFC 8037 section 3.1).
pub(crate) const ALGORITHMS: [&str; 13] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA",
];

/// A set with a key for each of them.
pub(crate) fn public() -> Value {
    let keys = include_str!("../seeds/jwks/every-algorithm.json");
    serde_json::from_str(keys).unwrap()
}
