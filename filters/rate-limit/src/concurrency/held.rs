//! What one request holds. Nearly every node has one concurrency limit, and one permit takes no room of its own.

use super::{limiter::Limiter, queue::Turn};
use engine::state::Permit;
use std::rc::Rc;

/// The permits of one request, each with the limit that it is of, and its place in the queue if it waits for one more.
#[derive(Default)]
pub struct Held {
    pub(super) turn: Option<Turn>,
    first: Option<(Rc<Limiter>, Permit)>,
    others: Vec<(Rc<Limiter>, Permit)>,
}

// === impl Held ===

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn push(&mut self, limiter: &Rc<Limiter>, permit: Permit) {
        let held = (Rc::clone(limiter), permit);
        if self.first.is_none() {
            self.first = Some(held);
        } else {
            self.others.push(held);
        }
    }

    /// All of them; none is left, so that none is given back twice.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (Rc<Limiter>, Permit)> {
        self.first.take().into_iter().chain(self.others.drain(..))
    }
}
