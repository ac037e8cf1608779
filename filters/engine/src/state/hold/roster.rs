//! Which worker VMs are alive.
//!
//! A VM that traps is not told of it, nor is anybody else: its streams end without a word, and what they held would be held
//! for ever. So each VM that holds permits has a place in one shared list, under a random id that it renews every second.
//! Permits count as long as their holder's id stands in the list; an id that was not renewed for [`DEAD_AFTER`] is struck
//! off by whoever stands to gain by it. It is one list, so that all workers agree on who is dead.
//!
//! **A VM that only stood still** (its thread was busy for more than four seconds, say) may have been struck off. It finds out
//! when it next renews, which it does before it takes another permit, and goes on under a new id. The permits it still holds
//! from before count no more: a limit may be exceeded by as many, until their streams end. Giving them back does nothing.
//! **If the whole process stood still**, everybody seems dead to whoever wakes first; so a VM that finds that its own timer
//! has been late waits for [`PATIENCE`] before it strikes off anybody.
//!
//! Ids are drawn anew and never reused, so that a share can never be mistaken for another VM's.
//!
//! Bytes: `[version]`, then for each place `[id: u64][renewed: u64]`, little endian; id 0 is a free place.

use super::{Member, Permit};
use crate::state::{SharedCell, StateError, random_key};
use host::{Host, Nanos};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How often a VM renews its id.
pub const RENEWAL: Duration = Duration::from_secs(1);

/// An id is dead if it was not renewed for so long: three renewals may be missed, and what a crashed VM held is free within
/// five seconds.
pub const DEAD_AFTER: Duration = Duration::from_secs(4);

/// How long nobody is struck off after this VM itself stood still; the others need one renewal.
const PATIENCE: Duration = Duration::from_secs(3);

/// A timer that is later than this has stood still, not been a little busy.
const STILL: Duration = Duration::from_millis(2_500);

/// VMs that can hold permits at once. Envoy runs a worker for each hardware thread, of which machines have hundreds; places of
/// the dead are used again. The list is as long as there are, so that many places cost few workers nothing.
const MAX_MEMBERS: usize = 1024;

const VERSION: u8 = 1;
const RECORD: usize = 16;

/// This VM's place among the living, and what it knows of the others. All configurations of a VM share one: a request keeps
/// what it holds over a reload.
#[derive(Debug, Default)]
pub struct Presence {
    me: Cell<Option<Member>>,
    renewed: Cell<Nanos>,
    /// When the timer ran last; zero before it ever did.
    ticked: Cell<Nanos>,
    patient_until: Cell<Nanos>,
    /// The list as it was read last: an id that is fresh in it is alive.
    seen: RefCell<Vec<Record>>,
    /// Permits of this VM that are out.
    held: Cell<u32>,
    /// Those of them that could not be given back yet.
    owed: RefCell<Vec<Permit>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record {
    id: u64,
    renewed: Nanos,
}

thread_local! {
    /// This VM's.
    static PRESENCE: Rc<Presence> = Rc::default();
}

// === impl Presence ===

impl Presence {
    /// The presence of the VM that this runs in.
    #[must_use]
    pub fn of_vm() -> Rc<Self> {
        PRESENCE.with(Rc::clone)
    }

    /// To be called about every [`RENEWAL`], whatever else happens: keeps this VM alive as long as it holds anything.
    pub fn tick(&self, host: &dyn Host, now: Nanos) {
        self.notice_standstill(now);
        self.ticked.set(now);
        if self.holds_any() {
            // What fails is tried again with the next tick: there is time for three.
            let _ = self.renew(host, now);
        }
        for permit in self.owed.take() {
            self.release(host, now, permit);
        }
    }

    /// Whether permits of this VM are out.
    #[must_use]
    pub fn holds_any(&self) -> bool {
        self.held.get() > 0
    }

    /// Who is about to take a permit: registered, and not dead.
    pub(super) fn member(&self, host: &dyn Host, now: Nanos) -> Result<Member, StateError> {
        self.notice_standstill(now);
        match self.me.get() {
            Some(me) if now.since(self.renewed.get()) < RENEWAL => Ok(me),
            _ => self.renew(host, now),
        }
    }

