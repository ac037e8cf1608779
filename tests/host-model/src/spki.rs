//! Public keys in DER as SubjectPublicKeyInfo (RFC 5280 section 4.1), the one form that `verify_signature` takes.

/// A public key in the form that `ring` takes.
pub(crate) enum Key<'a> {
    /// PKCS#1 `RSAPublicKey`.
    Rsa(&'a [u8]),
    /// An uncompressed point.
    P256(&'a [u8]),
    /// An uncompressed point.
    P384(&'a [u8]),
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const BIT_STRING: u8 = 0x03;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Reads a key; `None` if it is no SubjectPublicKeyInfo of a known kind.
pub(crate) fn public_key(der: &[u8]) -> Option<Key<'_>> {
    let (info, b"") = element(der, SEQUENCE)? else {
        return None;
    };
    let (algorithm, rest) = element(info, SEQUENCE)?;
    let (bits, b"") = element(rest, BIT_STRING)? else {
        return None;
    };
    let key = bits.strip_prefix(&[0])?;
    let (kind, parameters) = element(algorithm, OID)?;
    if kind == RSA_ENCRYPTION {
        return Some(Key::Rsa(key));
    }
    let (curve, b"") = element(parameters, OID)? else {
        return None;
    };
    match (kind, curve) {
        (EC_PUBLIC_KEY, PRIME256V1) => Some(Key::P256(key)),
        (EC_PUBLIC_KEY, SECP384R1) => Some(Key::P384(key)),
        _ => None,
    }
}

/// The contents of the element that `der` begins with, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (
            usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])),
            rest.get(2..)?,
        ),
        _ => return None,
    };
    rest.split_at_checked(length)
}

// === impl Key ===

impl<'a> Key<'a> {
    pub(crate) fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Rsa(bytes) | Self::P256(bytes) | Self::P384(bytes) => bytes,
        }
    }
}
