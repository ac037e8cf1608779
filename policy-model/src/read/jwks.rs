//! Reads JSON Web Keys (RFC 7517).
//!
//! Sets are published for many readers, so what this one cannot use is left out and said, not refused (section 5): keys
//! for encryption, of types or curves that no algorithm here has. A key that it can use must be whole.

use super::object::Obj;
use crate::document::{Jwk, Jwks, JwtAlgorithm, KeyMaterial, Spelled};
use crate::finding::Severity;

/// Members of a private key (RFC 7518, sections 6.2.2 and 6.3.2). Whoever reads the document could sign with them.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

pub(super) fn jwks(o: &mut Obj) -> Jwks {
    o.guard();
    if o.value("keys").is_none() {
        o.error("", "`keys` is missing");
    }
    Jwks {
        keys: o.list("keys", jwk),
        pointer: o.pointer(),
    }
}

pub(super) fn jwk(o: &mut Obj) -> Option<Jwk> {
    for name in [
        "x5u", "x5c", "x5t", "x5t#S256", "exp", "iat", "nbf", "iss", "ext",
    ] {
        let _ = o.value(name);
    }
    let kid = o.filled("kid");
    let material = material(o);
    let verifies = verifies(o);
    let alg = algorithm(o);
    if verifies {
        Some(Jwk {
            kid,
            alg: alg?,
            material: material?,
            pointer: o.pointer(),
        })
    } else {
        None
    }
}

/// Whether the key is for signatures (RFC 7517, sections 4.2 and 4.3).
fn verifies(o: &mut Obj) -> bool {
    let purpose = o.text("use");
    let operations = o.texts("key_ops");
    let verifies = purpose.is_none_or(|purpose| purpose == "sig")
        && operations
            .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    if !verifies {
        o.find(
            Severity::Info,
            "",
            "the key is not for verifying signatures: left out",
            None,
        );
    }
    verifies
}

/// The key's one algorithm; the outer none = the key is for one that is no signature.
#[expect(
    clippy::option_option,
    reason = "not stated and not usable are two things"
)]
fn algorithm(o: &mut Obj) -> Option<Option<JwtAlgorithm>> {
    let Some(name) = o.text("alg") else {
        return Some(None);
    };
    let known = JwtAlgorithm::SPELLINGS
        .iter()
        .find(|(spelling, _)| *spelling == name);
    if known.is_none() {
        o.warning(
            "alg",
            format!(
                "`{}` is no signature algorithm: key left out",
                super::value::shown(&name)
            ),
        );
    }
    known.map(|(_, algorithm)| Some(*algorithm))
}

fn material(o: &mut Obj) -> Option<KeyMaterial> {
    let kty = o.text("kty").unwrap_or_default();
    match kty.as_str() {
        "RSA" => {
            private(o);
            let (n, e) = (number(o, "n"), number(o, "e"));
            Some(KeyMaterial::Rsa { n: n?, e: e? })
        }
        "EC" => {
            private(o);
            let (crv, x, y) = (
                curve(o, &["P-256", "P-384", "P-521"]),
                number(o, "x"),
                number(o, "y"),
            );
            Some(KeyMaterial::Ec {
                crv: crv?,
                x: x?,
                y: y?,
            })
        }
        "OKP" => {
            private(o);
            let (crv, x) = (curve(o, &["Ed25519"]), number(o, "x"));
            Some(KeyMaterial::Okp { crv: crv?, x: x? })
        }
        "oct" => Some(KeyMaterial::Oct { k: number(o, "k")? }),
        "" => {
            o.error("", "`kty` is missing");
            None
        }
        other => {
            o.warning(
                "kty",
                format!(
                    "unknown key type `{}`: key left out",
                    super::value::shown(other)
                ),
            );
            None
        }
    }
}

/// The curve, if it is one of these, which are those of its key type.
fn curve(o: &mut Obj, known: &[&str]) -> Option<String> {
    let Some(curve) = o.filled("crv") else {
        o.error("", "`crv` is missing");
        return None;
    };
    let known = known.contains(&curve.as_str());
    if !known {
        o.warning(
            "crv",
            format!(
                "no algorithm has curve `{}` with this `kty`: key left out",
                super::value::shown(&curve)
            ),
        );
    }
    known.then_some(curve)
}

/// A number in base64url without padding.
fn number(o: &mut Obj, name: &'static str) -> Option<String> {
    let Some(number) = o.filled(name) else {
        o.error("", format!("`{name}` is missing"));
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let whole = number.bytes().all(digit) && number.len() % 4 != 1;
    if !whole {
        o.error(name, "not base64url without padding (RFC 7515, appendix C)");
    }
    whole.then_some(number)
}

fn private(o: &mut Obj) {
    for name in PRIVATE {
        if o.value(name).is_some() {
            o.warning(
                name,
                "part of a private key: it has no place in a policy document",
            );
        }
    }
}

// === impl KeyMaterial ===

impl KeyMaterial {
    /// The algorithm that is meant if neither key nor provider names one.
    #[must_use]
    pub fn usual(&self) -> Option<JwtAlgorithm> {
        match self {
            Self::Rsa { .. } => Some(JwtAlgorithm::Rs256),
            Self::Oct { .. } => Some(JwtAlgorithm::Hs256),
            Self::Ec { crv, .. } => match crv.as_str() {
                "P-256" => Some(JwtAlgorithm::Es256),
                "P-384" => Some(JwtAlgorithm::Es384),
                "P-521" => Some(JwtAlgorithm::Es512),
                _ => None,
            },
            Self::Okp { .. } => Some(JwtAlgorithm::EdDsa),
        }
    }
}