    /// Whether permits of this VM count. Asks the host only if what is known does not tell.
    pub(super) fn is_alive(&self, host: &dyn Host, now: Nanos, member: Member) -> bool {
        if self.me.get() == Some(member) || is_fresh(&self.seen.borrow(), member, now) {
            return true;
        }
        // Without an answer nobody is struck off.
        let Ok(snapshot) = cell().read(host) else {
            return true;
        };
        let seen = decode(snapshot.bytes());
        let is_listed = index(&seen, member).is_some();
        let is_fresh = is_fresh(&seen, member, now);
        self.seen.replace(seen);
        is_listed && (is_fresh || now < self.patient_until.get() || !strike_off(host, now, member))
    }

    pub(super) fn took(&self) {
        self.held.set(self.held.get().saturating_add(1));
    }

    pub(super) fn gave_back(&self) {
        self.held.set(self.held.get().saturating_sub(1));
    }

    pub(super) fn owe(&self, permit: Permit) {
        self.owed.borrow_mut().push(permit);
    }

    fn notice_standstill(&self, now: Nanos) {
        let ticked = self.ticked.get();
        if ticked != Nanos::default() && now.since(ticked) > STILL {
            self.ticked.set(now);
            self.patient_until.set(now.after(PATIENCE));
        }
    }

    fn renew(&self, host: &dyn Host, now: Nanos) -> Result<Member, StateError> {
        let (known, fresh) = (self.me.get(), new_id());
        let patient = now < self.patient_until.get();
        let updated = cell().update(host, |bytes| {
            let mut records = decode(bytes);
            let place = known
                .filter(|me| index(&records, *me).is_some())
                .or_else(|| place(&mut records, fresh, now, patient));
            let Some(me) = place else {
                return (None, None);
            };
            if let Some(record) = records.get_mut(usize::from(me.worker)) {
                let renewed = record.renewed.max(now);
                *record = Record { id: me.id, renewed };
            }
            (Some(me), Some(encode(&records)))
        })?;
        let me = updated.value.ok_or(StateError::Full)?;
        self.me.set(Some(me));
        self.renewed.set(now);
        Ok(me)
    }
}

fn cell() -> SharedCell {
    SharedCell::named(*b"steward:workers")
}

/// Random, and never 0, which is no id.
fn new_id() -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = random_key();
    u64::from_le_bytes([a, b, c, d, e, f, g, h]).max(1)
}

/// A place for a new id: a free one, a dead one's, or a new one.
fn place(records: &mut Vec<Record>, id: u64, now: Nanos, patient: bool) -> Option<Member> {
    let is_free = |record: &Record| record.id == 0 || (!patient && is_stale(*record, now));
    let free = records.iter().position(is_free);
    let at = free.unwrap_or(records.len());
    if at >= MAX_MEMBERS {
        return None;
    }
    match records.get_mut(at) {
        Some(record) => *record = Record::default(),
        None => records.push(Record::default()),
    }
    let worker = u16::try_from(at).ok()?;
    Some(Member { worker, id })
}

/// Takes a dead id out of the list. `false`: it lives after all, or that could not be told.
fn strike_off(host: &dyn Host, now: Nanos, member: Member) -> bool {
    let struck = cell().update(host, |bytes| {
        let mut records = decode(bytes);
        let dead = index(&records, member).and_then(|at| records.get_mut(at));
        match dead {
            None => (true, None),
            Some(record) if !is_stale(*record, now) => (false, None),
            Some(record) => {
                *record = Record::default();
                (true, Some(encode(&records)))
            }
        }
    });
    struck.is_ok_and(|struck| struck.value)
}

fn index(records: &[Record], member: Member) -> Option<usize> {
    let at = usize::from(member.worker);
    let record = records.get(at)?;
    (record.id == member.id).then_some(at)
}

fn is_fresh(records: &[Record], member: Member, now: Nanos) -> bool {
    let record = index(records, member).and_then(|at| records.get(at));
    record.is_some_and(|record| !is_stale(*record, now))
}

fn is_stale(record: Record, now: Nanos) -> bool {
    now.since(record.renewed) >= DEAD_AFTER
}

fn decode(bytes: Option<&[u8]>) -> Vec<Record> {
    match bytes.and_then(<[u8]>::split_first) {
        Some((&VERSION, records)) if records.len() % RECORD == 0 => {
            records.chunks_exact(RECORD).map(record).collect()
        }
        _ => Vec::new(),
    }
}

fn record(bytes: &[u8]) -> Record {
    let number = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    Record {
        id: number(bytes.first_chunk()),
        renewed: Nanos(number(bytes.last_chunk())),
    }
}

fn encode(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + records.len() * RECORD);
    bytes.push(VERSION);
    for record in records {
        bytes.extend(record.id.to_le_bytes());
        bytes.extend(record.renewed.0.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests;
