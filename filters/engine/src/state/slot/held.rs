//! Permits in a slot.
//!
//! An entry of permits says something as long as any is out, whatever the time: it is marked so, and is room again when all
//! have been given back or their holders are dead.
//!
//! Permits go back where they were taken, so a client cannot carry what it used up among strangers along into an entry of
//! its own, as rates do. Instead, a client that gets an own entry while strangers still hold permits is counted together
//! with them (it may be one of them) until there are none. So no client ever has more than its limit, and a flood that is
//! over does not keep new clients among the strangers.

use super::{Entry, HEADER, SLOT_ENTRIES, VERSION, Who, entries, header, state_of};
use crate::state::hold::{Alive, Member, Shares};
use host::Nanos;

/// The instant that marks an entry of permits: not before the end of time does it say nothing.
const HELD: Nanos = Nanos(u64::MAX);

/// What a slot holds for one client.
#[derive(Default)]
struct Found {
    own: Shares,
    strangers: Shares,
    /// Other clients, the dead among them.
    others: usize,
}

/// Takes a permit for `me` if `most` allow it: whether it did, whether it counts among strangers, and the changed slot.
pub(in crate::state) fn taken(
    bytes: &[u8],
    who: Who,
    (me, most): (Member, u32),
    now: Nanos,
    alive: Alive<'_>,
) -> (bool, bool, Option<Vec<u8>>) {
    let mut found = find(bytes, who, now);
    let mut buries = false;
    if found.own.is_empty() && found.others >= SLOT_ENTRIES {
        buries = true;
        found.others = living(bytes, who, now, alive);
    }
    let is_stranger = found.own.is_empty() && found.others >= SLOT_ENTRIES;
    let Found { own, strangers, .. } = &mut found;
    let is_taken = if is_stranger {
        strangers.take(me, most, alive)
    } else {
        if own.is_empty() || own.is_cautious {
            strangers.bury(alive);
            own.is_cautious = !strangers.is_empty();
        }
        let apart = if own.is_cautious { strangers.sum() } else { 0 };
        own.take(me, most.saturating_sub(apart), alive)
    };
    let slot = is_taken.then(|| {
        let keeps = |entry: &Entry| !buries || lives(bytes, entry, now, alive);
        written(bytes, who, &found, now, keeps)
    });
    (is_taken, is_stranger, slot)
}

/// Gives a permit of `me` back: the changed slot, unless it has none there any more.
pub(in crate::state) fn given_back(
    bytes: &[u8],
    who: Who,
    me: Member,
    was_stranger: bool,
    now: Nanos,
) -> Option<Vec<u8>> {
    let mut found = find(bytes, who, now);
    let shares = if was_stranger {
        &mut found.strangers
    } else {
        &mut found.own
    };
    shares
        .give_back(me)
        .then(|| written(bytes, who, &found, now, |_| true))
}

fn find(bytes: &[u8], who: Who, now: Nanos) -> Found {
    let mut found = Found::default();
    for entry in entries(bytes) {
        let shares = || Shares::decode(bytes.get(state_of(&entry.whole)).unwrap_or_default());
        match whose(&entry, who) {
            Whose::Own => found.own = shares(),
            Whose::Strangers => found.strangers = shares(),
            Whose::Other => found.others += usize::from(!entry.overflow && entry.idle_at > now),
        }
    }
    found
}

/// Other clients that count, whose permits are not all of the dead.
fn living(bytes: &[u8], who: Who, now: Nanos, alive: Alive<'_>) -> usize {
    let others = entries(bytes).filter(|entry| whose(entry, who) == Whose::Other);
    let mut count = 0;
    for entry in others.filter(|entry| !entry.overflow) {
        count += usize::from(lives(bytes, &entry, now, alive));
    }
    count
}

fn lives(bytes: &[u8], entry: &Entry, now: Nanos, alive: Alive<'_>) -> bool {
    if entry.idle_at != HELD {
        return entry.idle_at > now;
    }
    let mut shares = Shares::decode(bytes.get(state_of(&entry.whole)).unwrap_or_default());
    shares.bury(alive);
    !shares.is_empty()
}

/// The slot with the client's and the strangers' entries as found, without what is idle and what is not kept.
fn written(
    bytes: &[u8],
    who: Who,
    found: &Found,
    now: Nanos,
    mut keeps: impl FnMut(&Entry) -> bool,
) -> Vec<u8> {
    let mut fresh = Vec::with_capacity(bytes.len() + 2 * HEADER + 32);
    fresh.push(VERSION);
    for entry in entries(bytes) {
        if whose(&entry, who) == Whose::Other && entry.idle_at > now && keeps(&entry) {
            fresh.extend_from_slice(bytes.get(entry.whole).unwrap_or_default());
        }
    }
    for (shares, overflow) in [(&found.own, false), (&found.strangers, true)] {
        if !shares.is_empty() {
            fresh.extend_from_slice(&header(who, overflow, shares.encoded_len(), HELD));
            shares.encode(&mut fresh);
        }
    }
    fresh
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Strangers,
    Other,
}

fn whose(entry: &Entry, who: Who) -> Whose {
    match (entry.overflow, entry.fingerprint) {
        (false, client) if client == who.client => Whose::Own,
        (true, overflow) if overflow == who.overflow => Whose::Strangers,
        _ => Whose::Other,
    }
}
