//! The requests of one root context that the filter holds, and whose turn it is.
//!
//! Envoy has no timer for a stream, only one for a root context, and a root context cannot reach its streams through the
//! SDK. So a held stream lies in a cell that its own context and this lot share, under the context's number, which is what
//! the host must be told before the root may act for a stream.
//!
//! The lot is never borrowed while the host is called: whatever the host does then, this memory is free.

use crate::{Nanos, Wait};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// Held streams, each in the list of its kind of waiting.
pub(crate) struct Lot<S> {
    /// By due time, then by arrival.
    timed: Vec<Parked<S>>,
    /// By arrival.
    polled: Vec<Parked<S>>,
    /// When the polled ones are asked again.
    polls_at: Nanos,
    arrivals: u64,
}

/// A held stream as the lot knows it.
pub(crate) struct Parked<S> {
    due: Nanos,
    /// The stream's context.
    pub(crate) context: u32,
    pub(crate) guest: Rc<Guest<S>>,
}

/// A stream that has been held at least once.
pub(crate) struct Guest<S> {
    pub(crate) stream: RefCell<S>,
    /// Older numbers came earlier.
    arrival: u64,
    /// Where in the lot it is; `None` if it is not.
    place: Cell<Option<Wait>>,
}

/// Asking one costs about 3 µs (the headers, a look at shared data), so that a tick of this many takes a fifth of a
/// millisecond. Where more wait, they are asked less often.
const POLLS_PER_TICK: usize = 64;

// === impl Lot ===

impl<S> Lot<S> {
    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.timed.is_empty() && self.polled.is_empty()
    }

    /// Makes a stream one that can be held.
    pub(crate) fn guest(&mut self, stream: S) -> Rc<Guest<S>> {
        self.arrivals += 1;
        Rc::new(Guest {
            stream: RefCell::new(stream),
            arrival: self.arrivals,
            place: Cell::new(None),
        })
    }

    /// Holds a stream, behind those that are due at the same time and came earlier.
    pub(crate) fn park(&mut self, context: u32, guest: Rc<Guest<S>>, wait: Wait) {
        guest.place.set(Some(wait));
        let (list, due) = self.list(wait);
        let at = list.partition_point(|other| other.order() < (due, guest.arrival));
        let parked = Parked {
            due,
            context,
            guest,
        };
        list.insert(at, parked);
    }

    /// Takes a stream out that will not be resumed any more.
    pub(crate) fn leave(&mut self, guest: &Guest<S>) {
        let Some(wait) = guest.place.take() else {
            return;
        };
        let (list, due) = self.list(wait);
        let order = (due, guest.arrival);
        if let Ok(at) = list.binary_search_by_key(&order, Parked::order) {
            list.remove(at);
        }
    }

    /// Takes out those whose time has come, in the order of their turns.
    pub(crate) fn due(&mut self, now: Nanos) -> Vec<Parked<S>> {
        let count = self.timed.partition_point(|parked| parked.due <= now);
        let mut due: Vec<_> = self.timed.drain(..count).collect();
        if self.polls_at <= now {
            let ticks = self.polled.len().div_ceil(POLLS_PER_TICK);
            let pause = Duration::from_millis(u64::try_from(ticks).unwrap_or(u64::MAX));
            self.polls_at = now.after(pause);
            due.append(&mut self.polled);
        }
        for parked in &due {
            parked.guest.place.set(None);
        }
        due
    }

    fn list(&mut self, wait: Wait) -> (&mut Vec<Parked<S>>, Nanos) {
        match wait {
            Wait::Until(due) => (&mut self.timed, due),
            Wait::Retry => (&mut self.polled, Nanos(0)),
        }
    }
}

impl<S> Default for Lot<S> {
    fn default() -> Self {
        Self {
            timed: Vec::new(),
            polled: Vec::new(),
            polls_at: Nanos(0),
            arrivals: 0,
        }
    }
}

// === impl Parked ===

impl<S> Parked<S> {
    fn order(&self) -> (Nanos, u64) {
        (self.due, self.guest.arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        lot: Lot<&'static str>,
        guests: Vec<Rc<Guest<&'static str>>>,
    }

    impl Scene {
        fn new(waits: &[(&'static str, Wait)]) -> Self {
            let (mut lot, mut guests) = (Lot::default(), Vec::new());
            for (name, wait) in waits {
                let guest = lot.guest(*name);
                guests.push(Rc::clone(&guest));
                lot.park(7, guest, *wait);
            }
            Self { lot, guests }
        }

        fn due(&mut self, now: u64) -> Vec<&'static str> {
            let due = self.lot.due(Nanos(now));
            due.iter()
                .map(|parked| *parked.guest.stream.borrow())
                .collect()
        }
    }

    const fn until(due: u64) -> Wait {
        Wait::Until(Nanos(due))
    }

    #[test]
    fn each_comes_when_it_is_due_and_of_equals_the_first() {
        let mut scene = Scene::new(&[
            ("b", until(20)),
            ("c", until(20)),
            ("a", until(10)),
            ("d", until(30)),
        ]);
        assert!(scene.due(9).is_empty());
        assert_eq!(scene.due(29), ["a", "b", "c"]);
        assert_eq!(scene.due(30), ["d"]);
        assert!(scene.lot.is_empty());
    }

    #[test]
    fn who_waits_again_keeps_its_age() {
        let mut scene = Scene::new(&[("old", Wait::Retry), ("young", Wait::Retry)]);
        let due = scene.lot.due(Nanos(1));
        for parked in due.into_iter().rev() {
            scene.lot.park(7, parked.guest, Wait::Retry);
        }
        assert_eq!(scene.due(2_000_000), ["old", "young"]);
    }

    #[test]
    fn who_leaves_is_not_called_and_leaves_once() {
        let mut scene = Scene::new(&[
            ("a", until(10)),
            ("b", until(10)),
            ("c", Wait::Retry),
            ("d", Wait::Retry),
        ]);
        for guest in [0, 3] {
            let guest = Rc::clone(&scene.guests[guest]);
            scene.lot.leave(&guest);
            scene.lot.leave(&guest);
        }
        assert_eq!(scene.due(10), ["b", "c"]);
        let called = Rc::clone(&scene.guests[1]);
        scene.lot.leave(&called);
        assert!(scene.lot.is_empty());
    }

    /// 1,024 polled each millisecond would take a worker's whole time.
    #[test]
    fn many_are_polled_less_often() {
        let many = vec![("x", Wait::Retry); 129];
        let mut scene = Scene::new(&many);
        let due = scene.lot.due(Nanos(1_000_000));
        assert_eq!(due.len(), 129);
        for parked in due {
            scene.lot.park(7, parked.guest, Wait::Retry);
        }
        assert!(scene.due(3_999_999).is_empty());
        assert_eq!(scene.due(4_000_000).len(), 129);
    }
}
