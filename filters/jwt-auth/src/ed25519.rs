//! EdDSA on Ed25519 (RFC 8037 section 3.1, RFC 8032 section 5.1), strictly.
//!
//! Readers differ in the odd corners: points of small order, encodings above the prime, an S above the group's order. There
//! a signature can hold for two messages, or a token have a twin of other bytes. All of them are refused here, and keys that
//! would lead there already as keys.

use ed25519_dalek::{Signature, VerifyingKey};

/// A public key.
#[derive(Clone)]
pub(crate) struct Ed25519Key(VerifyingKey);

// === impl Ed25519Key ===

impl Ed25519Key {
    /// A key from its encoding; none if that is no point of large order in its one proper form.
    pub(crate) fn new(encoded: &[u8; 32]) -> Option<Self> {
        if !is_canonical(encoded) {
            return None;
        }
        let key = VerifyingKey::from_bytes(encoded).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// Whether `signature` over `text` is this key's.
    pub(crate) fn verify(&self, signature: &[u8], text: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(text, &signature).is_ok())
    }
}

/// Whether y is below the prime 2²⁵⁵ - 19 (RFC 8032 section 5.1.3), little-endian, the highest bit being x's sign.
fn is_canonical(encoded: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = encoded;
    highest & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *lowest < 0xed
}

#[cfg(test)]
mod tests;
