//! The three hashes of RFC 7518, chosen at run time: one verifier serves them all, where a generic one would be in the module
//! three times.

use sha2::{Sha256, Sha384, Sha512};

/// A hash of the SHA-2 family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// What a hash makes of its input: as long as the hash.
pub(crate) struct Digest {
    /// At the front, zeros behind.
    bytes: [u8; 64],
    length: usize,
}

// === impl Hash ===

impl Hash {
    /// Its name at the host.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Its length in bytes.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The hash of the parts, one after the other.
    pub(crate) fn of(self, parts: &[&[u8]]) -> Digest {
        match self {
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
    }
}

fn of<D: sha2::Digest>(parts: &[&[u8]]) -> Digest {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    let mut digest = Digest {
        bytes: [0; 64],
        length: 0,
    };
    for (to, from) in digest.bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
        digest.length += 1;
    }
    digest
}

// === impl Digest ===

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}
