//! Keys: those that are too weak, and those that no algorithm of their provider uses.

use super::refer::once;
use crate::document::{Jwk, Jwks, JwtAlgorithm, KeyMaterial};
use crate::finding::{Report, Severity};

pub(super) fn check(set: &Jwks, algorithms: &[JwtAlgorithm], report: &mut Report) {
    let kids = set
        .keys
        .iter()
        .filter_map(|key| Some((key.kid.as_deref()?, &*key.pointer)));
    once("key", Severity::Warning, kids, report);
    for key in &set.keys {
        fits(key, report);
        strength(key, algorithms, report);
        let used = algorithms.iter().any(|algorithm| key.serves(*algorithm));
        if !used {
            report.warning(
                &*key.pointer,
                "none of the provider's algorithms uses this key",
            );
        }
    }
}

fn fits(key: &Jwk, report: &mut Report) {
    if let Some(alg) = key.alg
        && !key.material.serves(alg)
    {
        let kind = key.material.kind();
        report.error(
            format!("{}/alg", key.pointer),
            format!("{alg} needs another key than {kind}"),
        );
    }
}

/// Lengths that no key of its kind has, and secrets too short. RSA keys are for who imports them to judge, by their numbers and
/// not their length: a weak one beside good ones, as in an issuer's old set, is left out with a warning.
fn strength(key: &Jwk, algorithms: &[JwtAlgorithm], report: &mut Report) {
    let at = &key.pointer;
    match &key.material {
        KeyMaterial::Oct { k } => {
            let least = least_secret(key, algorithms);
            if bytes(k) < least {
                let message = "a secret must be as long as the hash (RFC 7518, section 3.2)";
                let message = format!("{} bytes, {least} are needed: {message}", bytes(k));
                report.error(format!("{at}/k"), message);
            }
        }
        KeyMaterial::Ec { crv, x, y } => {
            let length = coordinate_bytes(crv);
            for (name, coordinate) in [("x", x), ("y", y)] {
                if bytes(coordinate) != length {
                    let message = format!(
                        "a coordinate of {crv} has {length} bytes (RFC 7518, section 6.2.1)"
                    );
                    report.error(format!("{at}/{name}"), message);
                }
            }
        }
        KeyMaterial::Okp { x, .. } if bytes(x) != 32 => {
            report.error(
                format!("{at}/x"),
                "an Ed25519 key has 32 bytes (RFC 8037, section 2)",
            );
        }
        _ => {}
    }
}

/// What a secret must be as long as: the shortest hash that it may serve.
fn least_secret(key: &Jwk, algorithms: &[JwtAlgorithm]) -> usize {
    let serves = algorithms
        .iter()
        .filter(|algorithm| key.serves(**algorithm));
    let serves = serves.copied().map(JwtAlgorithm::digest_bytes).min();
    serves.unwrap_or_else(|| key.alg.unwrap_or(JwtAlgorithm::Hs256).digest_bytes())
}

/// Bytes that so many base64url characters stand for.
fn bytes(base64: &str) -> usize {
    base64.len() * 3 / 4
}

fn coordinate_bytes(crv: &str) -> usize {
    match crv {
        "P-384" => 48,
        "P-521" => 66,
        _ => 32,
    }
}

// === impl Jwk ===

impl Jwk {
    /// Whether this key verifies signatures of this algorithm.
    #[must_use]
    pub fn serves(&self, algorithm: JwtAlgorithm) -> bool {
        self.material.serves(algorithm) && self.alg.is_none_or(|own| own == algorithm)
    }
}

// === impl KeyMaterial ===

impl KeyMaterial {
    /// Whether a key of this type and curve is one for this algorithm.
    #[must_use]
    pub fn serves(&self, algorithm: JwtAlgorithm) -> bool {
        use JwtAlgorithm::{
            EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384,
            Rs512,
        };
        match self {
            Self::Rsa { .. } => matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512),
            Self::Oct { .. } => matches!(algorithm, Hs256 | Hs384 | Hs512),
            Self::Okp { crv, .. } => crv == "Ed25519" && algorithm == EdDsa,
            Self::Ec { crv, .. } => match crv.as_str() {
                "P-256" => algorithm == Es256,
                "P-384" => algorithm == Es384,
                "P-521" => algorithm == Es512,
                _ => false,
            },
        }
    }

    /// `kty`, with the curve where that matters.
    fn kind(&self) -> &str {
        match self {
            Self::Rsa { .. } => "RSA",
            Self::Oct { .. } => "oct",
            Self::Ec { crv, .. } | Self::Okp { crv, .. } => crv,
        }
    }
}

// === impl JwtAlgorithm ===

impl JwtAlgorithm {
    /// Bytes of the hash that an HMAC of this name is made with.
    fn digest_bytes(self) -> usize {
        match self {
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            _ => 32,
        }
    }
}
