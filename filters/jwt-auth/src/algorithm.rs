//! The signature algorithms carried out here, by their RFC 7518 section 3.1 names.
//!
//! An enum without `none`: a token that claims no signature cannot even be expressed behind the parser (RFC 8725 section
//! 3.2). Names are compared byte by byte, as RFC 7515 section 4.1.1 demands, so `None` and `hs256` are as unknown as `foo`.

use policy_model::document::JwtAlgorithm;
use std::fmt;

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// HMAC with SHA-256 under a shared secret.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

// === impl Algorithm ===

impl Algorithm {
    /// Every algorithm carried out.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Rs256, Self::Es256];

    /// The algorithm of this name, if it is carried out here.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// What a document names, if it is carried out here.
    #[must_use]
    pub fn carried_out(stated: JwtAlgorithm) -> Option<Self> {
        match stated {
            JwtAlgorithm::Hs256 => Some(Self::Hs256),
            JwtAlgorithm::Rs256 => Some(Self::Rs256),
            JwtAlgorithm::Es256 => Some(Self::Es256),
            _ => None,
        }
    }

    /// Its registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
