//! Whether a token was signed by one of the document's keys (RFC 7515 section 5.2, RFC 7518 section 3, RFC 8037).
//!
//! RSA by PKCS#1 v1.5 and ECDSA go to the host's own crypto library, fifteen to thirty times faster than the same code in a
//! Wasm module. The host has no HMAC, PSS or Ed25519: they are checked here. At a host without that function PKCS#1 v1.5 is
//! checked here too, by what PSS brings along; ECDSA would need 47 KiB for one curve, so there its tokens are refused, with a
//! reason of its own. Which it is shows at the first answer and is then remembered.

use crate::{
    algorithm::Algorithm,
    foreign::Verifier,
    hash::Hash,
    jwk::{KeySet, Material},
    jws::Jws,
};
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
    /// The host has no `verify_signature`, and ECDSA needs it.
    NoVerifier,
    /// The host failed.
    Host(HostError),
}

/// Checks a token's signature against the keys that its header allows.
///
/// # Errors
///
/// [`SignatureError`]: the token must not be believed.
pub(crate) fn check(
    jws: &Jws<'_>,
    keys: &KeySet,
    allowed: &[Algorithm],
    verifier: &Verifier,
    host: &dyn Host,
) -> Result<(), SignatureError> {
    let verifier = (verifier, host);
    if !allowed.contains(&jws.algorithm) {
        return Err(SignatureError::AlgorithmNotAllowed(jws.algorithm));
    }
    let mut verdict = Err(SignatureError::UnknownKey);
    for key in keys
        .candidates(jws.algorithm, jws.kid.as_deref())
        .take(MAX_TRIALS)
    {
        verdict = check_with(jws, &key.material, verifier);
        if verdict != Err(SignatureError::Wrong) {
            return verdict;
        }
    }
    verdict
}

fn check_with(
    jws: &Jws<'_>,
    key: &Material,
    (verifier, host): (&Verifier, &dyn Host),
) -> Result<(), SignatureError> {
    let (signature, text) = (jws.signature.as_slice(), jws.signing_input);
    let ask = |hash: Hash, key: &[u8], signature: &[u8]| {
        let verdict = verifier.verify(host, hash, key, signature, text);
        verdict.map_err(SignatureError::Host)
    };
    let right = match key {
        Material::Hmac(secret) => secret.verify(signature, text),
        Material::Pss(hash, key) => key.verify_pss(*hash, signature, text),
        Material::Ed25519(key) => key.verify(signature, text),
        Material::Pkcs1(hash, key) => ask(*hash, &key.info, signature)?
            .unwrap_or_else(|| key.verify_pkcs1(*hash, signature, text)),
        Material::Ecdsa(curve, key) => {
            let signature = curve.signature(signature).ok_or(SignatureError::Wrong)?;
            ask(curve.hash(), key, &signature)?.ok_or(SignatureError::NoVerifier)?
        }
    };
    right.then_some(()).ok_or(SignatureError::Wrong)
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
mod published;
#[cfg(test)]
mod tests;
