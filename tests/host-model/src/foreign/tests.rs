//! The table of outcomes that Envoy 1.40 showed for each kind of key and signature.

use super::*;
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    },
};

/// A 2048-bit key and its PKCS#1 v1.5 signature over `TEXT`, made by OpenSSL.
const RSA: &[u8] = include_bytes!("rsa-spki.der");
const RSA_SIGNATURE: &[u8] = include_bytes!("rsa-sha256.sig");
const TEXT: &[u8] = b"the text";

/// What comes before the point in the SubjectPublicKeyInfo of a P-256 key.
const P256_PREFIX: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let field = |(number, value): &(u8, &[u8])| {
        let length = u8::try_from(value.len() & 0x7f).unwrap();
        let high = u8::try_from(value.len() >> 7).unwrap();
        let length = if high == 0 {
            vec![length]
        } else {
            vec![length | 0x80, high]
        };
        [&[number << 3 | 2], length.as_slice(), value].concat()
    };
    fields.iter().flat_map(field).collect()
}

fn verify(hash: &[u8], key: &[u8], signature: &[u8], text: &[u8]) -> bool {
    let result = verify_signature(&message(&[(1, hash), (2, key), (3, signature), (4, text)]));
    match result.unwrap().as_slice() {
        [0x08, 0x01] => true,
        [0x12, ..] => false,
        other => panic!("not a result: {other:?}"),
    }
}

#[test]
fn an_rsa_signature_holds_for_its_text_and_hash_alone() {
    assert!(verify(b"sha256", RSA, RSA_SIGNATURE, TEXT));
    assert!(verify(b"SHA256", RSA, RSA_SIGNATURE, TEXT));
    assert!(!verify(b"sha256", RSA, RSA_SIGNATURE, b"another text"));
    assert!(!verify(b"sha512", RSA, RSA_SIGNATURE, TEXT));
    assert!(!verify(b"sha-256", RSA, RSA_SIGNATURE, TEXT));
}

#[test]
fn an_rsa_key_must_come_as_subject_public_key_info() {
    assert!(!verify(
        b"sha256",
        include_bytes!("rsa-pkcs1.der"),
        RSA_SIGNATURE,
        TEXT
    ));
}

#[test]
fn an_ecdsa_signature_must_come_in_der() {
    let random = SystemRandom::new();
    let sign = |algorithm| {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let key = [P256_PREFIX, pair.public_key().as_ref()].concat();
        (key, pair.sign(&random, TEXT).unwrap())
    };
    let (key, der) = sign(&ECDSA_P256_SHA256_ASN1_SIGNING);
    assert!(verify(b"sha256", &key, der.as_ref(), TEXT));
    assert!(!verify(b"sha256", &key, der.as_ref(), b"another text"));
    assert!(!verify(b"sha256", RSA, der.as_ref(), TEXT));
    let (key, raw) = sign(&ECDSA_P256_SHA256_FIXED_SIGNING);
    assert!(!verify(b"sha256", &key, raw.as_ref(), TEXT));
}

#[test]
fn no_key_two_keys_and_an_unreadable_message_are_bad_arguments() {
    assert_eq!(verify_signature(b"\xff"), None);
    assert_eq!(
        verify_signature(&message(&[(1, b"sha256"), (4, TEXT)])),
        None
    );
    assert_eq!(verify_signature(&message(&[(2, RSA), (5, b"pem")])), None);
}
