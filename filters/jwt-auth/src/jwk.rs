//! Keys from a JWK Set (RFC 7517), each bound to the one algorithm that it may verify.
//!
//! A key's kind decides its algorithm, and the token's `alg` only says which kind to look for: that makes the classic
//! confusion, an RSA public key used as an HMAC secret, a state that cannot be written down (RFC 8725 sections 2.1 and
//! 3.1). Keys that cannot be used are skipped, as RFC 7517 section 5 asks, and named, because a skipped key is a caller who
//! will be refused. Public keys are turned into what the host's verifier takes here, once, not per request.

use crate::{algorithm::Algorithm, base64url, der};
use hmac::{Hmac, KeyInit};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::fmt;

/// The shortest secret for HS256: as long as the hash (RFC 7518 section 3.2).
const MIN_SECRET: usize = 32;

/// The modulus sizes taken, in bits: RFC 7518 section 3.3 sets the lower; above the upper each check costs the host
/// milliseconds.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The longest public exponent taken, in bytes: BoringSSL refuses more than 33 bits.
const MAX_EXPONENT: usize = 4;

/// A key that can be used.
#[derive(Clone)]
pub struct Key {
    /// The name that a token's header may call it by.
    pub kid: Option<String>,
    /// What it verifies with.
    pub material: Material,
}

/// A key's substance, by the algorithm that it serves.
#[derive(Clone)]
pub enum Material {
    /// A secret, already mixed into the hash's state.
    Hs256(Hmac<Sha256>),
    /// An RSA public key as SubjectPublicKeyInfo.
    Rs256(Vec<u8>),
    /// A P-256 public key as SubjectPublicKeyInfo.
    Es256(Vec<u8>),
}

/// The usable keys of a JWK Set, in its order.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A key that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its place in `keys`.
    pub index: usize,
    /// Why.
    pub why: Unusable,
}

/// Why a JWK cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is no JSON object.
    NotAnObject,
    /// `kty` is absent or none that is carried out.
    KeyType,
    /// `crv` is absent or another curve than P-256.
    Curve,
    /// It is not for verifying signatures: `use` or `key_ops` says otherwise.
    Purpose,
    /// `alg` names another algorithm than the one this kind of key serves here.
    Algorithm(Algorithm),
    /// This member is absent, of the wrong type or not base64url.
    Member(&'static str),
    /// The secret is shorter than the hash.
    ShortSecret,
    /// The modulus is outside 2,048 to 8,192 bits, or even.
    Modulus,
    /// The exponent is even, less than 3 or above 32 bits.
    Exponent,
    /// A coordinate is not 32 bytes.
    Coordinate(&'static str),
}

/// The value is no JWK Set: it has no array `keys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKeySet;

// === impl KeySet ===

impl KeySet {
    /// Reads a JWK Set; keys that cannot be used are left out and named.
    ///
    /// # Errors
    ///
    /// [`NotAKeySet`] if there is no array `keys`.
    pub fn parse(set: &Value) -> Result<(Self, Vec<Skipped>), NotAKeySet> {
        let entries = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(NotAKeySet)?;
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            match Key::parse(entry) {
                Ok(key) => keys.push(key),
                Err(why) => skipped.push(Skipped { index, why }),
            }
        }
        Ok((Self { keys }, skipped))
    }

    /// The usable keys.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The keys that a token with this header may be signed by. A key without a name serves every token: `kid` is a hint
    /// (RFC 7515 section 4.1.4), and a set of one nameless key is common.
    pub fn candidates<'a>(
        &'a self,
        algorithm: Algorithm,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(move |key| {
            let named = match (kid, key.kid.as_deref()) {
                (Some(asked), Some(own)) => asked == own,
                _ => true,
            };
            named && key.material.algorithm() == algorithm
        })
    }
}

// === impl Key ===

