//! The document's keys (RFC 7517), each bound to the one algorithm that it may verify.
//!
//! What a key may verify follows from its kind, its curve and its `alg`, and from what the provider allows, all of it before
//! any token comes; the token's `alg` only says which of these keys to look for. That makes the classic confusion, an RSA
//! public key used as an HMAC secret, a state that cannot be written down (RFC 8725 sections 2.1 and 3.1). A key that may
//! serve several algorithms is held once for each. Keys that cannot be used are skipped, as RFC 7517 section 5 asks, and
//! named, because a skipped key is a caller who will be refused. What can be calculated or refused about a key is, here, once.

use crate::{
    algorithm::{self, Algorithm},
    base64url,
    curve::Curve,
    ed25519::Ed25519Key,
    hash::Hash,
    rsa::{RsaKey, WeakKey},
    secret::Secret,
};
use policy_model::document::{Jwk, Jwks, KeyMaterial};
use std::{fmt, rc::Rc};

/// A key that can be used.
#[derive(Clone)]
pub struct Key {
    /// The name that a token's header may call it by.
    pub kid: Option<Rc<str>>,
    /// The one algorithm that it verifies.
    pub algorithm: Algorithm,
    /// What it verifies with.
    pub(crate) material: Material,
}

/// A key's substance, by what it is done with.
#[derive(Clone)]
pub(crate) enum Material {
    Hmac(Secret),
    Pkcs1(Hash, Rc<RsaKey>),
    Pss(Hash, Rc<RsaKey>),
    /// As SubjectPublicKeyInfo, on its curve.
    Ecdsa(Curve, Rc<[u8]>),
    Ed25519(Rc<Ed25519Key>),
}

/// A key's numbers, found sound; not yet bound to an algorithm.
pub(crate) enum Sound {
    Secret(Vec<u8>),
    Rsa(Rc<RsaKey>),
    Ec(Curve, Rc<[u8]>),
    Ed25519(Rc<Ed25519Key>),
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
    /// None of the provider's algorithms is one for this kind of key, or for its `alg`.
    Algorithm,
    /// Its curve is none of P-256, P-384, P-521, or Ed25519, as its type demands.
    Curve,
    /// This member is not base64url.
    Encoding(&'static str),
    /// The secret is shorter than the hash.
    ShortSecret,
    /// The modulus is outside 2,048 to 8,192 bits, or even.
    Modulus,
    /// The exponent is even, less than 65,537 or above 32 bits.
    Exponent,
    /// A coordinate does not have its curve's length.
    Coordinate(&'static str),
    /// It is no point on its curve, or one of a small group.
    Point,
}

// === impl KeySet ===

impl KeySet {
    /// Takes over a set for a provider that allows these algorithms; keys that cannot be used are left out and named.
    #[must_use]
    pub fn import(set: &Jwks, allowed: &[Algorithm]) -> (Self, Vec<Skipped>) {
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for jwk in &set.keys {
            match Key::import(jwk, allowed) {
                Ok(bound) => keys.extend(bound),
                Err(why) => skipped.push(Skipped {
                    pointer: Rc::clone(&jwk.pointer),
                    why,
                }),
            }
        }
        (Self { keys }, skipped)
    }

    /// One key without a name, for this algorithm; empty if it is not for this key, or its hash longer than the secret.
    pub(crate) fn of(key: &Sound, algorithm: Algorithm) -> Self {
        let key = key.bind(algorithm).map(|material| Key {
            kid: None,
            algorithm,
            material,
        });
        Self {
            keys: key.into_iter().collect(),
        }
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
            named && key.algorithm == algorithm
        })
    }
}

// === impl Key ===

impl Key {
    /// Takes over one key, once for each of the allowed algorithms that it serves.
    ///
    /// # Errors
    ///
    /// [`Unusable`] says why it cannot verify a signature here.
    pub fn import(jwk: &Jwk, allowed: &[Algorithm]) -> Result<Vec<Self>, Unusable> {
        let served = |algorithm: &&Algorithm| jwk.serves(**algorithm);
        let mut serves = allowed.iter().filter(served).peekable();
        serves.peek().ok_or(Unusable::Algorithm)?;
        let sound = Sound::import(&jwk.material)?;
        let kid: Option<Rc<str>> = jwk.kid.as_deref().map(Rc::from);
        let bound = serves.filter_map(|algorithm| {
            Some(Self {
                kid: kid.clone(),
                algorithm: *algorithm,
                material: sound.bind(*algorithm)?,
            })
        });
        let bound: Vec<_> = bound.collect();
        // Only a secret can be sound and yet too short for every hash.
        if bound.is_empty() {
            return Err(Unusable::ShortSecret);
        }
        Ok(bound)
    }
}

