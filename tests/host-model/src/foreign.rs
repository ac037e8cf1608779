//! The foreign function `verify_signature`, by `ring` in BoringSSL's place.
//!
//! `VerifySignatureArguments {1 hash_function, 2 public_key, 3 signature, 4 text, 5 public_key_pem}` becomes
//! `VerifySignatureResult {1 result, 2 error}` (envoy `source/extensions/common/wasm/foreign.cc`). A call that cannot be
//! read, or that brings no key or two, is a bad argument; a signature that does not hold is a *successful* call whose
//! result is false. So is everything that `ring` cannot do: PEM keys, SHA-224, P-521.

use crate::spki::{Key, public_key};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

#[derive(Default)]
struct Arguments<'a> {
    hash: &'a [u8],
    der: &'a [u8],
    signature: &'a [u8],
    text: &'a [u8],
    pem: &'a [u8],
}

/// The serialized result; `None` is a bad argument.
pub(crate) fn verify_signature(arguments: &[u8]) -> Option<Vec<u8>> {
    let arguments = Arguments::parse(arguments)?;
    if arguments.der.is_empty() == arguments.pem.is_empty() {
        return None;
    }
    Some(match arguments.verify() {
        Ok(()) => vec![0x08, 0x01],
        Err(error) => {
            let length = u8::try_from(error.len()).expect("a short message");
            [&[0x12, length], error.as_bytes()].concat()
        }
    })
}

// === impl Arguments ===

impl<'a> Arguments<'a> {
    /// Reads a protobuf message whose fields are all length-delimited.
    fn parse(mut message: &'a [u8]) -> Option<Self> {
        let mut arguments = Self::default();
        while let Some((tag, rest)) = message.split_first() {
            let (length, rest) = varint(rest)?;
            let (value, rest) = rest.split_at_checked(length)?;
            message = rest;
            *match tag {
                0x0a => &mut arguments.hash,
                0x12 => &mut arguments.der,
                0x1a => &mut arguments.signature,
                0x22 => &mut arguments.text,
                0x2a => &mut arguments.pem,
                _ => return None,
            } = value;
        }
        Some(arguments)
    }

    fn verify(&self) -> Result<(), &'static str> {
        let key = public_key(self.der).ok_or("Failed to initialize digest verify.")?;
        let algorithm = algorithm(self.hash, &key).ok_or("hash or key is not supported.")?;
        let key = UnparsedPublicKey::new(algorithm, key.bytes());
        let verified = key.verify(self.text, self.signature);
        verified.map_err(|_| "Failed to verify digest. Error code: 0")
    }
}

/// Envoy takes the hash's name in any case, but not with a hyphen.
fn algorithm(hash: &[u8], key: &Key<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (key, hash.to_ascii_lowercase().as_slice()) {
        (Key::Rsa(_), b"sha1") => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Key::Rsa(_), b"sha256") => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Key::Rsa(_), b"sha384") => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Key::Rsa(_), b"sha512") => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Key::P256(_), b"sha256") => &signature::ECDSA_P256_SHA256_ASN1,
        (Key::P256(_), b"sha384") => &signature::ECDSA_P256_SHA384_ASN1,
        (Key::P384(_), b"sha256") => &signature::ECDSA_P384_SHA256_ASN1,
        (Key::P384(_), b"sha384") => &signature::ECDSA_P384_SHA384_ASN1,
        _ => return None,
    })
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at(end);
    let value = number
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    Some((value, rest))
}

#[cfg(test)]
mod tests;
