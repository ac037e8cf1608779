//! One slot of a table: up to [`SLOT_ENTRIES`] clients in one shared value.
//!
//! An entry carries the instant from which it says nothing any more (a bucket that is full again, a window that is empty).
//! From then on its room is free. An entry that still counts is never dropped: a new client that finds the slot full is
//! counted in its policy's one overflow entry, together with the other strangers. When room comes free, a stranger takes
//! the overflow's state along into its own entry. So nobody gains by flooding a slot: whatever a client has used up is in
//! the state that judges it.
//!
//! Bytes: `[version]`, then for each entry `[fingerprint: u64][idle_at: u64][length and overflow bit: u32][state]`, all
//! little endian. A value of an unknown version is an empty slot, and so is what lies behind a damaged entry.

pub(super) mod held;

use super::{Edit, Placed};
use host::Nanos;
use std::ops::Range;

/// Clients that one slot holds beside the overflow.
///
/// Few, large slots: the price of a shared key is paid by key, not by byte (get and swap take 0.77 µs at 24 bytes and
/// 0.89 µs at 4 KiB).
pub const SLOT_ENTRIES: usize = 32;

/// Whose entry is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Who {
    /// The client's fingerprint.
    pub(super) client: u64,
    /// The fingerprint of the policy's overflow entry.
    pub(super) overflow: u64,
}

/// Where a client is counted.
#[derive(Clone, Debug)]
struct Place {
    /// The state that judges it.
    state: Option<Range<usize>>,
    /// Counted with strangers.
    overflowed: bool,
    /// The entry that the next state replaces.
    replaces: Option<Range<usize>>,
}

/// One entry as it lies in the slot.
struct Entry {
    fingerprint: u64,
    idle_at: Nanos,
    overflow: bool,
    /// Header and state.
    whole: Range<usize>,
}

const VERSION: u8 = 1;
const HEADER: usize = 20;
const OVERFLOW: u32 = 1 << 31;

/// Finds where `who` is counted in this slot.
fn place(bytes: &[u8], who: Who, now: Nanos) -> Place {
    let (mut own, mut shared, mut live) = (None, None, 0);
    for entry in entries(bytes) {
        let counts = entry.idle_at > now;
        if counts && !entry.overflow && entry.fingerprint == who.client {
            return Place {
                state: Some(state_of(&entry.whole)),
                overflowed: false,
                replaces: Some(entry.whole),
            };
        }
        if entry.overflow {
            if entry.fingerprint == who.overflow {
                shared = Some((entry.whole, counts));
            }
        } else if entry.fingerprint == who.client {
            own = Some(entry.whole);
        } else {
            live += usize::from(counts);
        }
    }
    let overflow_state = live_state(shared.as_ref());
    let overflowed = live >= SLOT_ENTRIES;
    Place {
        state: overflow_state,
        overflowed,
        replaces: if overflowed {
            shared.map(|(whole, _)| whole)
        } else {
            own
        },
    }
}

/// The slot with the client's state edited; `None` if `edit` answers no instant, and so changes nothing. See
/// [`Edit`].
pub(super) fn edited<R>(
    bytes: Option<Vec<u8>>,
    who: Who,
    len: usize,
    now: Nanos,
    edit: Edit<'_, R>,
) -> (Placed<R>, Option<Vec<u8>>) {
    let bytes = bytes.unwrap_or_default();
    let place = place(&bytes, who, now);
    let overflowed = place.overflowed;
    let (mut bytes, whole) = prepared(bytes, &place, len, now);
    let entry = bytes.get_mut(whole).unwrap_or_default();
    let (header, state) = entry.split_at_mut_checked(HEADER).unwrap_or_default();
    let (value, idle_at) = edit(state);
    if let (Some(idle_at), Some(header)) = (idle_at, header.first_chunk_mut()) {
        *header = self::header(who, overflowed, len, idle_at);
    }
    (Placed { value, overflowed }, idle_at.map(|_| bytes))
}

/// The slot with an entry for a state of this length, which holds the state that judges the client, and where that entry is:
/// the old one where the length stays, else a new one in a slot without what is idle.
fn prepared(bytes: Vec<u8>, place: &Place, len: usize, now: Nanos) -> (Vec<u8>, Range<usize>) {
    let old = place.state.clone().filter(|state| state.len() == len);
    match &place.replaces {
        Some(whole) if whole.len() == HEADER + len => (moved(bytes, old, whole), whole.clone()),
        replaces => grown(&bytes, old, replaces.as_ref(), len, now),
    }
}

/// The slot with the `old` state, or zeros, as that of this entry.
fn moved(mut bytes: Vec<u8>, old: Option<Range<usize>>, whole: &Range<usize>) -> Vec<u8> {
    let own = state_of(whole);
    match old {
        Some(old) if old == own => {}
        Some(old) => bytes.copy_within(old, own.start),
        None => bytes.get_mut(own).unwrap_or_default().fill(0),
    }
    bytes
}

fn grown(
    bytes: &[u8],
    old: Option<Range<usize>>,
    replaces: Option<&Range<usize>>,
    len: usize,
    now: Nanos,
) -> (Vec<u8>, Range<usize>) {
    let mut fresh = Vec::with_capacity(bytes.len().max(1) + HEADER + len);
    fresh.push(VERSION);
    for entry in entries(bytes) {
        if entry.idle_at > now && Some(&entry.whole) != replaces {
            fresh.extend_from_slice(bytes.get(entry.whole).unwrap_or_default());
        }
    }
    let start = fresh.len();
    fresh.extend_from_slice(&[0; HEADER]);
    match old.and_then(|old| bytes.get(old)) {
        Some(old) => fresh.extend_from_slice(old),
        None => fresh.resize(start + HEADER + len, 0),
    }
    (fresh, start..start + HEADER + len)
}

fn live_state(found: Option<&(Range<usize>, bool)>) -> Option<Range<usize>> {
    found
        .filter(|(_, counts)| *counts)
        .map(|(whole, _)| state_of(whole))
}

fn state_of(whole: &Range<usize>) -> Range<usize> {
    whole.start + HEADER..whole.end
}

fn entries(bytes: &[u8]) -> impl Iterator<Item = Entry> {
    let end = if bytes.first() == Some(&VERSION) {
        bytes.len()
    } else {
        0
    };
    let mut at = 1;
    std::iter::from_fn(move || {
        let entry = entry(bytes.get(at..end)?, at)?;
        at = entry.whole.end;
        Some(entry)
    })
}

/// The entry that begins here; its length is within the slot.
fn entry(rest: &[u8], at: usize) -> Option<Entry> {
    let (fingerprint, rest) = rest.split_first_chunk()?;
    let (idle_at, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = u32::from_le_bytes(*length);
    let state = usize::try_from(length & !OVERFLOW).ok()?;
    (state <= rest.len()).then(|| Entry {
        fingerprint: u64::from_le_bytes(*fingerprint),
        idle_at: Nanos(u64::from_le_bytes(*idle_at)),
        overflow: length & OVERFLOW != 0,
        whole: at..at + HEADER + state,
    })
}

fn header(who: Who, overflow: bool, len: usize, idle_at: Nanos) -> [u8; HEADER] {
    let (fingerprint, bit) = if overflow {
        (who.overflow, OVERFLOW)
    } else {
        (who.client, 0)
    };
    let length = u32::try_from(len).unwrap_or(u32::MAX) & !OVERFLOW;
    let [a, b, c, d, e, f, g, h] = fingerprint.to_le_bytes();
    let [i, j, k, l, m, n, o, p] = idle_at.0.to_le_bytes();
    let [q, r, s, t] = (length | bit).to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t]
}
