//! The signature algorithms by their registered names (RFC 7518 section 3.1, RFC 8037 section 3.1), and the hash of each.
//!
//! The document's own enum, without `none`: a token that claims no signature cannot even be expressed behind the parser
//! (RFC 8725 section 3.2). A token's `alg` is compared byte by byte, as RFC 7515 section 4.1.1 demands, so `None` and
//! `hs256` are as unknown as `foo`; only a document may write the names as it likes.

use crate::hash::Hash;
use policy_model::document::Spelled;

pub use policy_model::document::JwtAlgorithm as Algorithm;

/// The algorithm that a token's header calls by this name.
#[must_use]
pub fn from_name(name: &str) -> Option<Algorithm> {
    let mut spellings = Algorithm::SPELLINGS.iter();
    spellings
        .find(|(own, _)| *own == name)
        .map(|(_, algorithm)| *algorithm)
}

/// The hash that it signs. Ed25519 has its own inside.
pub(crate) fn hash(algorithm: Algorithm) -> Hash {
    use Algorithm::{
        EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512,
    };
    match algorithm {
        Hs256 | Rs256 | Ps256 | Es256 => Hash::Sha256,
        Hs384 | Rs384 | Ps384 | Es384 => Hash::Sha384,
        Hs512 | Rs512 | Ps512 | Es512 | EdDsa => Hash::Sha512,
    }
}
