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

use host::Nanos;
use std::ops::Range;

/// Clients that one slot holds beside the overflow.
///
/// Few, large slots: the price of a shared key is paid by key, not by byte (get and swap take 0.77 µs at 24 bytes and
/// 0.89 µs at 4 KiB).
pub const SLOT_ENTRIES: usize = 32;

/// An entry's new state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// The state's bytes; what they mean is the caller's.
    pub state: Vec<u8>,
    /// The instant from which they are as good as no state. `u64::MAX` if none is known.
    pub idle_at: Nanos,
}

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
pub(super) struct Place {
    /// The state that judges it.
    pub(super) state: Option<Range<usize>>,
    /// Counted with strangers.
    pub(super) overflowed: bool,
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
pub(super) fn place(bytes: &[u8], who: Who, now: Nanos) -> Place {
    let (mut own, mut shared, mut live) = (None, None, 0);
    for entry in entries(bytes) {
        let counts = entry.idle_at > now;
        if entry.overflow {
            if entry.fingerprint == who.overflow {
                shared = Some((entry.whole, counts));
            }
        } else if entry.fingerprint == who.client {
            own = Some((entry.whole, counts));
        } else {
            live += usize::from(counts);
        }
    }
    let overflow_state = live_state(shared.as_ref());
    match own {
        Some((whole, true)) => Place {
            state: Some(state_of(&whole)),
            overflowed: false,
            replaces: Some(whole),
        },
        own if live < SLOT_ENTRIES => Place {
            state: overflow_state,
            overflowed: false,
            replaces: own.map(|(whole, _)| whole),
        },
        _ => Place {
            state: overflow_state,
            overflowed: true,
            replaces: shared.map(|(whole, _)| whole),
        },
    }
}

/// The slot with the entry of `place` replaced: in place where the length stays, else anew without what is idle.
pub(super) fn put(
    mut bytes: Vec<u8>,
    who: Who,
    place: &Place,
    new: &NewEntry,
    now: Nanos,
) -> Vec<u8> {
    let header = header(who, place.overflowed, new);
    if let Some(target) = place
        .replaces
        .clone()
        .and_then(|whole| bytes.get_mut(whole))
        && target.len() == HEADER + new.state.len()
    {
        let (old_header, old_state) = target.split_at_mut(HEADER);
        old_header.copy_from_slice(&header);
        old_state.copy_from_slice(&new.state);
        return bytes;
    }
    let mut fresh = Vec::with_capacity(bytes.len().max(1) + HEADER + new.state.len());
    fresh.push(VERSION);
    for entry in entries(&bytes) {
        if entry.idle_at > now && Some(&entry.whole) != place.replaces.as_ref() {
            fresh.extend(bytes.get(entry.whole).unwrap_or_default());
        }
    }
    fresh.extend(header);
    fresh.extend(&new.state);
    fresh
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

fn header(who: Who, overflow: bool, new: &NewEntry) -> [u8; HEADER] {
    let (fingerprint, bit) = if overflow {
        (who.overflow, OVERFLOW)
    } else {
        (who.client, 0)
    };
    let length = u32::try_from(new.state.len()).unwrap_or(u32::MAX) & !OVERFLOW;
    let [a, b, c, d, e, f, g, h] = fingerprint.to_le_bytes();
    let [i, j, k, l, m, n, o, p] = new.idle_at.0.to_le_bytes();
    let [q, r, s, t] = (length | bit).to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t]
}
