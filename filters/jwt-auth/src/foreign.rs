//! What Envoy's foreign function `verify_signature` is told and what it answers.
//!
//! Both are protobuf messages of a handful of fields, so they are written and read by hand: one allocation, no generated
//! code in the module. `VerifySignatureArguments {1 hash_function, 2 public_key, 3 signature, 4 text}` goes in,
//! `VerifySignatureResult {1 result, 2 error}` comes out. **A wrong signature is a call that succeeds**: only a `result` that
//! is there and true says yes.

use crate::hash::Hash;
use host::{
    Host, HostError,
    protobuf::{Field, put_bytes, take_field},
};
use std::cell::Cell;

/// The function's name at the host.
pub(crate) const NAME: &str = "verify_signature";

/// The host's verifier, or the memory that there is none: a host that has once said so is not asked again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verifier {
    missing: Cell<bool>,
}

// === impl Verifier ===

impl Verifier {
    /// Asks the host whether `signature` over `text` is `public_key`'s; `None` if the host has no such function.
    ///
    /// `public_key` is a SubjectPublicKeyInfo; `signature` is PKCS#1 v1.5 for RSA and an ECDSA-Sig-Value for ECDSA.
    ///
    /// # Errors
    ///
    /// [`HostError::BadAnswer`] if its answer cannot be read, others as the host reports them.
    pub(crate) fn verify(
        &self,
        host: &dyn Host,
        hash: Hash,
        public_key: &[u8],
        signature: &[u8],
        text: &[u8],
    ) -> Result<Option<bool>, HostError> {
        if self.missing.get() {
            return Ok(None);
        }
        match host.call_foreign(NAME, &encode(hash, public_key, signature, text)) {
            Ok(answer) => decode(&answer).map(Some).ok_or(HostError::BadAnswer),
            Err(HostError::NotFound) => {
                self.missing.set(true);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Encodes the question; a tag and at most five bytes of length go before each field.
fn encode(hash: Hash, public_key: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    let fields = [hash.name().as_bytes(), public_key, signature, text];
    let mut out = Vec::with_capacity(fields.iter().map(|field| field.len() + 6).sum());
    for (number, field) in (1..).zip(fields) {
        put_bytes(&mut out, number, field);
    }
    out
}

/// Whether the answer says that the signature is right; `None` if it cannot be read.
fn decode(mut answer: &[u8]) -> Option<bool> {
    let mut result = false;
    while !answer.is_empty() {
        if let (1, Field::Varint(value)) = take_field(&mut answer)? {
            result = value != 0;
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_question_is_four_fields() {
        let long = [7; 200];
        let message = encode(Hash::Sha256, b"key", b"", &long);
        let mut expected = b"\x0a\x06sha256\x12\x03key\x1a\x00\x22\xc8\x01".to_vec();
        expected.extend_from_slice(&long);
        assert_eq!(message, expected);
    }

    #[test]
    fn only_a_true_result_is_a_yes() {
        assert_eq!(decode(b"\x08\x01"), Some(true));
        for no in [
            b"".as_slice(),
            b"\x08\x00",
            b"\x12\x03bad",
            b"\x10\x01",
            b"\x08\x01\x08\x00",
        ] {
            assert_eq!(decode(no), Some(false), "{no:?}");
        }
        assert_eq!(decode(b"\x12\x03bad\x08\x01"), Some(true));
    }

    #[test]
    fn an_answer_that_ends_early_is_none() {
        for broken in [
            b"\x08".as_slice(),
            b"\x08\x80",
            b"\x12\x04bad",
            b"\x0b",
            b"\x09\x01",
            &[0xff; 20],
        ] {
            assert_eq!(decode(broken), None, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in any::<Vec<u8>>()) {
            let _ = decode(&answer);
        }
    }
}
