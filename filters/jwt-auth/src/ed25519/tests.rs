use super::*;
use crate::{algorithm::Algorithm, base64url, testing::Signer};

/// The group's order, little-endian (RFC 8032 section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn signer() -> (Signer, Ed25519Key) {
    let signer = Signer::of(Algorithm::EdDsa, "k");
    let x = base64url::decode(signer.jwk["x"].as_str().unwrap()).unwrap();
    let key = Ed25519Key::new(&x.try_into().unwrap()).unwrap();
    (signer, key)
}

fn little_endian(lowest: u8, middle: u8, highest: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (lowest, highest);
    bytes
}

#[test]
fn points_of_small_order_are_no_keys() {
    // y = 1, -1 and 0, and one of the two of order eight.
    let eighth = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    for small in [
        little_endian(1, 0, 0),
        little_endian(0xec, 0xff, 0x7f),
        [0; 32],
        little_endian(0, 0, 0x80),
        eighth,
    ] {
        assert!(VerifyingKey::from_bytes(&small).is_ok(), "it is a point");
        assert!(Ed25519Key::new(&small).is_none(), "{small:?}");
    }
}

#[test]
fn an_encoding_above_the_prime_is_no_key() {
    // y = p + 3, which is the point with y = 3: a second form of one key.
    let (proper, second) = (little_endian(3, 0, 0), little_endian(0xf0, 0xff, 0x7f));
    assert!(Ed25519Key::new(&proper).is_some());
    assert!(VerifyingKey::from_bytes(&second).is_ok(), "others take it");
    assert!(Ed25519Key::new(&second).is_none());
    assert!(Ed25519Key::new(&little_endian(0xed, 0xff, 0xff)).is_none());
    assert!(is_canonical(&little_endian(0xec, 0xff, 0x7f)));
}

#[test]
fn what_is_no_point_is_no_key() {
    assert!(Ed25519Key::new(&little_endian(2, 0, 0)).is_none());
}

#[test]
fn a_signature_has_one_form() {
    let (signer, key) = signer();
    let signature = signer.sign(b"text");
    assert!(key.verify(&signature, b"text"));
    assert!(!key.verify(&signature, b"test"));
    // S + L gives the same point.
    let mut twin = signature.clone();
    let mut carry = 0;
    for (digit, order) in twin[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*digit) + u16::from(order) + carry;
        (*digit, carry) = (sum as u8, sum >> 8);
    }
    assert!(!key.verify(&twin, b"text"));
    for length in [0, 32, 63] {
        assert!(!key.verify(&signature[..length], b"text"));
    }
    assert!(!key.verify(&[signature.as_slice(), &[0]].concat(), b"text"));
    assert!(!key.verify(&[0; 64], b"text"));
}

/// R is the neutral element and S is made to fit, by the key of RFC 8037 appendix A.1: readers that are not strict
/// take it. Made with Python's integers.
#[test]
fn a_signature_of_small_order_is_refused() {
    let decode = |text| base64url::decode(text).unwrap();
    let encoded = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        .try_into()
        .unwrap();
    let key = Ed25519Key::new(&encoded).unwrap();
    let signature = decode(
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArHmVytTGATEV_8Uoo3aLVcFBbdpmD37ouGqJ-n7owBA",
    );
    let lenient = Signature::from_slice(&signature).unwrap();
    assert!(ed25519_dalek::Verifier::verify(&key.0, b"text", &lenient).is_ok());
    assert!(!key.verify(&signature, b"text"));
}
