//! Requests that wait for a permit.
//!
//! Nobody is told when a permit comes free in another worker, so who waits asks again every few milliseconds, in the order of
//! arrival. A newcomer does not overtake: where somebody of the same limit and client waits in this worker, it waits behind.
//! Between workers there is no order: who asks first after a permit has come free gets it.

use super::limiter::Limiter;
use host::{Host, Nanos};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// How many wait for one limit in this VM, of each client.
#[derive(Debug, Default)]
pub(super) struct Queue(RefCell<BTreeMap<u64, u32>>);

/// A request's place in a queue. It must be left: nobody else knows when a request has gone.
pub(super) struct Turn {
    limiter: Rc<Limiter>,
    client: u64,
    /// Which of the node's limits it is.
    pub(super) index: usize,
    /// Since when it waits.
    pub(super) began: Nanos,
}

// === impl Queue ===

impl Queue {
    /// Whether one of these clients waits.
    pub(super) fn has(&self, client: u64) -> bool {
        self.0.borrow().contains_key(&client)
    }

    fn enter(&self, client: u64) {
        *self.0.borrow_mut().entry(client).or_default() += 1;
    }

    fn leave(&self, client: u64) {
        let mut waiting = self.0.borrow_mut();
        match waiting.get_mut(&client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(waiting.remove(&client)),
        }
    }
}

// === impl Turn ===

impl Turn {
    pub(super) fn wait(limiter: &Rc<Limiter>, client: u64, index: usize, now: Nanos) -> Self {
        limiter.queue.enter(client);
        Self {
            limiter: Rc::clone(limiter),
            client,
            index,
            began: now,
        }
    }

    /// The client has gone.
    pub(super) fn leave(self, host: &dyn Host) {
        self.limiter.tally.left(host);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.limiter.queue.leave(self.client);
    }
}
