//! JSON Web Keys (RFC 7517) as the document holds them: numbers still in base64url, to be imported by who verifies.

use super::spelled::spelled;
use std::rc::Rc;

spelled! {
    /// A signature algorithm (RFC 7518, section 3.1; RFC 8037). `none` is not one.
    pub enum JwtAlgorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        Rs384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        Rs512 = "RS512",
        /// RSASSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// RSASSA-PSS with SHA-384.
        Ps384 = "PS384",
        /// RSASSA-PSS with SHA-512.
        Ps512 = "PS512",
        /// ECDSA over P-256 with SHA-256.
        Es256 = "ES256",
        /// ECDSA over P-384 with SHA-384.
        Es384 = "ES384",
        /// ECDSA over P-521 with SHA-512.
        Es512 = "ES512",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

/// A set of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks {
    /// The keys, in the order of the document; those of unknown types are left out (RFC 7517, section 5).
    pub keys: Vec<Jwk>,
    /// JSON pointer of the set.
    pub pointer: Rc<str>,
}

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    /// Its id.
    pub kid: Option<String>,
    /// The one algorithm it is for.
    pub alg: Option<JwtAlgorithm>,
    /// The key itself.
    pub material: KeyMaterial,
    /// JSON pointer of the key.
    pub pointer: Rc<str>,
}

/// A key; all members are base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// RSA.
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// Elliptic curve.
    Ec {
        /// `P-256`, `P-384` or `P-521`.
        crv: String,
        /// X coordinate.
        x: String,
        /// Y coordinate.
        y: String,
    },
    /// Shared secret.
    Oct {
        /// The secret.
        k: String,
    },
    /// Octet key pair (RFC 8037).
    Okp {
        /// `Ed25519`.
        crv: String,
        /// Public key.
        x: String,
    },
}

// === impl Jwk ===

/// Says which key it is and nothing of what it holds: a key never gets into a log.
impl std::fmt::Debug for Jwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwk")
            .field("kid", &self.kid)
            .field("alg", &self.alg)
            .field("material", &self.material)
            .finish_non_exhaustive()
    }
}

// === impl KeyMaterial ===

impl std::fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rsa { .. } => "Rsa",
            Self::Ec { .. } => "Ec",
            Self::Oct { .. } => "Oct",
            Self::Okp { .. } => "Okp",
        })
    }
}