/// A key never gets into a log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish()
    }
}

// === impl Sound ===

impl Sound {
    fn import(material: &KeyMaterial) -> Result<Self, Unusable> {
        match material {
            KeyMaterial::Oct { k } => Ok(Self::Secret(bytes("k", k)?)),
            KeyMaterial::Rsa { n, e } => Ok(Self::Rsa(rsa(n, e)?.into())),
            KeyMaterial::Ec { crv, x, y } => {
                let curve = Curve::from_name(crv).ok_or(Unusable::Curve)?;
                Ok(Self::Ec(curve, point(curve, x, y)?.into()))
            }
            KeyMaterial::Okp { crv, x } if crv == "Ed25519" => {
                Ok(Self::Ed25519(ed25519(x)?.into()))
            }
            KeyMaterial::Okp { .. } => Err(Unusable::Curve),
        }
    }

    /// The key for this algorithm; none if it is for another kind of key, or for a longer one.
    fn bind(&self, algorithm: Algorithm) -> Option<Material> {
        use Algorithm::{
            EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384,
            Rs512,
        };
        let hash = algorithm::hash(algorithm);
        match (self, algorithm) {
            (Self::Secret(secret), Hs256 | Hs384 | Hs512) => {
                Secret::new(hash, secret).map(Material::Hmac)
            }
            (Self::Rsa(key), Rs256 | Rs384 | Rs512) => Some(Material::Pkcs1(hash, Rc::clone(key))),
            (Self::Rsa(key), Ps256 | Ps384 | Ps512) => Some(Material::Pss(hash, Rc::clone(key))),
            (Self::Ec(curve @ Curve::P256, key), Es256)
            | (Self::Ec(curve @ Curve::P384, key), Es384)
            | (Self::Ec(curve @ Curve::P521, key), Es512) => {
                Some(Material::Ecdsa(*curve, Rc::clone(key)))
            }
            (Self::Ed25519(key), EdDsa) => Some(Material::Ed25519(Rc::clone(key))),
            _ => None,
        }
    }
}

fn rsa(n: &str, e: &str) -> Result<RsaKey, Unusable> {
    RsaKey::new(&bytes("n", n)?, &bytes("e", e)?).map_err(|weak| match weak {
        WeakKey::Modulus => Unusable::Modulus,
        WeakKey::Exponent => Unusable::Exponent,
    })
}

fn point(curve: Curve, x: &str, y: &str) -> Result<Vec<u8>, Unusable> {
    let coordinate = |name, text| {
        let coordinate = bytes(name, text)?;
        let whole = coordinate.len() == curve.length();
        whole
            .then_some(coordinate)
            .ok_or(Unusable::Coordinate(name))
    };
    let (x, y) = (coordinate("x", x)?, coordinate("y", y)?);
    curve.public_key(&x, &y).ok_or(Unusable::Point)
}

fn ed25519(x: &str) -> Result<Ed25519Key, Unusable> {
    let encoded = bytes("x", x)?.try_into();
    let encoded = encoded.map_err(|_| Unusable::Coordinate("x"))?;
    Ed25519Key::new(&encoded).ok_or(Unusable::Point)
}

fn bytes(name: &'static str, text: &str) -> Result<Vec<u8>, Unusable> {
    base64url::decode(text).ok_or(Unusable::Encoding(name))
}

// === impl Unusable ===

impl Unusable {
    /// Whether the document's reader has said so already, with a better pointer.
    pub(crate) fn is_said_by_the_reader(self) -> bool {
        matches!(
            self,
            Self::ShortSecret | Self::Coordinate(_) | Self::Algorithm
        )
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => f.write_str("none of the provider's algorithms uses it"),
            Self::Curve => f.write_str("its curve is not one of its type"),
            Self::Encoding(name) => write!(f, "{name} is not base64url without padding"),
            Self::ShortSecret => f.write_str("k is shorter than the hash"),
            Self::Modulus => f.write_str("n is not an odd number of 2048 to 8192 bits"),
            Self::Exponent => f.write_str("e is not an odd number from 65537 to 32 bits"),
            Self::Coordinate(name) => write!(f, "{name} does not have its curve's length"),
            Self::Point => f.write_str("it is not a point of full order on its curve"),
        }
    }
}

impl std::error::Error for Unusable {}

#[cfg(test)]
mod tests;
