//! Whether a token was signed by one of the document's keys (RFC 7515 section 5.2, RFC 7518 sections 3.2 to 3.4).
//!
//! HMAC is checked here: it takes under two microseconds and a call to the host would not be cheaper. RSA and ECDSA go to the
//! host's own crypto library, fifteen to thirty times faster than the same code in a Wasm module. A host without that
//! function cannot check them, and the token is then refused with a reason of its own.

use crate::{
    algorithm::Algorithm,
    der, foreign,
    jwk::{KeySet, Material},
    jws::Jws,
};
use hmac::Mac;
use host::{Host, HostError};
use std::fmt;

/// How many keys one token is tried against. A token with a `kid` meets one key as a rule; one without could make us check
/// against every key of the set, and each costs tens of microseconds.
pub const MAX_TRIALS: usize = 8;

/// Why a token's signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// The provider does not allow the token's algorithm.
    AlgorithmNotAllowed(Algorithm),
    /// No key of the set fits `alg` and `kid`.
    UnknownKey,
    /// The signature is no key's.
    Wrong,
    /// The host has no `verify_signature`, and this algorithm needs it.
    NoVerifier,
    /// The host failed.
    Host(HostError),
}

/// Checks a token's signature against the keys that its header allows.
///
/// # Errors
///
/// [`SignatureError`]: the token must not be believed.
pub fn check(
    jws: &Jws<'_>,
    keys: &KeySet,
    allowed: &[Algorithm],
    host: &dyn Host,
) -> Result<(), SignatureError> {
    if !allowed.contains(&jws.algorithm) {
        return Err(SignatureError::AlgorithmNotAllowed(jws.algorithm));
    }
    let mut verdict = Err(SignatureError::UnknownKey);
    for key in keys
        .candidates(jws.algorithm, jws.kid.as_deref())
        .take(MAX_TRIALS)
    {
        verdict = check_with(jws, &key.material, host);
        if verdict != Err(SignatureError::Wrong) {
            return verdict;
        }
    }
    verdict
}

fn check_with(jws: &Jws<'_>, key: &Material, host: &dyn Host) -> Result<(), SignatureError> {
    match key {
        // `verify_slice` compares in constant time and takes no shortened tag.
        Material::Hs256(state) => {
            let mac = state.clone().chain_update(jws.signing_input);
            mac.verify_slice(&jws.signature)
                .map_err(|_| SignatureError::Wrong)
        }
        Material::Rs256(public_key) => ask(host, public_key, &jws.signature, jws.signing_input),
        Material::Es256(public_key) => {
            let signature = es256_to_der(&jws.signature).ok_or(SignatureError::Wrong)?;
            ask(host, public_key, &signature, jws.signing_input)
        }
    }
}

fn ask(
    host: &dyn Host,
    public_key: &[u8],
    signature: &[u8],
    text: &[u8],
) -> Result<(), SignatureError> {
    match foreign::verify(host, public_key, signature, text) {
        Ok(true) => Ok(()),
        Ok(false) => Err(SignatureError::Wrong),
        Err(HostError::NotFound) => Err(SignatureError::NoVerifier),
        Err(error) => Err(SignatureError::Host(error)),
    }
}

/// An ES256 signature is R and S, 32 bytes each (RFC 7518 section 3.4). Neither may be zero (FIPS 186-5 section 6.4.2): the
/// all-zero signature passed for any message where that was forgotten (CVE-2022-21449).
fn es256_to_der(signature: &[u8]) -> Option<Vec<u8>> {
    let signature: &[u8; 64] = signature.try_into().ok()?;
    let (r, s) = signature.split_at(32);
    let is_zero = |number: &[u8]| number.iter().all(|byte| *byte == 0);
    (!is_zero(r) && !is_zero(s)).then(|| der::ecdsa_signature(r, s))
}

// === impl SignatureError ===

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlgorithmNotAllowed(algorithm) => write!(f, "{algorithm} is not allowed"),
            Self::UnknownKey => f.write_str("no key fits the token's alg and kid"),
            Self::Wrong => f.write_str("the signature is wrong"),
            Self::NoVerifier => f.write_str("this host has no verify_signature"),
            Self::Host(error) => write!(f, "verify_signature failed: {error}"),
        }
    }
}

impl std::error::Error for SignatureError {}

#[cfg(test)]
mod tests;
