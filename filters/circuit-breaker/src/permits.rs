//! The permits of one call. Nearly every node has one breaker, and one permit takes no room of its own.

use crate::{breaker::Permit, guard::Guard};
use std::rc::Rc;

/// A permit and who gave it.
pub(crate) type Held = (Rc<Guard>, Permit);

/// Permits, until they are settled.
#[derive(Default)]
pub(crate) struct Permits {
    first: Option<Held>,
    others: Vec<Held>,
}

// === impl Permits ===

impl Permits {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn push(&mut self, held: Held) {
        if self.first.is_none() {
            self.first = Some(held);
        } else {
            self.others.push(held);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.first.iter().chain(&self.others)
    }

    /// All of them, in order; none is left.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Held> {
        self.first.take().into_iter().chain(self.others.drain(..))
    }
}