impl Key {
    /// Reads one JWK.
    ///
    /// # Errors
    ///
    /// [`Unusable`] says why it cannot verify a signature here.
    pub fn parse(jwk: &Value) -> Result<Self, Unusable> {
        let jwk = jwk.as_object().ok_or(Unusable::NotAnObject)?;
        let material = match text(jwk, "kty") {
            Some("oct") => secret(jwk)?,
            Some("RSA") => rsa(jwk)?,
            Some("EC") => p256(jwk)?,
            _ => return Err(Unusable::KeyType),
        };
        check_purpose(jwk)?;
        check_algorithm(jwk, material.algorithm())?;
        let kid = match jwk.get("kid") {
            None | Some(Value::Null) => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(Unusable::Member("kid")),
        };
        Ok(Self { kid, material })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = self.material.algorithm();
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &algorithm)
            .finish()
    }
}

// === impl Material ===

impl Material {
    /// The one algorithm that this key serves.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hs256(_) => Algorithm::Hs256,
            Self::Rs256(_) => Algorithm::Rs256,
            Self::Es256(_) => Algorithm::Es256,
        }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Material({})", self.algorithm())
    }
}

fn secret(jwk: &Map<String, Value>) -> Result<Material, Unusable> {
    let secret = bytes(jwk, "k")?;
    if secret.len() < MIN_SECRET {
        return Err(Unusable::ShortSecret);
    }
    let state = Hmac::new_from_slice(&secret).map_err(|_| Unusable::ShortSecret)?;
    Ok(Material::Hs256(state))
}

fn rsa(jwk: &Map<String, Value>) -> Result<Material, Unusable> {
    let (modulus, exponent) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    // Some issuers write the sign byte of their big-integer type.
    let modulus = der::without_leading_zeros(&modulus);
    let exponent = der::without_leading_zeros(&exponent);
    if !RSA_BITS.contains(&bits(modulus)) || !is_odd(modulus) {
        return Err(Unusable::Modulus);
    }
    if !is_odd(exponent) || exponent == [1] || exponent.len() > MAX_EXPONENT {
        return Err(Unusable::Exponent);
    }
    Ok(Material::Rs256(der::rsa_public_key(modulus, exponent)))
}

fn p256(jwk: &Map<String, Value>) -> Result<Material, Unusable> {
    if text(jwk, "crv") != Some("P-256") {
        return Err(Unusable::Curve);
    }
    let coordinate = |name| -> Result<[u8; 32], Unusable> {
        bytes(jwk, name)?
            .try_into()
            .map_err(|_| Unusable::Coordinate(name))
    };
    Ok(Material::Es256(der::p256_public_key(
        &coordinate("x")?,
        &coordinate("y")?,
    )))
}

fn check_purpose(jwk: &Map<String, Value>) -> Result<(), Unusable> {
    let used = match jwk.get("use") {
        None | Some(Value::Null) => true,
        Some(purpose) => purpose == "sig",
    };
    let operates = match jwk.get("key_ops") {
        None | Some(Value::Null) => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    };
    if used && operates {
        Ok(())
    } else {
        Err(Unusable::Purpose)
    }
}

fn check_algorithm(jwk: &Map<String, Value>, serves: Algorithm) -> Result<(), Unusable> {
    match jwk.get("alg") {
        None | Some(Value::Null) => Ok(()),
        Some(name) if *name == serves.name() => Ok(()),
        Some(_) => Err(Unusable::Algorithm(serves)),
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name).and_then(Value::as_str)
}

fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, Unusable> {
    text(jwk, name)
        .and_then(base64url::decode)
        .ok_or(Unusable::Member(name))
}

/// The length in bits of a big-endian number without leading zeros.
fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

// === impl Unusable ===

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("it is not an object"),
            Self::KeyType => f.write_str("kty is none of oct, RSA, EC"),
            Self::Curve => f.write_str("crv is not P-256"),
            Self::Purpose => f.write_str("use or key_ops says that it is not for verifying"),
            Self::Algorithm(serves) => write!(f, "alg is not {serves}, all that such a key serves"),
            Self::Member(name) => write!(f, "{name} is absent or not what it should be"),
            Self::ShortSecret => f.write_str("k is shorter than 32 bytes"),
            Self::Modulus => f.write_str("n is not an odd number of 2048 to 8192 bits"),
            Self::Exponent => f.write_str("e is not an odd number from 3 to 32 bits"),
            Self::Coordinate(name) => write!(f, "{name} is not 32 bytes"),
        }
    }
}

impl std::error::Error for Unusable {}

#[cfg(test)]
mod tests;
