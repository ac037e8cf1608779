//! A limit on what may go on at once.
//!
//! Taking and giving back are a compare-and-swap each. A permit that cannot be given back now, since other workers are always
//! faster or the host fails, is kept and given back with the next tick: it is never lost, and never given back twice.

use super::{Member, Presence, Shares};
use crate::state::{
    ClientHasher, Form, MAX_TRIES, SharedCell, StateError, StateId, Table, Updated, cell,
    pool::SlotName,
    slot::{Who, held},
};
use host::{Host, Nanos};
use std::{num::NonZeroU32, rc::Rc};

/// Where the permits of one limit are counted.
#[derive(Clone, Debug)]
pub struct Semaphore(Spot);

/// The right to go on, until it is given back. Dropping one without giving it back leaves it held until this VM ends.
#[derive(Debug)]
#[must_use = "a permit that is not given back is held for ever"]
pub struct Permit {
    spot: Spot,
    holder: Member,
    was_stranger: bool,
}

/// The answer to who wants a permit.
#[derive(Debug)]
pub struct Acquired {
    /// `None`: as many as may are out.
    pub permit: Option<Permit>,
    /// The client was counted with strangers, its slot being full; for `steward_state_overflow_total`.
    pub overflowed: bool,
}

#[derive(Clone, Debug)]
enum Spot {
    /// A shared value of its own.
    Cell(Rc<SharedCell>),
    /// An entry of a table's slot.
    Slot(SlotName, Who),
}

/// What is to be done to shares.
#[derive(Clone, Copy)]
enum Turn {
    Take { most: u32 },
    GiveBack { was_stranger: bool },
}

/// What was done: something, and among strangers or not.
#[derive(Clone, Copy, Default)]
struct Done {
    is_done: bool,
    is_stranger: bool,
}

// === impl Semaphore ===

impl Semaphore {
    /// One count for all.
    #[must_use]
    pub fn shared(id: StateId) -> Self {
        Self(Spot::Cell(Rc::new(SharedCell::new(id))))
    }

    /// The count of one client of a table.
    #[must_use]
    pub fn of_client(table: &Table, client: &ClientHasher) -> Self {
        // Entries of permits are as long as they have to be.
        let (slot, who) = table.address(client, Form { number: 0, len: 0 }).parts();
        Self(Spot::Slot(slot, who))
    }

    /// Tells the clients of a table from each other; 0 for a count that all share.
    #[must_use]
    pub fn client(&self) -> u64 {
        match &self.0 {
            Spot::Cell(_) => 0,
            Spot::Slot(_, who) => who.client,
        }
    }

    /// Takes a permit if fewer than `most` are out, those of dead workers not counted.
    pub fn acquire(
        &self,
        host: &dyn Host,
        now: Nanos,
        presence: &Presence,
        most: NonZeroU32,
    ) -> Result<Updated<Acquired>, StateError> {
        let holder = presence.member(host, now)?;
        let turn = Turn::Take { most: most.get() };
        let updated = self.0.turn(host, now, presence, (holder, turn))?;
        let Done {
            is_done,
            is_stranger,
        } = updated.value;
        let permit = is_done.then(|| {
            presence.took();
            Permit {
                spot: self.0.clone(),
                holder,
                was_stranger: is_stranger,
            }
        });
        Ok(Updated {
            value: Acquired {
                permit,
                overflowed: is_stranger,
            },
            retries: updated.retries,
        })
    }
}

// === impl Presence ===

impl Presence {
    /// Gives a permit back: exactly once, if not now then with one of the next ticks. One whose holder was taken for dead
    /// meanwhile counts no more and is just forgotten. Answers how many swaps were lost.
    pub fn release(&self, host: &dyn Host, now: Nanos, permit: Permit) -> u32 {
        let turn = Turn::GiveBack {
            was_stranger: permit.was_stranger,
        };
        match permit.spot.turn(host, now, self, (permit.holder, turn)) {
            Ok(updated) => {
                self.gave_back();
                updated.retries
            }
            Err(_) => {
                self.owe(permit);
                MAX_TRIES
            }
        }
    }
}

// === impl Spot ===

impl Spot {
    fn turn(
        &self,
        host: &dyn Host,
        now: Nanos,
        presence: &Presence,
        (me, turn): (Member, Turn),
    ) -> Result<Updated<Done>, StateError> {
        let mut alive = |member| presence.is_alive(host, now, member);
        let mut change = |bytes: Option<Vec<u8>>| {
            let bytes = bytes.unwrap_or_default();
            match (self, turn) {
                (Self::Cell(_), _) => turned(&bytes, (me, turn), &mut alive),
                (Self::Slot(_, who), Turn::Take { most }) => {
                    let (is_done, is_stranger, new) =
                        held::taken(&bytes, *who, (me, most), now, &mut alive);
                    let done = Done {
                        is_done,
                        is_stranger,
                    };
                    (done, new)
                }
                (Self::Slot(_, who), Turn::GiveBack { was_stranger }) => {
                    let new = held::given_back(&bytes, *who, me, was_stranger, now);
                    (Done::default(), new)
                }
            }
        };
        let name = self.name();
        let draft = cell::draft(cell::read(host, name)?, &mut change);
        cell::commit(host, name, draft, change)
    }

    fn name(&self) -> &[u8] {
        match self {
            Self::Cell(cell) => cell.name(),
            Self::Slot(name, _) => name,
        }
    }
}

/// The same on a value that holds nothing but these shares.
fn turned(
    bytes: &[u8],
    (me, turn): (Member, Turn),
    alive: super::Alive<'_>,
) -> (Done, Option<Vec<u8>>) {
    let mut shares = Shares::decode(bytes);
    let is_done = match turn {
        Turn::Take { most } => shares.take(me, most, alive),
        Turn::GiveBack { .. } => shares.give_back(me),
    };
    let done = Done {
        is_done,
        is_stranger: false,
    };
    let new = is_done.then(|| {
        let mut bytes = Vec::with_capacity(shares.encoded_len());
        shares.encode(&mut bytes);
        bytes
    });
    (done, new)
}

#[cfg(test)]
mod tests;
