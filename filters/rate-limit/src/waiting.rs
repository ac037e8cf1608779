//! A request that waits for its turn.
//!
//! It holds permits of the near future, in the limits that made it wait. When its turn comes it goes on, or is refused by a
//! limit that had room before and has none now; what is held is then given back, as it is when the client leaves.

use crate::{
    fields::Told,
    limiter::{Granted, Limiter},
    spot::{Spot, Store},
};
use engine::{
    RequestContext,
    state::{Address, Placed},
};
use host::{Host, Nanos};
use std::{num::NonZeroU32, rc::Rc};

/// A request's waiting, while it does.
#[derive(Debug, Default)]
pub struct Waiting(Option<Box<Pending>>);

/// A request that waits or has waited.
#[derive(Debug)]
pub(crate) struct Pending {
    /// When it came.
    pub(crate) began: Nanos,
    held: Vec<Held>,
    /// The limit that is told of it.
    limiter: Option<Rc<Limiter>>,
}

/// A permit, and where it was taken.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) limiter: Rc<Limiter>,
    /// Which override's rates, if any.
    pub(crate) over: Option<usize>,
    /// `None`: one state for all.
    pub(crate) address: Option<Address>,
    pub(crate) cost: NonZeroU32,
    pub(crate) granted: Placed<Granted>,
}

// === impl Waiting ===

impl Waiting {
    /// The request waits from now on, or on.
    pub(crate) fn begin(&mut self, began: Nanos, held: Vec<Held>) {
        let limiter = held.first().map(|held| Rc::clone(&held.limiter));
        self.0 = Some(Box::new(Pending {
            began,
            held,
            limiter,
        }));
    }

    /// The request is asked for again: what it holds, if it has waited, which is nothing if its turn is over. Counted by the
    /// moments at which requests go on, a limit could be exceeded by who takes a turn too late.
    pub(crate) fn come_back(&mut self, cx: &RequestContext<'_>) -> Option<Box<Pending>> {
        let mut pending = self.0.take()?;
        let is_late = |held: &Held| {
            let turn = held.granted.value.turn;
            turn.is_reserved && turn.by < cx.now()
        };
        if pending.held.iter().any(is_late) {
            pending.give_back(cx.host);
        }
        Some(pending)
    }

    /// The request has ended. If it still waited, it has left.
    pub(crate) fn end(&mut self, host: &dyn Host) {
        if let Some(mut pending) = self.0.take() {
            pending.give_back(host);
            if let Some(limiter) = &pending.limiter {
                limiter.tally.left(host);
            }
        }
    }
}

// === impl Pending ===

impl Pending {
    /// Whether it is its turn.
    pub(crate) fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether it holds a permit of this limit.
    pub(crate) fn holds(&self, limiter: &Rc<Limiter>) -> bool {
        self.held
            .iter()
            .any(|held| Rc::ptr_eq(&held.limiter, limiter))
    }

    /// The request goes on: tells the operator, and where it stands.
    pub(crate) fn settle(&self, host: &dyn Host, now: Nanos) -> impl Iterator<Item = Told<'_>> {
        if let Some(limiter) = &self.limiter {
            limiter.tally.waited(host, now.since(self.began));
        }
        self.held.iter().filter_map(|held| held.settle(host))
    }

    /// The request is refused after all.
    pub(crate) fn refused(mut self, host: &dyn Host) {
        self.give_back(host);
        if let Some(limiter) = &self.limiter {
            limiter.tally.refused_late(host);
        }
    }

    fn give_back(&mut self, host: &dyn Host) {
        for held in self.held.drain(..) {
            held.give_back(host);
        }
    }
}

// === impl Held ===

impl Held {
    /// Gives it back, as far as that can be done exactly. Of a stranger's permit in a full table it cannot be told any more
    /// what became of it.
    pub(crate) fn give_back(&self, host: &dyn Host) {
        let Placed {
            value: granted,
            overflowed,
        } = self.granted;
        if overflowed && granted.turn.is_reserved {
            return;
        }
        // Not the callback's time: what matters is how long others could take what this has held.
        let now = host.now();
        let (_, rates) = self.limiter.rates(self.over);
        let mut edit = |state: &mut [u8]| {
            let idle_at = rates.give_back(state, granted.turn, now, self.cost);
            (idle_at.is_some(), idle_at)
        };
        let tally = &self.limiter.tally;
        match self.spot().map(|spot| spot.update(host, now, &mut edit)) {
            Some(Ok(updated)) => {
                tally.state(host, updated.retries, false);
                if updated.value.value {
                    tally.refunded(host);
                }
            }
            Some(Err(_)) => tally.decisions.contended(host),
            None => {}
        }
    }

    /// The request passes: tells the operator, and where it stands.
    pub(crate) fn settle(&self, host: &dyn Host) -> Option<Told<'_>> {
        self.limiter.tally.decisions.passed(host);
        let labels = &self.limiter.rates(self.over).1.labels;
        let standing = self.granted.value.standing;
        standing.map(|standing| Told { labels, standing })
    }

    fn spot(&self) -> Option<Spot<'_>> {
        match (&self.limiter.store, self.address) {
            (_, Some(address)) => Some(Spot::Client(address)),
            (Store::Shared(cell), None) => {
                let len = self.limiter.rates.state_len();
                Some(Spot::Shared { cell, len })
            }
            (Store::PerClient { .. }, None) => None,
        }
    }
}
