//! The document's keys (RFC 7517), each bound to the one algorithm that it may verify.
//!
//! A key's kind decides its algorithm, and the token's `alg` only says which kind to look for: that makes the classic
//! confusion, an RSA public key used as an HMAC secret, a state that cannot be written down (RFC 8725 sections 2.1 and
//! 3.1). Keys that cannot be used are skipped, as RFC 7517 section 5 asks, and named, because a skipped key is a caller who
//! will be refused. Public keys are turned into what the host's verifier takes here, once, not per request.

use crate::{algorithm::Algorithm, base64url, der};
use hmac::{Hmac, KeyInit};
use policy_model::document::{Jwk, Jwks, KeyMaterial};
use sha2::Sha256;
use std::{fmt, rc::Rc};

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
    /// JSON pointer of the key.
    pub pointer: Rc<str>,
    /// Why.
    pub why: Unusable,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is of a type that is not carried out.
    KeyType,
    /// Its curve is not P-256.
    Curve,
    /// `alg` names another algorithm than the one this kind of key serves here.
    Algorithm(Algorithm),
    /// This member is not base64url.
    Encoding(&'static str),
    /// The secret is shorter than the hash.
    ShortSecret,
    /// The modulus is outside 2,048 to 8,192 bits, or even.
    Modulus,
    /// The exponent is even, less than 3 or above 32 bits.
    Exponent,
    /// A coordinate is not 32 bytes.
    Coordinate(&'static str),
}

// === impl KeySet ===

impl KeySet {
    /// Takes over a set; keys that cannot be used are left out and named.
    #[must_use]
    pub fn import(set: &Jwks) -> (Self, Vec<Skipped>) {
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for jwk in &set.keys {
            match Key::import(jwk) {
                Ok(key) => keys.push(key),
                Err(why) => skipped.push(Skipped {
                    pointer: Rc::clone(&jwk.pointer),
                    why,
                }),
            }
        }
        (Self { keys }, skipped)
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
    /// Takes over one key.
    ///
    /// # Errors
    ///
    /// [`Unusable`] says why it cannot verify a signature here.
    pub fn import(jwk: &Jwk) -> Result<Self, Unusable> {
        let material = match &jwk.material {
            KeyMaterial::Oct { k } => secret(k)?,
            KeyMaterial::Rsa { n, e } => rsa(n, e)?,
            KeyMaterial::Ec { crv, x, y } if crv == "P-256" => p256(x, y)?,
            KeyMaterial::Ec { .. } => return Err(Unusable::Curve),
            KeyMaterial::Okp { .. } => return Err(Unusable::KeyType),
        };
        let serves = material.algorithm();
        if jwk
            .alg
            .is_some_and(|stated| Algorithm::carried_out(stated) != Some(serves))
        {
            return Err(Unusable::Algorithm(serves));
        }
        Ok(Self {
            kid: jwk.kid.clone(),
            material,
        })
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

fn secret(k: &str) -> Result<Material, Unusable> {
    let secret = bytes("k", k)?;
    if secret.len() < MIN_SECRET {
        return Err(Unusable::ShortSecret);
    }
    let state = Hmac::new_from_slice(&secret).map_err(|_| Unusable::ShortSecret)?;
    Ok(Material::Hs256(state))
}

fn rsa(n: &str, e: &str) -> Result<Material, Unusable> {
    let (modulus, exponent) = (bytes("n", n)?, bytes("e", e)?);
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

fn p256(x: &str, y: &str) -> Result<Material, Unusable> {
    let coordinate = |name, text| -> Result<[u8; 32], Unusable> {
        bytes(name, text)?
            .try_into()
            .map_err(|_| Unusable::Coordinate(name))
    };
    Ok(Material::Es256(der::p256_public_key(
        &coordinate("x", x)?,
        &coordinate("y", y)?,
    )))
}

fn bytes(name: &'static str, text: &str) -> Result<Vec<u8>, Unusable> {
    base64url::decode(text).ok_or(Unusable::Encoding(name))
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

impl Unusable {
    /// Whether the document's reader has refused it already, with a better pointer.
    pub(crate) fn is_refused_by_the_reader(self) -> bool {
        matches!(self, Self::ShortSecret | Self::Coordinate(_))
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyType => f.write_str("keys of this type are not carried out"),
            Self::Curve => f.write_str("curves other than P-256 are not carried out"),
            Self::Algorithm(serves) => write!(f, "alg is not {serves}, all that such a key serves"),
            Self::Encoding(name) => write!(f, "{name} is not base64url without padding"),
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
