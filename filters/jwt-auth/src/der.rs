//! The few DER shapes that stand between JOSE and the host's verifier, which takes keys as SubjectPublicKeyInfo (RFC 5280
//! section 4.1) and ECDSA signatures as ECDSA-Sig-Value (RFC 3279 section 2.2.3). They are only ever written, never read.

use crate::{curve::Curve, hash::Hash};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` with its NULL parameters (RFC 3279 section 2.3.1), as an AlgorithmIdentifier's content.
const RSA_ENCRYPTION: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// `id-ecPublicKey` (RFC 5480 section 2.1.1), encoded.
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// `secp256r1`, `secp384r1` and `secp521r1` (RFC 5480 section 2.1.1.1), their content.
const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

/// `id-sha256` to `id-sha512` but for the last byte (RFC 8017 appendix B.1), their content.
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// NULL, as a hash's parameters.
const NULL: &[u8] = &[0x05, 0x00];

/// An RSA key from its big-endian modulus and exponent.
pub(crate) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [unsigned(modulus), unsigned(exponent)].concat();
    public_key(RSA_ENCRYPTION, &element(SEQUENCE, &numbers))
}

/// A key on a curve from its affine coordinates, as an uncompressed point (SEC 1 section 2.3.3).
pub(crate) fn ec_public_key(curve: Curve, x: &[u8], y: &[u8]) -> Vec<u8> {
    let curve = match curve {
        Curve::P256 => SECP256R1,
        Curve::P384 => SECP384R1,
        Curve::P521 => SECP521R1,
    };
    let algorithm = [EC_PUBLIC_KEY, &element(OBJECT_IDENTIFIER, curve)].concat();
    public_key(&algorithm, &[&[0x04], x, y].concat())
}

/// A hash as PKCS#1 v1.5 signs it (RFC 8017 section 9.2): DigestInfo.
pub(crate) fn digest_info(hash: Hash, digest: &[u8]) -> Vec<u8> {
    let last = match hash {
        Hash::Sha256 => 1,
        Hash::Sha384 => 2,
        Hash::Sha512 => 3,
    };
    let identifier = element(OBJECT_IDENTIFIER, &[SHA2, &[last]].concat());
    let algorithm = element(SEQUENCE, &[&*identifier, NULL].concat());
    let digest = element(OCTET_STRING, digest);
    element(SEQUENCE, &[algorithm, digest].concat())
}

/// An ECDSA signature from its big-endian numbers.
pub(crate) fn ecdsa_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[unsigned(r), unsigned(s)].concat())
}

fn public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let no_unused_bits = [&[0], key].concat();
    let parts = [
        element(SEQUENCE, algorithm),
        element(BIT_STRING, &no_unused_bits),
    ]
    .concat();
    element(SEQUENCE, &parts)
}

/// A non-negative INTEGER: no leading zeros, but one where the first bit would else read as a sign (X.690 section 8.3).
fn unsigned(number: &[u8]) -> Vec<u8> {
    let digits = without_leading_zeros(number);
    match digits.first() {
        Some(first) if *first < 0x80 => element(INTEGER, digits),
        _ => element(INTEGER, &[&[0], digits].concat()),
    }
}

/// A big-endian number's significant bytes; empty for zero.
pub(crate) fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let start = number
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}

/// Tag, length in its shortest form (X.690 section 10.1), content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            let bytes = content.len().to_be_bytes();
            let length = without_leading_zeros(&bytes);
            out.push(0x80 | length.len() as u8);
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_shortest_and_never_negative() {
        assert_eq!(unsigned(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0, 1]), [2, 1, 1]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
    }

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(element(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(element(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[7; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn keys_on_a_curve_have_the_one_length_that_they_can_have() {
        for (curve, length, total, front) in [
            (Curve::P256, 32, 91, [0x30, 89, 0x30, 0x13]),
            (Curve::P384, 48, 120, [0x30, 118, 0x30, 0x10]),
            (Curve::P521, 66, 158, [0x30, 0x81, 155, 0x30]),
        ] {
            let key = ec_public_key(curve, &vec![1; length], &vec![2; length]);
            assert_eq!((key.len(), &key[..4]), (total, front.as_slice()));
        }
    }

    #[test]
    fn a_digest_info_is_rfc_8017s() {
        // Section 9.2, note 1.
        let front = [
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x03, 0x05, 0x00, 0x04, 0x40,
        ];
        assert_eq!(digest_info(Hash::Sha512, &[7; 64])[..19], front);
    }
}
