//! JSON Web Tokens for tests, signed with keys that are checked in and must never be used for anything else.
//!
//! The keys are fixed so that the documents under `envoy/` and `docs/` can hold the matching JWKS, and a token printed by the
//! demo works in the reader's own shell. [`jwks`] gives the verification keys; the private halves are `keys/test-only-*.pk8`.

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// The issuer that [`claims`] names.
pub const ISSUER: &str = "https://issuer.example";

/// The audience that [`claims`] names.
pub const AUDIENCE: &str = "service-provider";

const RSA: &[u8] = include_bytes!("../keys/test-only-rs256.pk8");
const EC: &[u8] = include_bytes!("../keys/test-only-es256.pk8");
const HMAC: &[u8] = b"test-only: thirty-two bytes or so of no secrecy at all";

/// Which of the test keys signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256; key id `test-hs256`.
    Hs256,
    /// RSA PKCS#1 v1.5 with SHA-256; key id `test-rs256`.
    Rs256,
    /// ECDSA on P-256 with SHA-256; key id `test-es256`.
    Es256,
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
    let signature = match algorithm {
        Algorithm::Hs256 => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, HMAC), signed.as_bytes())
            .as_ref()
            .to_vec(),
        Algorithm::Rs256 => rsa_signature(signed.as_bytes())?,
        Algorithm::Es256 => ec_signature(signed.as_bytes())?,
    };
    Ok(format!("{signed}.{}", encode(signature)))
}

/// The JWKS that verifies all three.
///
/// # Errors
/// A checked-in key could not be read.
pub fn jwks() -> anyhow::Result<Value> {
    Ok(json!({ "keys": [
        { "kty": "oct", "kid": "test-hs256", "alg": "HS256", "use": "sig", "k": encode(HMAC) },
        rsa_jwk()?,
        ec_jwk()?,
    ] }))
}

/// The JWKS that verifies RS256 and ES256: public keys only, as a shipped document must have it.
///
/// # Errors
/// A checked-in key could not be read.
pub fn public_jwks() -> anyhow::Result<Value> {
    Ok(json!({ "keys": [rsa_jwk()?, ec_jwk()?] }))
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
    /// The name in a token's header (RFC 7518, section 3.1).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The test key's id.
    #[must_use]
    pub fn kid(self) -> &'static str {
        match self {
            Self::Hs256 => "test-hs256",
            Self::Rs256 => "test-rs256",
            Self::Es256 => "test-es256",
        }
    }
}

fn rsa() -> anyhow::Result<RsaKeyPair> {
    RsaKeyPair::from_pkcs8(RSA)
        .ok()
        .context("the test-only RSA key")
}

fn ec() -> anyhow::Result<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, EC, &SystemRandom::new())
        .ok()
        .context("the test-only EC key")
}

fn rsa_signature(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let key = rsa()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message,
        &mut signature,
    )
    .ok()
    .context("signing with the test-only RSA key")?;
    Ok(signature)
}

fn ec_signature(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let signature = ec()?.sign(&SystemRandom::new(), message).ok();
    Ok(signature
        .context("signing with the test-only EC key")?
        .as_ref()
        .to_vec())
}

fn rsa_jwk() -> anyhow::Result<Value> {
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(rsa()?.public());
    Ok(json!({
        "kty": "RSA", "kid": "test-rs256", "alg": "RS256", "use": "sig",
        "n": encode(public.n), "e": encode(public.e),
    }))
}

fn ec_jwk() -> anyhow::Result<Value> {
    let key = ec()?;
    // An uncompressed point: 4, then x and y of 32 bytes each (SEC 1, section 2.3.3).
    let point = key.public_key().as_ref();
    let (x, y) = point
        .get(1..33)
        .zip(point.get(33..65))
        .context("the test-only EC key's point")?;
    Ok(json!({
        "kty": "EC", "crv": "P-256", "kid": "test-es256", "alg": "ES256", "use": "sig",
        "x": encode(x), "y": encode(y),
    }))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
        UnparsedPublicKey,
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
