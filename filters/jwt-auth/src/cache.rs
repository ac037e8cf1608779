//! Tokens that have been believed, so that the next request with one need not be verified anew.
//!
//! A token is found by SipHash-2-4 with 128 bits under a key that this VM has drawn and nobody sees: a MAC, so that nobody can
//! make two tokens that are taken for one (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). SHA-256 would cost ten
//! times as much. Only believed tokens get in, so who has none cannot push others out. Times are held against the clock at
//! every hit; everything else that was judged (signature, issuer, audience, required claims) depends on the document and on the
//! issuers' keys: a new document comes with a new cache, and new keys clear it.
//!
//! It is bounded in entries and bytes: a table of small sets, each bounded in both, and in a full set the entry goes that was
//! not used for longest. A token has two sets and goes into the emptier one, so that they fill evenly (Azar, Broder, Karlin,
//! Upfal, "Balanced allocations", 1994): with one, a third of them would overflow long before all are full.

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

/// The most entries of one set: with fewer, chance would fill some sets early; with more, a look-up walks longer.
const WAYS: usize = 16;

/// The entries of one set when the cache is full: somewhat fewer than fit.
const USUAL: usize = 13;

/// Bytes of one set's proofs, so that what 10,000 tokens take stays below 4 MiB with the entries' own 16 to 32 bytes and the sets
/// themselves. A proof that is larger is not kept.
const BYTES: usize = USUAL * 418 - WAYS * size_of::<Entry>() - size_of::<Set>() - 16;

// === impl Cache ===

impl Cache {
    /// A cache of about so many tokens; of none, it keeps none. `key` is random.
    pub(crate) fn new(entries: usize, key: [u8; 16]) -> Self {
        let sets = (0..entries.div_ceil(USUAL)).map(|_| Set::default());
        Self {
            key,
            sets: RefCell::new(Sets {
                sets: sets.collect(),
                uses: 0,
            }),
        }
    }

    /// A token's name in here. Where nothing is kept all have one and the same.
    pub(crate) fn fingerprint(&self, token: &[u8]) -> Fingerprint {
        if self.sets.borrow().sets.is_empty() {
            return Fingerprint(0, 0);
        }
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
        for place in sets.places(token) {
            let mut entries = sets.at(place)?.entries.iter_mut();
            if let Some(found) = entries.find(|entry| entry.is(token, provider)) {
                found.used = now;
                return Some(Rc::clone(&found.proof));
            }
        }
        None
    }

    /// Whether the provider at this place is known never to believe a token.
    pub(crate) fn passes_over(&self, token: Fingerprint, provider: usize) -> bool {
        let mut sets = self.sets.borrow_mut();
        let says_so = |entry: &Entry| {
            entry.fingerprint == token && entry.proof.passed_over.contains(&provider)
        };
        let mut places = sets.places(token).into_iter();
        places.any(|place| {
            sets.at(place)
                .is_some_and(|set| set.entries.iter().any(says_so))
        })
    }

    /// Keeps a proof, in place of those of its set that were not used for longest.
    pub(crate) fn keep(&self, token: Fingerprint, proof: &Rc<Proof>) {
        self.forget(token, proof.provider);
        let mut sets = self.sets.borrow_mut();
        let used = sets.uses;
        let size = proof.size();
        let room = sets.emptier(token);
        if let Some(set) = sets.at(room).filter(|_| size <= BYTES) {
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
        for place in sets.places(token) {
            if let Some(set) = sets.at(place) {
                set.drop_first(|entry| entry.is(token, provider));
            }
        }
    }
}

// === impl Sets ===

impl Sets {
    /// Where a token may be; nowhere, as [`at`](Self::at) tells, if there are no sets.
    fn places(&self, token: Fingerprint) -> [usize; 2] {
        let place =
            |hash: u64| hash.checked_rem(self.sets.len() as u64).unwrap_or_default() as usize;
        [place(token.0), place(token.1)]
    }

    fn at(&mut self, place: usize) -> Option<&mut Set> {
        self.sets.get_mut(place)
    }

    /// The one of a token's two places with fewer bytes in it.
    fn emptier(&self, token: Fingerprint) -> usize {
        let [one, other] = self.places(token);
        let bytes = |place: usize| self.sets.get(place).map_or(0, |set| set.bytes);
        if bytes(one) <= bytes(other) {
            one
        } else {
            other
        }
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
