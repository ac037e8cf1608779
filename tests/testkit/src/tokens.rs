//! JSON Web Tokens for tests, signed with keys that are checked in and must never be used for anything else.
//!
//! The keys are fixed so that the documents under `envoy/` and `docs/` can hold the matching JWKS, and a token printed by the
//! demo works in the reader's own shell. [`jwks`] gives the verification keys; the private halves are `keys/test-only-*.pk8`.

pub mod corpus;
mod keys;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// The issuer that [`claims`] names.
pub const ISSUER: &str = "https://issuer.example";

/// The audience that [`claims`] names.
pub const AUDIENCE: &str = "service-provider";

/// How a token is signed; the key id is `test-` and the name in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS#1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

/// The claims of a good token: issuer, audience, subject, issued now, good for a day.
#[must_use]
pub fn claims(subject: &str) -> Value {
    let now = now().as_secs();
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 86_400 })
}

/// A good ES256 token for `subject`.
///
/// # Errors
/// The checked-in key could not be read.
pub fn token(subject: &str) -> anyhow::Result<String> {
    sign(Algorithm::Es256, &claims(subject))
}

/// A signed token with these claims.
///
/// # Errors
/// The checked-in key could not be read.
pub fn sign(algorithm: Algorithm, claims: &Value) -> anyhow::Result<String> {
    let header = json!({ "alg": algorithm.name(), "kid": algorithm.kid(), "typ": "JWT" });
    sign_as(algorithm, &header, claims)
}

/// A token with a header of the caller's own, for tests of what must be refused.
///
/// # Errors
/// The checked-in key could not be read.
pub fn sign_as(algorithm: Algorithm, header: &Value, claims: &Value) -> anyhow::Result<String> {
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = keys::sign(algorithm, signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode(signature)))
}

/// The JWKS that verifies HS256, RS256 and ES256.
///
/// # Errors
/// A checked-in key could not be read.
pub fn jwks() -> anyhow::Result<Value> {
    jwks_for(&[Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256])
}

/// The JWKS that verifies RS256 and ES256: public keys only, as a shipped document must have it.
///
/// # Errors
/// A checked-in key could not be read.
pub fn public_jwks() -> anyhow::Result<Value> {
    jwks_for(&[Algorithm::Rs256, Algorithm::Es256])
}

/// The JWKS that verifies these algorithms, each under its own key id.
///
/// # Errors
/// A checked-in key could not be read.
pub fn jwks_for(algorithms: &[Algorithm]) -> anyhow::Result<Value> {
    let keys: anyhow::Result<Vec<_>> = algorithms.iter().copied().map(keys::jwk).collect();
    Ok(json!({ "keys": keys? }))
}

/// The wall clock, by which Envoy too judges `exp` and `nbf`; since the Unix epoch.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "a real Envoy judges these tokens by the real clock"
)]
pub fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

// === impl Algorithm ===

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The name in a token's header (RFC 7518, section 3.1).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The test key's id.
    #[must_use]
    pub fn kid(self) -> String {
        format!("test-{}", self.name().to_lowercase())
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::{
        hmac,
        signature::{
            ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
            UnparsedPublicKey,
        },
    };

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn parts(token: &str) -> (&str, Vec<u8>) {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        (signed, decode(signature))
    }

    fn key(kid: &str) -> Value {
        let keys = jwks().unwrap();
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["kid"] == kid)
            .unwrap()
            .clone()
    }

    fn field(key: &Value, name: &str) -> Vec<u8> {
        decode(key[name].as_str().unwrap())
    }

    #[test]
    fn the_jwks_verifies_rs256() {
        let token = sign(Algorithm::Rs256, &claims("alice")).unwrap();
        let (signed, signature) = parts(&token);
        let key = key("test-rs256");
        RsaPublicKeyComponents {
            n: field(&key, "n"),
            e: field(&key, "e"),
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
        .unwrap();
    }

    #[test]
    fn the_jwks_verifies_es256() {
        let token = token("alice").unwrap();
        let (signed, signature) = parts(&token);
        let key = key("test-es256");
        let point = [vec![4], field(&key, "x"), field(&key, "y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn the_jwks_verifies_hs256() {
        let token = sign(Algorithm::Hs256, &claims("alice")).unwrap();
        let (signed, signature) = parts(&token);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &field(&key("test-hs256"), "k"));
        hmac::verify(&key, signed.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn what_is_shipped_holds_no_secret() {
        let text = public_jwks().unwrap().to_string();
        assert!(!text.contains("oct") && !text.contains("\"d\""), "{text}");
    }
}
