//! The test keys: what each algorithm signs with, and the JWK that verifies it.

use super::{Algorithm, encode};
use anyhow::Context as _;
use p521::{ecdsa as p521_ecdsa, ecdsa::signature::Signer as _};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
        RsaKeyPair,
    },
};
use serde_json::{Value, json};

const RSA: &[u8] = include_bytes!("../../keys/test-only-rs256.pk8");
const P256: &[u8] = include_bytes!("../../keys/test-only-es256.pk8");
const P384: &[u8] = include_bytes!("../../keys/test-only-es384.pk8");
const HMAC: &[u8] = b"test-only: thirty-two bytes or so of no secrecy at all";
const LONG_HMAC: &[u8] =
    b"test-only: sixty-four bytes or so of no secrecy at all, all of them known";
const P521: [u8; 66] = [1; 66];
const ED25519: &[u8; 32] = b"test-only: of no secrecy at all.";
/// Nobody's who is trusted.
const FORGER: &[u8; 32] = b"test-only: a forger's own secret";

/// What signs for an algorithm.
enum Key {
    Hmac(hmac::Key, &'static [u8]),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ec(Box<EcdsaKeyPair>, &'static str),
    P521(Box<p521_ecdsa::SigningKey>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// The algorithm's signature over `message`, as a token holds it.
///
/// # Errors
/// The checked-in key could not be read.
pub(super) fn sign(algorithm: Algorithm, message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let random = SystemRandom::new();
    Ok(match key(algorithm)? {
        Key::Hmac(key, _) => hmac::sign(&key, message).as_ref().to_vec(),
        Key::Rsa(key, encoding) => {
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(encoding, &random, message, &mut signature)
                .ok()
                .context("signing with the test-only RSA key")?;
            signature
        }
        Key::Ec(key, _) => {
            let signature = key.sign(&random, message).ok();
            let signature = signature.context("signing with a test-only EC key")?;
            signature.as_ref().to_vec()
        }
        Key::P521(key) => {
            let signature: p521_ecdsa::Signature = key.sign(message);
            signature.to_bytes().to_vec()
        }
        Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
    })
}

/// The JWK that verifies this algorithm's tokens; the secret itself for HMAC.
///
/// # Errors
/// The checked-in key could not be read.
pub(super) fn jwk(algorithm: Algorithm) -> anyhow::Result<Value> {
    let mut jwk = match key(algorithm)? {
        Key::Hmac(_, secret) => json!({ "kty": "oct", "k": encode(secret) }),
        Key::Rsa(key, _) => {
            let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
            json!({ "kty": "RSA", "n": encode(public.n), "e": encode(public.e) })
        }
        Key::Ec(key, curve) => point(curve, key.public_key().as_ref())?,
        Key::P521(key) => {
            let public = key.verifying_key().to_sec1_point(false);
            point("P-521", public.as_bytes())?
        }
        Key::Ed25519(key) => {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key()) })
        }
    };
    let common = json!({ "kid": algorithm.kid(), "alg": algorithm.name(), "use": "sig" });
    if let (Some(jwk), Value::Object(common)) = (jwk.as_object_mut(), common) {
        jwk.extend(common);
    }
    Ok(jwk)
}

/// The public key's own bytes: PKCS#1 for RSA, an uncompressed point; none for secrets.
///
/// # Errors
/// The checked-in key could not be read.
pub(super) fn public(algorithm: Algorithm) -> anyhow::Result<Vec<u8>> {
    Ok(match key(algorithm)? {
        Key::Hmac(..) => Vec::new(),
        Key::Rsa(key, _) => key.public_key().as_ref().to_vec(),
        Key::Ec(key, _) => key.public_key().as_ref().to_vec(),
        Key::P521(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        Key::Ed25519(key) => key.public_key().as_ref().to_vec(),
    })
}

/// The tag over `message` by any secret.
pub(super) fn hmac(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(hash, secret), message)
        .as_ref()
        .to_vec()
}

/// An EdDSA signature by a key that no key set holds.
///
/// # Errors
/// The key could not be read.
pub(super) fn forged(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(ed25519_pair(FORGER)?.sign(message).as_ref().to_vec())
}

/// What verifies [`forged`] signatures.
///
/// # Errors
/// The key could not be read.
pub(super) fn forgers_jwk() -> anyhow::Result<Value> {
    let x = encode(ed25519_pair(FORGER)?.public_key());
    Ok(json!({ "kty": "OKP", "crv": "Ed25519", "x": x }))
}

fn key(algorithm: Algorithm) -> anyhow::Result<Key> {
    match algorithm {
        Algorithm::Hs256 => Ok(hmac_key(hmac::HMAC_SHA256, HMAC)),
        Algorithm::Hs384 => Ok(hmac_key(hmac::HMAC_SHA384, LONG_HMAC)),
        Algorithm::Hs512 => Ok(hmac_key(hmac::HMAC_SHA512, LONG_HMAC)),
        Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_SHA256),
        Algorithm::Rs384 => rsa(&signature::RSA_PKCS1_SHA384),
        Algorithm::Rs512 => rsa(&signature::RSA_PKCS1_SHA512),
        Algorithm::Ps256 => rsa(&signature::RSA_PSS_SHA256),
        Algorithm::Ps384 => rsa(&signature::RSA_PSS_SHA384),
        Algorithm::Ps512 => rsa(&signature::RSA_PSS_SHA512),
        Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, P256, "P-256"),
        Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, P384, "P-384"),
        Algorithm::Es512 => p521(),
        Algorithm::EdDsa => ed25519(),
    }
}

fn hmac_key(hash: hmac::Algorithm, secret: &'static [u8]) -> Key {
    Key::Hmac(hmac::Key::new(hash, secret), secret)
}

fn rsa(encoding: &'static dyn RsaEncoding) -> anyhow::Result<Key> {
    let pair = RsaKeyPair::from_pkcs8(RSA).ok();
    Ok(Key::Rsa(
        pair.context("the test-only RSA key")?.into(),
        encoding,
    ))
}

fn ec(
    how: &'static EcdsaSigningAlgorithm,
    pkcs8: &[u8],
    curve: &'static str,
) -> anyhow::Result<Key> {
    let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8, &SystemRandom::new()).ok();
    Ok(Key::Ec(pair.context("a test-only EC key")?.into(), curve))
}

/// Ring has no P-521.
fn p521() -> anyhow::Result<Key> {
    let key = p521_ecdsa::SigningKey::from_slice(&P521).ok();
    Ok(Key::P521(key.context("the test-only P-521 key")?.into()))
}

fn ed25519() -> anyhow::Result<Key> {
    Ok(Key::Ed25519(ed25519_pair(ED25519)?.into()))
}

fn ed25519_pair(seed: &[u8; 32]) -> anyhow::Result<Ed25519KeyPair> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok();
    pair.context("a test-only Ed25519 key")
}

/// An uncompressed point: 4, then x and y of one length (SEC 1, section 2.3.3).
fn point(curve: &str, point: &[u8]) -> anyhow::Result<Value> {
    let (_, point) = point.split_first().context("a test-only EC key's point")?;
    let (x, y) = point.split_at(point.len() / 2);
    Ok(json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) }))
}
