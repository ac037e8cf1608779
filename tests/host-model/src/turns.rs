//! Workers that touch shared data in an order that a test chose.
//!
//! Threads that run at once meet seldom where it hurts. Here every worker stops before each access to shared data until all
//! the others have stopped too or are done; then one of them goes on, up to its next access. So a list of choices is a whole
//! interleaving, which a property test can draw, shrink and repeat.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// The order of accesses.
pub(crate) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Workers that neither wait nor are done.
    running: usize,
    waiting: BTreeSet<usize>,
    chosen: Option<usize>,
    choices: std::vec::IntoIter<u8>,
}

/// This thread's place among the workers; given up when it is dropped.
pub(crate) struct Seat(());

thread_local! {
    static SEAT: RefCell<Option<(Arc<Turns>, usize)>> = const { RefCell::new(None) };
}

// === impl Turns ===

impl Turns {
    /// For so many workers. Each choice picks one of those that wait, modulo their number; after the last the first goes on.
    pub(crate) fn new(workers: usize, choices: Vec<u8>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                running: workers,
                waiting: BTreeSet::new(),
                chosen: None,
                choices: choices.into_iter(),
            }),
            changed: Condvar::new(),
        })
    }

    /// From here on this thread is one of the workers.
    pub(crate) fn sit_down(self: &Arc<Self>, worker: usize) -> Seat {
        SEAT.set(Some((Arc::clone(self), worker)));
        Seat(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, worker: usize) {
        let mut state = self.lock();
        state.waiting.insert(worker);
        self.stopped(&mut state);
        while state.chosen != Some(worker) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.chosen = None;
        state.waiting.remove(&worker);
        state.running += 1;
    }

    /// One worker runs no longer; if it was the last, another one may.
    fn stopped(&self, state: &mut State) {
        state.running -= 1;
        if state.running == 0 && !state.waiting.is_empty() {
            let choice = usize::from(state.choices.next().unwrap_or_default());
            let next = choice % state.waiting.len();
            state.chosen = state.waiting.iter().nth(next).copied();
            self.changed.notify_all();
        }
    }
}

/// Waits for this thread's turn, if it is one of such workers.
pub(crate) fn await_turn() {
    let seat = SEAT.with_borrow(Option::clone);
    if let Some((turns, worker)) = seat {
        turns.wait(worker);
    }
}

// === impl Seat ===

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some((turns, _)) = SEAT.take() {
            turns.stopped(&mut turns.lock());
        }
    }
}
