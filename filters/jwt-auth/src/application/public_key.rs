//! Public keys as Java's tools write them: SubjectPublicKeyInfo (RFC 5280 section 4.1), in PEM (RFC 7468) or bare base64.
//!
//! What is read is written again and must come out the same, byte by byte. So the reader need not be strict itself, and there
//! is one text for each key, as DER has it.

use crate::{curve::Curve, der, jwk::Sound, rsa::RsaKey};
use base64::{Engine, engine::general_purpose::STANDARD};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

const CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

/// The key; none if it is no sound RSA key and on none of the three curves.
pub(super) fn read(text: &str) -> Option<Sound> {
    let lines = text.as_bytes().split(|byte| *byte == b'\n');
    let body = lines.filter(|line| !line.starts_with(b"-----")).flatten();
    let body: Vec<u8> = body
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let der = STANDARD.decode(body.as_slice()).ok()?;
    let on_curve = CURVES.iter().find_map(|curve| on_curve(&der, *curve));
    on_curve.or_else(|| rsa(&der))
}

fn on_curve(der: &[u8], curve: Curve) -> Option<Sound> {
    let (rest, y) = der.split_at_checked(der.len().checked_sub(curve.length())?)?;
    let (_, x) = rest.split_at_checked(rest.len().checked_sub(curve.length())?)?;
    let same = der::ec_public_key(curve, x, y) == der;
    let info = same.then(|| curve.public_key(x, y))??;
    Some(Sound::Ec(curve, info.into()))
}

fn rsa(der: &[u8]) -> Option<Sound> {
    let (info, _) = element(SEQUENCE, der)?;
    let (_algorithm, rest) = element(SEQUENCE, info)?;
    let (bits, _) = element(BIT_STRING, rest)?;
    let (numbers, _) = element(SEQUENCE, bits.get(1..)?)?;
    let (modulus, rest) = element(INTEGER, numbers)?;
    let (exponent, _) = element(INTEGER, rest)?;
    let key = RsaKey::new(modulus, exponent).ok()?;
    (key.info == der).then(|| Sound::Rsa(key.into()))
}

/// The content of an element of this kind, and what follows it.
fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (own, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length.checked_sub(0x80) {
        None => (usize::from(*length), rest),
        Some(digits @ 1..=2) => {
            let (digits, rest) = rest.split_at_checked(digits.into())?;
            let number = |number, digit: &u8| number << 8 | usize::from(*digit);
            (digits.iter().fold(0, number), rest)
        }
        Some(_) => return None,
    };
    let content = rest.split_at_checked(length)?;
    (*own == tag).then_some(content)
}

#[cfg(test)]
mod tests;
