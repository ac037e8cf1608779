//! What the host functions find on the thread that calls them: the state of its VM.

use crate::{Callout, HeaderMap, process::Process, stream::Stream};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

/// What the host functions find on this thread.
pub(crate) struct State {
    pub(crate) process: Arc<Process>,
    pub(crate) name: String,
    pub(crate) configuration: Vec<u8>,
    /// The context that calls belong to.
    pub(crate) effective: u32,
    pub(crate) roots: BTreeSet<u32>,
    pub(crate) streams: BTreeMap<u32, Stream>,
    pub(crate) timers: BTreeMap<u32, Timer>,
    /// The calls that wait for their answer.
    pub(crate) callouts: Vec<Callout>,
    pub(crate) last_callout: u32,
    /// The answer that comes by now.
    pub(crate) answer: Option<(HeaderMap, Vec<u8>)>,
}

/// A root context's timer, in nanoseconds of the monotonic clock.
#[derive(Clone, Copy)]
pub(crate) struct Timer {
    pub(crate) period: u64,
    pub(crate) due: u64,
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Gives this thread a VM.
pub(crate) fn install(new: State) {
    STATE.with_borrow_mut(|state| {
        assert!(
            state.is_none(),
            "this thread has a VM already: one thread is one worker"
        );
        *state = Some(new);
    });
}

/// Takes this thread's VM away.
pub(crate) fn remove() {
    STATE.with_borrow_mut(|state| *state = None);
}

/// Looks at this thread's VM; `None` if there is none. Never held across a callback.
pub(crate) fn with<T>(f: impl FnOnce(&mut State) -> T) -> Option<T> {
    STATE.with_borrow_mut(|state| state.as_mut().map(f))
}

// === impl State ===

impl State {
    pub(crate) fn new(process: Arc<Process>, name: &str) -> Self {
        Self {
            process,
            name: name.to_owned(),
            configuration: Vec::new(),
            effective: 0,
            roots: BTreeSet::new(),
            streams: BTreeMap::new(),
            timers: BTreeMap::new(),
            callouts: Vec::new(),
            last_callout: 0,
            answer: None,
        }
    }

    /// The stream that calls belong to now.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        self.streams.get_mut(&self.effective)
    }

    pub(crate) fn count(&mut self, function: &'static str) {
        if let Some(stream) = self.stream() {
            stream.calls.add(function);
        }
    }

    pub(crate) fn log_level(&self) -> u32 {
        self.process.log_level.load(Ordering::SeqCst)
    }
}
