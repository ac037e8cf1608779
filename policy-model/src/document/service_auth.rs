//! Authentication as JoyLive's files state it: per service, by the application that calls.

use super::{jwks::JwtAlgorithm, meta::Mode, spelled::spelled};
use std::{fmt, rc::Rc};

spelled! {
    /// How an application proves who it is.
    pub enum AuthType {
        /// By a shared token.
        Token = "token",
        /// By a JSON Web Token.
        Jwt = "jwt",
        /// Not at all.
        None = "none",
    }
}

spelled! {
    /// A signature algorithm by the names that Java has for it.
    pub enum JavaAlgorithm {
        /// HMAC with SHA-256.
        Hmac256 = "HS256" | "HMAC256" | "HmacSHA256",
        /// HMAC with SHA-384.
        Hmac384 = "HS384" | "HMAC384" | "HmacSHA384",
        /// HMAC with SHA-512.
        Hmac512 = "HS512" | "HMAC512" | "HmacSHA512",
        /// RSA with SHA-256.
        Rsa256 = "RS256" | "RSA256" | "SHA256withRSA",
        /// RSA with SHA-384.
        Rsa384 = "RS384" | "RSA384" | "SHA384withRSA",
        /// RSA with SHA-512.
        Rsa512 = "RS512" | "RSA512" | "SHA512withRSA",
        /// ECDSA with SHA-256.
        Ecdsa256 = "ES256" | "ECDSA256" | "SHA256withECDSA",
        /// ECDSA with SHA-384.
        Ecdsa384 = "ES384" | "ECDSA384" | "SHA384withECDSA",
        /// ECDSA with SHA-512.
        Ecdsa512 = "ES512" | "ECDSA512" | "SHA512withECDSA",
    }
}

/// How applications prove who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthPolicy {
    /// The application; not stated = any.
    pub application: Option<String>,
    /// How it proves it.
    pub auth_type: Option<AuthType>,
    /// Shared tokens. Where there are none, those of JoyLive's `params`.
    pub token_policies: Vec<TokenPolicy>,
    /// Keys of tokens. Where there are none, those of JoyLive's `params`.
    pub jwt_policies: Vec<JwtPolicy>,
    /// Whether it is there at all.
    pub enabled: bool,
    /// Whether it acts or only watches.
    pub mode: Mode,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}

/// A shared token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The header, in lower case; not stated in the document = `authorization`.
    pub key: String,
    /// The token.
    pub token: String,
    /// Milliseconds since the epoch from which it counts.
    pub start_time_ms: i64,
    /// Milliseconds since the epoch until which it counts; 0 or less = for ever.
    pub end_time_ms: i64,
    /// JSON pointer of the token's entry.
    pub pointer: Rc<str>,
}

/// The key of an application's JSON Web Tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtPolicy {
    /// The header, in lower case; not stated in the document = `authorization`.
    pub key: String,
    /// The signature algorithm.
    pub algorithm: Option<JavaAlgorithm>,
    /// Where keys are: `file` or `classpath`.
    pub key_store: Option<String>,
    /// The public key itself, as PEM or base64; in JoyLive the name of a file.
    pub public_key: Option<String>,
    /// The shared secret, as text.
    pub secret_key: Option<String>,
    /// Milliseconds since the epoch from which it counts.
    pub start_time_ms: i64,
    /// Milliseconds since the epoch until which it counts; 0 or less = for ever.
    pub end_time_ms: i64,
    /// JSON pointer of the key's entry.
    pub pointer: Rc<str>,
}

// === impl JavaAlgorithm ===

impl JavaAlgorithm {
    /// The algorithm as a token names it.
    #[must_use]
    pub fn registered(self) -> JwtAlgorithm {
        match self {
            Self::Hmac256 => JwtAlgorithm::Hs256,
            Self::Hmac384 => JwtAlgorithm::Hs384,
            Self::Hmac512 => JwtAlgorithm::Hs512,
            Self::Rsa256 => JwtAlgorithm::Rs256,
            Self::Rsa384 => JwtAlgorithm::Rs384,
            Self::Rsa512 => JwtAlgorithm::Rs512,
            Self::Ecdsa256 => JwtAlgorithm::Es256,
            Self::Ecdsa384 => JwtAlgorithm::Es384,
            Self::Ecdsa512 => JwtAlgorithm::Es512,
        }
    }

    /// The shortest secret that it takes, in bytes: as long as the hash (RFC 7518, section 3.2). None where it takes none.
    #[must_use]
    pub fn least_secret(self) -> Option<usize> {
        match self {
            Self::Hmac256 => Some(32),
            Self::Hmac384 => Some(48),
            Self::Hmac512 => Some(64),
            _ => None,
        }
    }
}

// === impl TokenPolicy ===

/// A token never gets into a log.
impl fmt::Debug for TokenPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPolicy")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

// === impl JwtPolicy ===

/// A secret never gets into a log.
impl fmt::Debug for JwtPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtPolicy")
            .field("key", &self.key)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
