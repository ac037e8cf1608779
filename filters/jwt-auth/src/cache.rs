//! Tokens that have been believed, so that the next request with one need not be verified anew.
//!
//! A token is found by SipHash-2-4 with 128 bits under a key that this VM has drawn and nobody sees: a MAC, so that nobody can
//! make two tokens that are taken for one (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). SHA-256 would cost ten
//! times as much. Only believed tokens get in, so who has none cannot push others out. Times are held against the clock at
//! every hit; everything else that was judged (signature, issuer, audience, required claims) depends on the document and on the
//! issuers' keys: a new document comes with a new cache, and new keys clear it.
//!
//! It is bounded in entries and bytes: a table of small sets, each bounded in both, and in a full set the entry goes that was
//! not used for longest.

use crate::proof::Proof;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::{cell::RefCell, hash::Hasher, rc::Rc};

/// The tokens of one document in one VM.
pub(crate) struct Cache {
    key: [u8; 16],
    sets: RefCell<Sets>,
}

/// A token, as far as the cache knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64, u64);

struct Sets {
    sets: Box<[Set]>,
    /// Counts uses.
    uses: u32,
}

/// A few tokens, and the bytes of their proofs.
#[derive(Default)]
struct Set {
    entries: Vec<Entry>,
    bytes: usize,
}

struct Entry {
    fingerprint: Fingerprint,
    /// The count of uses when it was last used.
    used: u32,
    proof: Rc<Proof>,
}

/// Entries of one set: with fewer, some sets would overflow long before all are full; with more, a look-up walks longer.
const WAYS: usize = 16;

/// Bytes of one set's proofs, so that the sets of 10,000 tokens stay below 4 MiB with their entries (16 of 24 bytes, in a module)
/// and themselves. A proof that is larger is not kept.
const BYTES: usize = WAYS * 384;

// === impl Cache ===

impl Cache {
    /// A cache of about so many tokens; of none, it keeps none. `key` is random.
    pub(crate) fn new(entries: usize, key: [u8; 16]) -> Self {
        let sets = (0..entries.div_ceil(WAYS)).map(|_| Set::default());
        Self {
            key,
            sets: RefCell::new(Sets {
                sets: sets.collect(),
                uses: 0,
            }),
        }
    }

    pub(crate) fn fingerprint(&self, token: &[u8]) -> Fingerprint {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(token);
        let hash = hasher.finish128();
        Fingerprint(hash.h1, hash.h2)
    }

    /// What a token has proved to the provider at this place.
    pub(crate) fn get(&self, token: Fingerprint, provider: usize) -> Option<Rc<Proof>> {
        let mut sets = self.sets.borrow_mut();
        sets.uses = sets.uses.wrapping_add(1);
        let now = sets.uses;
        let mut entries = sets.set(token)?.entries.iter_mut();
        let found = entries.find(|entry| entry.is(token, provider))?;
        found.used = now;
        Some(Rc::clone(&found.proof))
    }

    /// Whether the provider at this place is known never to believe a token.
    pub(crate) fn passes_over(&self, token: Fingerprint, provider: usize) -> bool {
        let mut sets = self.sets.borrow_mut();
        let mut entries = sets.set(token).into_iter().flat_map(|set| &set.entries);
        entries
            .any(|entry| entry.fingerprint == token && entry.proof.passed_over.contains(&provider))
    }

    /// Keeps a proof, in place of those of its set that were not used for longest.
    pub(crate) fn keep(&self, token: Fingerprint, proof: &Rc<Proof>) {
        self.forget(token, proof.provider);
        let mut sets = self.sets.borrow_mut();
        let used = sets.uses;
        let size = proof.size();
        if let Some(set) = sets.set(token).filter(|_| size <= BYTES) {
            set.make_room(size, used);
            set.bytes += size;
            set.entries.push(Entry {
                fingerprint: token,
                used,
                proof: Rc::clone(proof),
            });
        }
    }

    /// Drops all proofs: what they were judged by has changed.
    pub(crate) fn clear(&self) {
        let mut sets = self.sets.borrow_mut();
        sets.sets.fill_with(Set::default);
    }

    /// Drops a proof: its time is over, or another one takes its place.
    pub(crate) fn forget(&self, token: Fingerprint, provider: usize) {
        let mut sets = self.sets.borrow_mut();
        if let Some(set) = sets.set(token) {
            set.drop_first(|entry| entry.is(token, provider));
        }
    }
}

// === impl Sets ===

impl Sets {
    fn set(&mut self, token: Fingerprint) -> Option<&mut Set> {
        let index = token.0.checked_rem(self.sets.len() as u64)?;
        self.sets.get_mut(usize::try_from(index).ok()?)
    }
}

// === impl Set ===

impl Set {
    /// Drops entries until one more of this size fits.
    fn make_room(&mut self, size: usize, now: u32) {
        while self.entries.len() >= WAYS || self.bytes + size > BYTES {
            let ages = self
                .entries
                .iter()
                .map(|entry| now.wrapping_sub(entry.used));
            let Some(oldest) = ages.max() else { return };
            self.drop_first(|entry| now.wrapping_sub(entry.used) == oldest);
        }
    }

    fn drop_first(&mut self, is_it: impl Fn(&Entry) -> bool) {
        if let Some(place) = self.entries.iter().position(is_it) {
            let dropped = self.entries.swap_remove(place);
            self.bytes = self.bytes.saturating_sub(dropped.proof.size());
        }
    }
}

// === impl Entry ===

impl Entry {
    fn is(&self, token: Fingerprint, provider: usize) -> bool {
        self.fingerprint == token && self.proof.provider == provider
    }
}

#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;
