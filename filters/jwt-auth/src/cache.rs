//! Tokens that have been believed, so that the next request with one need not be verified anew.
//!
//! A token is found by SipHash-2-4 with 128 bits under a key that this VM has drawn and nobody sees: a MAC, so that nobody can
//! make two tokens that are taken for one (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). SHA-256 would cost ten
//! times as much. Only believed tokens get in, so who has none cannot push others out. Times are held against the clock at
//! every hit; everything else that was judged (signature, issuer, audience, required claims) depends on the document alone,
//! and a new document comes with a new cache.
//!
//! It is bounded in entries and bytes: a table of small sets, and in a full set the entry goes that was not used for longest.

use crate::proof::Proof;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::{cell::RefCell, hash::Hasher, rc::Rc};

/// The tokens of one document in one VM.
pub(crate) struct Cache {
    key: [u8; 16],
    /// At most so many bytes of proofs.
    bytes: usize,
    sets: RefCell<Sets>,
}

/// A token, as far as the cache knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64, u64);

#[derive(Default)]
struct Sets {
    sets: Box<[Vec<Entry>]>,
    /// Bytes of all proofs.
    bytes: usize,
    /// Counts uses.
    uses: u32,
}

struct Entry {
    fingerprint: Fingerprint,
    /// The count of uses when it was last used.
    used: u32,
    proof: Rc<Proof>,
}

/// Entries of one set: with fewer, some sets would overflow long before all are full; with more, a look-up walks longer.
const WAYS: usize = 16;

/// Bytes for each entry, so that 10,000 take 4 MiB. Its share of the table and the allocator's own notes come on top.
const BYTES_PER_ENTRY: usize = 320;

// === impl Cache ===

impl Cache {
    /// A cache of about so many tokens; of none, it keeps none. `key` is random.
    pub(crate) fn new(entries: usize, key: [u8; 16]) -> Self {
        let sets = (0..entries.div_ceil(WAYS)).map(|_| Vec::new()).collect();
        Self {
            key,
            bytes: entries.saturating_mul(BYTES_PER_ENTRY),
            sets: RefCell::new(Sets {
                sets,
                ..Sets::default()
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
        let found = sets
            .set(token)?
            .iter_mut()
            .find(|entry| entry.is(token, provider))?;
        found.used = now;
        Some(Rc::clone(&found.proof))
    }

    /// Whether the provider at this place is known never to believe a token.
    pub(crate) fn passes_over(&self, token: Fingerprint, provider: usize) -> bool {
        let mut sets = self.sets.borrow_mut();
        let mut set = sets.set(token).into_iter().flatten();
        set.any(|entry| entry.fingerprint == token && entry.proof.passed_over.contains(&provider))
    }

    /// Keeps a proof, if there is room for its size.
    pub(crate) fn keep(&self, token: Fingerprint, proof: &Rc<Proof>) {
        self.forget(token, proof.provider);
        let mut sets = self.sets.borrow_mut();
        while sets.is_full(token) || sets.bytes.saturating_add(proof.size()) > self.bytes {
            if !sets.drop_oldest(token) {
                return;
            }
        }
        sets.bytes = sets.bytes.saturating_add(proof.size());
        let used = sets.uses;
        if let Some(set) = sets.set(token) {
            set.push(Entry {
                fingerprint: token,
                used,
                proof: Rc::clone(proof),
            });
        }
    }

    /// Drops a proof whose time is over.
    pub(crate) fn forget(&self, token: Fingerprint, provider: usize) {
        let mut sets = self.sets.borrow_mut();
        let place = |set: &mut Vec<Entry>| set.iter().position(|entry| entry.is(token, provider));
        if let Some(place) = sets.set(token).and_then(place) {
            sets.remove(token, place);
        }
    }
}

// === impl Sets ===

impl Sets {
    fn set(&mut self, token: Fingerprint) -> Option<&mut Vec<Entry>> {
        let index = token.0.checked_rem(self.sets.len() as u64)?;
        self.sets.get_mut(usize::try_from(index).ok()?)
    }

    fn is_full(&mut self, token: Fingerprint) -> bool {
        self.set(token).is_none_or(|set| set.len() >= WAYS)
    }

    /// Whether there was one.
    fn drop_oldest(&mut self, token: Fingerprint) -> bool {
        let uses = self.uses;
        let oldest = |set: &mut Vec<Entry>| {
            let entries = set.iter().enumerate();
            entries
                .max_by_key(|(_, entry)| uses.wrapping_sub(entry.used))
                .map(|(place, _)| place)
        };
        let oldest = self.set(token).and_then(oldest);
        oldest.is_some_and(|place| self.remove(token, place))
    }

    fn remove(&mut self, token: Fingerprint, place: usize) -> bool {
        let removed = self.set(token).map(|set| set.swap_remove(place));
        let size = removed.as_ref().map_or(0, |entry| entry.proof.size());
        self.bytes = self.bytes.saturating_sub(size);
        removed.is_some()
    }
}

// === impl Entry ===

impl Entry {
    fn is(&self, token: Fingerprint, provider: usize) -> bool {
        self.fingerprint == token && self.proof.provider == provider
    }
}

#[cfg(test)]
mod tests;
