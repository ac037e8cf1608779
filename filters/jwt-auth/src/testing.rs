//! What the tests of this crate share: keys, tokens signed with them, and a host whose `verify_signature` is ring's.

use crate::{foreign, jwk::KeySet};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use host::{HostError, fake::FakeHost};
use policy_model::document::{Jwk, Jwks, KeyMaterial};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
        UnparsedPublicKey,
    },
};
use serde_json::{Value, json};
use std::rc::Rc;

/// A key that can sign, with its public half as a JWK.
pub(crate) struct Signer {
    alg: &'static str,
    private: Private,
    pub(crate) jwk: Value,
}

enum Private {
    Hmac(hmac::Key),
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
}

impl Signer {
    pub(crate) fn hs256(kid: &str, secret: &[u8]) -> Self {
        let jwk = json!({"kty": "oct", "kid": kid, "alg": "HS256", "k": text(secret)});
        Self {
            alg: "HS256",
            private: Private::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret)),
            jwk,
        }
    }

    /// The same key each time: making one takes a while.
    pub(crate) fn rs256(kid: &str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(include_bytes!("testing/test-only-rs256.pk8")).unwrap();
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let jwk = json!({"kty": "RSA", "kid": kid, "use": "sig", "n": text(&public.n), "e": text(&public.e)});
        Self {
            alg: "RS256",
            private: Private::Rsa(Box::new(pair)),
            jwk,
        }
    }

    /// A new key each time.
    pub(crate) fn es256(kid: &str) -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
                .unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (text(&point[1..33]), text(&point[33..]));
        let jwk = json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y});
        Self {
            alg: "ES256",
            private: Private::Ec(pair),
            jwk,
        }
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        let kid = self.jwk.get("kid").unwrap();
        self.token_with(&json!({"alg": self.alg, "kid": kid}), claims)
    }

    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", text(signature))
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Hmac(key) => hmac::sign(key, input).as_ref().to_vec(),
            Private::Ec(pair) => pair.sign(&random, input).unwrap().as_ref().to_vec(),
            Private::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
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
    KeySet::import(&document_keys(signers)).0
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
        if hash != b"sha256" {
            return Ok(b"\x12\x0dunknown hash.".to_vec());
        }
        Ok(if verify(key, signature, input).is_some() {
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

fn verify(key: &[u8], signature: &[u8], input: &[u8]) -> Option<()> {
    let (sequence, []) = element(0x30, key)? else {
        return None;
    };
    let (algorithm, rest) = element(0x30, sequence)?;
    let (bits, []) = element(0x03, rest)? else {
        return None;
    };
    let key = bits.strip_prefix(&[0])?;
    let rsa = algorithm.ends_with(&[1, 1, 1, 5, 0]);
    let algorithm: &dyn signature::VerificationAlgorithm = match rsa {
        true => &signature::RSA_PKCS1_2048_8192_SHA256,
        false => &signature::ECDSA_P256_SHA256_ASN1,
    };
    UnparsedPublicKey::new(algorithm, key)
        .verify(input, signature)
        .ok()
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
