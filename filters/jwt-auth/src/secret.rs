//! Shared secrets: HMAC (RFC 7518 section 3.2), compared in constant time, tags taken whole.

use crate::hash::Hash;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

/// A secret, already mixed into its hash's state.
#[derive(Clone)]
pub(crate) enum Secret {
    Sha256(Box<Hmac<Sha256>>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
}

// === impl Secret ===

impl Secret {
    /// A secret for this hash; none if it is shorter than the hash.
    pub(crate) fn new(hash: Hash, secret: &[u8]) -> Option<Self> {
        if secret.len() < hash.length() {
            return None;
        }
        Some(match hash {
            Hash::Sha256 => Self::Sha256(state(secret)?),
            Hash::Sha384 => Self::Sha384(state(secret)?),
            Hash::Sha512 => Self::Sha512(state(secret)?),
        })
    }

    /// Whether `tag` over `text` is this secret's.
    pub(crate) fn verify(&self, tag: &[u8], text: &[u8]) -> bool {
        match self {
            Self::Sha256(state) => verify(&**state, tag, text),
            Self::Sha384(state) => verify(&**state, tag, text),
            Self::Sha512(state) => verify(&**state, tag, text),
        }
    }
}

fn state<M: KeyInit>(secret: &[u8]) -> Option<Box<M>> {
    M::new_from_slice(secret).ok().map(Box::new)
}

/// `verify_slice` compares in constant time and takes no shortened tag.
fn verify<M: Mac + Clone>(state: &M, tag: &[u8], text: &[u8]) -> bool {
    state.clone().chain_update(text).verify_slice(tag).is_ok()
}
