//! Why a caller is not believed.
//!
//! The caller learns only that his token is invalid (RFC 6750 section 3.1): anything finer helps a forger more than a client.
//! The operator learns all of it, in the access log's response-code details and in one log line, but never the token: a token
//! in a log is a credential in a log.

use crate::{claims::ClaimError, jws::Malformed, signature::SignatureError};
use std::fmt;

/// Why a request is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// There is no token where one is needed.
    Missing,
    /// There are two tokens, and the upstream might believe the other one.
    Ambiguous,
    /// It is no token that could be checked.
    Malformed(Malformed),
    /// The keys that it must be checked with have not come yet.
    KeysUnavailable,
    /// Its signature does not count.
    Signature(SignatureError),
    /// It is a token of another kind.
    Type,
    /// A claim speaks against it.
    Claim(ClaimError),
}

// === impl AuthError ===

impl AuthError {
    /// The reason as it begins the response-code details: one word per case, stable.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "steward_jwt_missing",
            Self::Ambiguous => "steward_jwt_ambiguous",
            Self::Malformed(malformed) => match malformed {
                Malformed::TooLong => "steward_jwt_too_long",
                Malformed::Algorithm => "steward_jwt_algorithm",
                _ => "steward_jwt_malformed",
            },
            Self::KeysUnavailable => "steward_jwt_keys_unavailable",
            Self::Signature(error) => match error {
                SignatureError::AlgorithmNotAllowed(_) => "steward_jwt_algorithm",
                SignatureError::UnknownKey => "steward_jwt_unknown_key",
                SignatureError::Wrong => "steward_jwt_signature",
                SignatureError::NoVerifier => "steward_jwt_no_verifier",
                SignatureError::Host(_) => "steward_jwt_verifier_failed",
            },
            Self::Type => "steward_jwt_type",
            Self::Claim(error) => match error {
                ClaimError::Issuer => "steward_jwt_issuer",
                ClaimError::Audience => "steward_jwt_audience",
                ClaimError::Subject => "steward_jwt_subject",
                ClaimError::NoClock => "steward_jwt_no_clock",
                ClaimError::NoExpiration => "steward_jwt_no_expiration",
                ClaimError::Expired(_) => "steward_jwt_expired",
                ClaimError::NotYetValid(_) => "steward_jwt_not_yet_valid",
                ClaimError::IssuedInFuture(_) => "steward_jwt_issued_in_future",
                ClaimError::Lifetime(_) => "steward_jwt_lifetime",
                ClaimError::NotATime(_) => "steward_jwt_time",
                ClaimError::Required(_) => "steward_jwt_claim",
            },
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no token"),
            Self::Ambiguous => f.write_str("more than one token"),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::KeysUnavailable => f.write_str("the issuer's keys have not come yet"),
            Self::Signature(error) => error.fmt(f),
            Self::Type => f.write_str("typ is none of the types"),
            Self::Claim(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AuthError {}

impl From<Malformed> for AuthError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<SignatureError> for AuthError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<ClaimError> for AuthError {
    fn from(error: ClaimError) -> Self {
        Self::Claim(error)
    }
}
