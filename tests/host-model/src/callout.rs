//! A call of the filter to another cluster: made in a callback, answered by the test.

use crate::{HeaderMap, Upstream, Vm, Worker, abi::callbacks};
use std::time::Duration;

/// A call that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callout {
    /// Its number in its VM.
    pub id: u32,
    pub(crate) context: u32,
    /// The cluster it went to.
    pub cluster: String,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Vec<u8>,
    /// How long Envoy would wait; here nothing is answered by itself.
    pub timeout: Duration,
}

// === impl Vm ===

impl Vm {
    /// The calls that wait for their answer, oldest first.
    #[must_use]
    pub fn callouts(&self) -> Vec<Callout> {
        self.state(|state| state.callouts.clone())
    }

    /// Answers the oldest call; `None`: the host gives up without an answer.
    ///
    /// # Panics
    ///
    /// If none waits.
    pub fn answer_callout(&mut self, answer: Option<&Upstream>) {
        let call = self.state(|state| {
            assert!(!state.callouts.is_empty(), "no call waits for its answer");
            state.answer = answer.map(|answer| (answer.headers.clone(), answer.chunks.concat()));
            state.callouts.remove(0)
        });
        let (headers, body) = self.state(|state| match &state.answer {
            Some((headers, body)) => (headers.0.len(), body.len()),
            None => (0, 0),
        });
        self.call(call.context, || {
            callbacks::http_call_response(call.context, call.id, headers, body, 0);
        });
        self.state(|state| state.answer = None);
    }
}

// === impl Worker ===

impl Worker {
    /// See [`Vm::callouts`].
    pub fn callouts(&mut self) -> Vec<Callout> {
        self.run(|vm| vm.callouts())
    }

    /// See [`Vm::answer_callout`].
    pub fn answer_callout(&mut self, answer: Option<&Upstream>) {
        let answer = answer.cloned();
        self.run(move |vm| vm.answer_callout(answer.as_ref()));
    }
}
