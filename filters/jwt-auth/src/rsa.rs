//! RSA signatures: PKCS#1 v1.5 and PSS (RFC 8017 sections 8.2.2 and 8.1.2), and the key for the host's verifier.
//!
//! PSS is always checked here, the host having only PKCS#1 v1.5; that one is checked here at hosts without a verifier. It is
//! not taken apart but made anew and compared whole: nothing a forger might put between the parts is ever parsed
//! (CVE-2006-4339).

use crate::{der, hash::Hash, modulus::Modulus};

/// An RSA public key of an acceptable size.
#[derive(Clone, Debug)]
pub(crate) struct RsaKey {
    /// As SubjectPublicKeyInfo, for the host.
    pub(crate) info: Vec<u8>,
    modulus: Modulus,
    exponent: u32,
}

/// What is wrong with an RSA key's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeakKey {
    Modulus,
    Exponent,
}

/// The modulus sizes taken, in bits: RFC 7518 section 3.3 sets the lower; above the upper each check costs milliseconds.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The least public exponent: FIPS 186-5 section 5.1. The longest is 32 bits; BoringSSL refuses more than 33.
const LEAST_EXPONENT: u32 = 65_537;

// === impl RsaKey ===

impl RsaKey {
    /// A key from its big-endian numbers. Some issuers write the sign byte of their big-integer type, so zeros may lead.
    pub(crate) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, WeakKey> {
        let modulus = der::without_leading_zeros(modulus);
        let exponent = der::without_leading_zeros(exponent);
        // Before anything is calculated: that takes the longer, the larger the number is.
        if modulus.len() > BITS.end() / 8 {
            return Err(WeakKey::Modulus);
        }
        let info = der::rsa_public_key(modulus, exponent);
        let modulus = Modulus::new(modulus).filter(|modulus| BITS.contains(&modulus.bits()));
        Ok(Self {
            info,
            modulus: modulus.ok_or(WeakKey::Modulus)?,
            exponent: odd(exponent).ok_or(WeakKey::Exponent)?,
        })
    }

    /// Whether `signature` over `text` is this key's by RSASSA-PKCS1-v1_5.
    pub(crate) fn verify_pkcs1(&self, hash: Hash, signature: &[u8], text: &[u8]) -> bool {
        let digest = hash.of(&[text]);
        let info = der::digest_info(hash, digest.as_ref());
        // The smallest modulus has four times the length of the longest info.
        let Some(padding) = self.modulus.length().checked_sub(info.len() + 3) else {
            return false;
        };
        let wanted = [&[0, 1], &*vec![0xff; padding], &[0], &*info].concat();
        self.open(signature).is_some_and(|opened| opened == wanted)
    }

    /// Whether `signature` over `text` is this key's by RSASSA-PSS, with MGF1 of the same hash and a salt as long as the hash
    /// (RFC 7518 section 3.5).
    pub(crate) fn verify_pss(&self, hash: Hash, signature: &[u8], text: &[u8]) -> bool {
        let digest = hash.of(&[text]);
        let bits = self.modulus.bits() - 1;
        self.open(signature)
            .and_then(|opened| is_pss(hash, digest.as_ref(), opened, bits))
            .is_some()
    }

    /// RSAVP1: the signature to the power of the exponent, as long as the modulus.
    fn open(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let signature = self.modulus.residue(signature)?;
        let opened = self.modulus.power(&signature, self.exponent);
        Some(self.modulus.digits(&opened))
    }
}

/// EMSA-PSS-VERIFY (RFC 8017 section 9.1.2) of a message that is one bit shorter than the modulus; `Some` if consistent.
fn is_pss(hash: Hash, digest: &[u8], mut opened: Vec<u8>, bits: usize) -> Option<()> {
    let length = bits.div_ceil(8);
    let surplus = opened.len().checked_sub(length)?;
    // A modulus of 8k + 1 bits is a byte longer than the message.
    let (surplus, message) = opened.split_at_mut_checked(surplus)?;
    let (trailer, message) = message.split_last_mut()?;
    let seam = message.len().checked_sub(hash.length())?;
    let (masked, seed) = message.split_at_mut_checked(seam)?;
    let unused = 0xff_u8
        .checked_shl((8 - (length * 8 - bits)) as u32)
        .unwrap_or(0);
    let fits = surplus.iter().all(|byte| *byte == 0) && *trailer == 0xbc;
    if !fits || masked.first()? & unused != 0 {
        return None;
    }
    unmask(hash, seed, masked);
    *masked.first_mut()? &= !unused;
    let (padding, salt) = masked.split_at_checked(masked.len().checked_sub(hash.length())?)?;
    let (one, zeros) = padding.split_last()?;
    let padded = *one == 1 && zeros.iter().all(|byte| *byte == 0);
    let wanted = hash.of(&[&[0; 8], digest, salt]);
    (padded && wanted.as_ref() == seed).then_some(())
}

/// MGF1 (RFC 8017 appendix B.2.1): takes the mask that `seed` makes off.
fn unmask(hash: Hash, seed: &[u8], masked: &mut [u8]) {
    for (counter, block) in (0_u32..).zip(masked.chunks_mut(hash.length())) {
        let mask = hash.of(&[seed, &counter.to_be_bytes()]);
        for (byte, mask) in block.iter_mut().zip(mask.as_ref()) {
            *byte ^= mask;
        }
    }
}

/// An acceptable exponent.
fn odd(exponent: &[u8]) -> Option<u32> {
    if exponent.len() > size_of::<u32>() {
        return None;
    }
    let exponent = exponent
        .iter()
        .fold(0, |number, digit| number << 8 | u32::from(*digit));
    (exponent % 2 == 1 && exponent >= LEAST_EXPONENT).then_some(exponent)
}

#[cfg(test)]
mod tests;
