//! What the tests of this crate share: keys, tokens signed with them, and a host whose `verify_signature` is ring's.

use crate::{algorithm::Algorithm, foreign, jwk::KeySet};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use host::{HostError, fake::FakeHost};
use p521::ecdsa as p521;
use p521::signature::{Signer as _, Verifier as _};
use policy_model::document::{Jwk, Jwks, KeyMaterial, Spelled};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey},
};
use serde_json::{Value, json};
use std::rc::Rc;

/// Every algorithm.
pub(crate) fn all() -> Vec<Algorithm> {
    let spellings = Algorithm::SPELLINGS.iter();
    spellings.map(|(_, algorithm)| *algorithm).collect()
}

/// A key that can sign, with its public half as a JWK.
pub(crate) struct Signer {
    pub(crate) algorithm: Algorithm,
    private: Private,
    pub(crate) jwk: Value,
}

enum Private {
    Hmac(hmac::Key),
    Rsa(Box<RsaKeyPair>, &'static dyn signature::RsaEncoding),
    Ec(EcdsaKeyPair),
    P521(Box<p521::SigningKey>),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub(crate) fn hs256(kid: &str, secret: &[u8]) -> Self {
        Self::hmac(Algorithm::Hs256, kid, secret)
    }

    pub(crate) fn rs256(kid: &str) -> Self {
        Self::of(Algorithm::Rs256, kid)
    }

    /// A new key each time.
    pub(crate) fn es256(kid: &str) -> Self {
        Self::of(Algorithm::Es256, kid)
    }

    /// A key for this algorithm. The RSA, P-521 and HMAC ones are the same each time; making an RSA key takes a while.
    pub(crate) fn of(algorithm: Algorithm, kid: &str) -> Self {
        use Algorithm::{
            EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384,
            Rs512,
        };
        match algorithm {
            Hs256 | Hs384 | Hs512 => Self::hmac(algorithm, kid, &[7; 64]),
            Rs256 => Self::rsa(algorithm, kid, &signature::RSA_PKCS1_SHA256),
            Rs384 => Self::rsa(algorithm, kid, &signature::RSA_PKCS1_SHA384),
            Rs512 => Self::rsa(algorithm, kid, &signature::RSA_PKCS1_SHA512),
            Ps256 => Self::rsa(algorithm, kid, &signature::RSA_PSS_SHA256),
            Ps384 => Self::rsa(algorithm, kid, &signature::RSA_PSS_SHA384),
            Ps512 => Self::rsa(algorithm, kid, &signature::RSA_PSS_SHA512),
            Es256 => Self::ec(kid, &signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            Es384 => Self::ec(kid, &signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            Es512 => Self::p521(kid),
            EdDsa => Self::ed25519(kid),
        }
    }

    pub(crate) fn hmac(algorithm: Algorithm, kid: &str, secret: &[u8]) -> Self {
        let hash = match algorithm {
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => hmac::HMAC_SHA256,
        };
        Self {
            algorithm,
            private: Private::Hmac(hmac::Key::new(hash, secret)),
            jwk: json!({"kty": "oct", "kid": kid, "k": text(secret)}),
        }
    }

    fn rsa(algorithm: Algorithm, kid: &str, encoding: &'static dyn signature::RsaEncoding) -> Self {
        let pair = RsaKeyPair::from_pkcs8(include_bytes!("testing/test-only-rs256.pk8")).unwrap();
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let jwk = json!({"kty": "RSA", "kid": kid, "use": "sig", "n": text(&public.n), "e": text(&public.e)});
        Self {
            algorithm,
            private: Private::Rsa(Box::new(pair), encoding),
            jwk,
        }
    }

    fn ec(kid: &str, how: &'static signature::EcdsaSigningAlgorithm, crv: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(how, document.as_ref(), &random).unwrap();
        let jwk = ec_jwk(kid, crv, pair.public_key().as_ref());
        Self {
            algorithm: if crv == "P-256" {
                Algorithm::Es256
            } else {
                Algorithm::Es384
            },
            private: Private::Ec(pair),
            jwk,
        }
    }

    fn p521(kid: &str) -> Self {
        let key = p521::SigningKey::from_slice(&[1; 66]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        Self {
            algorithm: Algorithm::Es512,
            jwk: ec_jwk(kid, "P-521", point.as_bytes()),
            private: Private::P521(Box::new(key)),
        }
    }

    fn ed25519(kid: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let x = text(pair.public_key());
        Self {
            algorithm: Algorithm::EdDsa,
            private: Private::Ed25519(pair),
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}),
        }
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        let kid = self.jwk.get("kid").unwrap();
        self.token_with(&json!({"alg": self.algorithm.name(), "kid": kid}), claims)
    }

    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", text(signature))
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Hmac(key) => hmac::sign(key, input).as_ref().to_vec(),
            Private::Ec(pair) => pair.sign(&random, input).unwrap().as_ref().to_vec(),
            Private::P521(key) => {
                let signature: p521::Signature = key.sign(input);
                signature.to_bytes().to_vec()
            }
            Private::Ed25519(pair) => pair.sign(input).as_ref().to_vec(),
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, input, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

/// An uncompressed point: 4, then x and y of one length.
fn ec_jwk(kid: &str, crv: &str, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at(point.len() / 2);
    json!({"kty": "EC", "crv": crv, "kid": kid, "x": text(x), "y": text(y)})
}

/// Base64url without padding.
pub(crate) fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A JWK as the document's reader would hold it.
pub(crate) fn document_key(jwk: &Value) -> Jwk {
    let member = |name: &str| jwk[name].as_str().unwrap_or_default().to_owned();
    let material = match jwk["kty"].as_str() {
        Some("oct") => KeyMaterial::Oct { k: member("k") },
        Some("RSA") => KeyMaterial::Rsa {
            n: member("n"),
            e: member("e"),
        },
        Some("OKP") => KeyMaterial::Okp {
            crv: member("crv"),
            x: member("x"),
        },
        _ => KeyMaterial::Ec {
            crv: member("crv"),
            x: member("x"),
            y: member("y"),
        },
    };
    Jwk {
        kid: jwk["kid"].as_str().map(str::to_owned),
        alg: None,
        material,
        pointer: Rc::from(""),
    }
}

pub(crate) fn document_keys(signers: &[&Signer]) -> Jwks {
    let keys = signers
        .iter()
        .map(|signer| document_key(&signer.jwk))
        .collect();
    Jwks {
        keys,
        ..Jwks::default()
    }
}

pub(crate) fn key_set(signers: &[&Signer]) -> KeySet {
    KeySet::import(&document_keys(signers), &all()).0
}

/// A host that verifies as Envoy does: SubjectPublicKeyInfo only, ECDSA signatures in DER only, a wrong one is an Ok answer.
pub(crate) fn verifying_host() -> FakeHost {
    let host = FakeHost::new();
    give_verifier(&host);
    host
}

pub(crate) fn give_verifier(host: &FakeHost) {
    host.set_foreign(foreign::NAME, |argument| {
        let [hash, key, signature, input] = fields(argument).ok_or(HostError::BadArgument)?;
        Ok(if verify(hash, key, signature, input).is_some() {
            b"\x08\x01".to_vec()
        } else {
            Vec::new()
        })
    });
}

fn fields(mut message: &[u8]) -> Option<[&[u8]; 4]> {
    let mut fields = [[].as_slice(); 4];
    while let Some((tag, rest)) = message.split_first() {
        let (length, rest) = varint(rest)?;
        let (field, rest) = rest.split_at_checked(length)?;
        *fields.get_mut(usize::from(tag >> 3).checked_sub(1)?)? = field;
        message = rest;
    }
    Some(fields)
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (own, rest) = bytes.split_at(end + 1);
    Some((
        own.iter()
            .rev()
            .fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f)),
        rest,
    ))
}

fn verify(hash: &[u8], key: &[u8], signature: &[u8], input: &[u8]) -> Option<()> {
    let (sequence, []) = element(0x30, key)? else {
        return None;
    };
    let (algorithm, rest) = element(0x30, sequence)?;
    let (bits, []) = element(0x03, rest)? else {
        return None;
    };
    let key = bits.strip_prefix(&[0])?;
    let algorithm: &dyn signature::VerificationAlgorithm = match (algorithm, hash) {
        ([.., 1, 1, 1, 5, 0], b"sha256") => &signature::RSA_PKCS1_2048_8192_SHA256,
        ([.., 1, 1, 1, 5, 0], b"sha384") => &signature::RSA_PKCS1_2048_8192_SHA384,
        ([.., 1, 1, 1, 5, 0], b"sha512") => &signature::RSA_PKCS1_2048_8192_SHA512,
        ([.., 3, 1, 7], b"sha256") => &signature::ECDSA_P256_SHA256_ASN1,
        ([.., 0x81, 4, 0, 0x22], b"sha384") => &signature::ECDSA_P384_SHA384_ASN1,
        ([.., 0x81, 4, 0, 0x23], b"sha512") => return verify_p521(key, signature, input),
        _ => return None,
    };
    UnparsedPublicKey::new(algorithm, key)
        .verify(input, signature)
        .ok()
}

fn verify_p521(key: &[u8], signature: &[u8], input: &[u8]) -> Option<()> {
    let key = p521::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p521::Signature::from_der(signature).ok()?;
    key.verify(input, &signature).ok()
}

/// The content of a DER element, and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    if *first < 0x80 {
        return rest.split_at_checked(usize::from(*first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}
