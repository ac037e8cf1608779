//! One breaker of the document in one VM: its rules, and the one shared value that all workers decide by.
//!
//! A permit of a closed breaker is just its epoch: it is given without a write, and without a read if this VM has seen the
//! breaker closed a moment ago. A result is a compare-and-swap, on what this VM saw last or on what it reads first. The
//! [memory](crate::memory) says when which, and how soon a trip is seen.
//!
//! If the host's shared data fails, calls go on uncounted: a breaker spares a service, it does not guard one.

use crate::{
    breaker::{self, Admission, Permit, Refused, Step, Transition},
    degraded::Degraded,
    ending::Ending,
    judge::Codes,
    memory::Memory,
    report::Reporter,
    settings::Settings,
    state::{Mode, State},
    wire::Writer,
};
use engine::{
    Cause, Refusal,
    state::{MAX_TRIES, SharedCell, Snapshot, StateError, StateId},
};
use host::{Host, Nanos};
use policy_model::{
    Report,
    document::{self, CircuitBreakPolicy},
};
use std::{rc::Rc, time::Duration};

/// One breaker.
pub(crate) struct Guard {
    name: Rc<str>,
    settings: Settings,
    codes: Codes,
    degraded: Option<Degraded>,
    is_shadow: bool,
    cell: SharedCell,
    memory: Memory,
    reporter: Reporter,
}

/// What one event came to, and what it leaves.
struct Outcome<A> {
    answer: A,
    mode: Mode,
    epoch: u32,
    changed: bool,
    transitions: Vec<Transition>,
}

const MESSAGE: &str = "the service is failing and is given time to recover";

/// What a half-open refusal tells callers to wait: a hint, since nobody knows how long the calls let through will take.
const HALF_OPEN_HINT: Duration = Duration::from_secs(1);

// === impl Guard ===

impl Guard {
    /// The policy's breaker; `place` says which node's it is.
    pub(crate) fn compile(
        policy: &CircuitBreakPolicy,
        place: &[&[u8]],
        reporter: Reporter,
        report: &mut Report,
    ) -> Self {
        let settings = Settings::compile(policy, report);
        let codes = Codes::of(policy);
        Self {
            name: reporter.policy(),
            cell: SharedCell::new(identity(place, &settings, &codes)),
            memory: Memory::default(),
            degraded: Degraded::compile(policy, report),
            is_shadow: policy.meta.mode == document::Mode::Shadow,
            settings,
            codes,
            reporter,
        }
    }

    /// Whether its refusals are only counted.
    pub(crate) fn is_shadow(&self) -> bool {
        self.is_shadow
    }

    /// Whether a response with this HTTP status would count as a failure.
    pub(crate) fn blames(&self, status: u32) -> bool {
        self.codes.has_http(status)
    }

    /// Whether a call may go on.
    pub(crate) fn admit(&self, host: &dyn Host, now: Nanos) -> Admission {
        let admission = self.decide(host, now);
        match admission {
            Admission::Admitted(_) => self.reporter.passed(host),
            Admission::Refused(_) => self.reporter.refused(host, self.is_shadow),
        }
        admission
    }

    /// Takes a permit back with what became of its call.
    pub(crate) fn settle(
        &self,
        host: &dyn Host,
        now: Nanos,
        permit: Permit,
        ending: Ending,
        elapsed: Duration,
    ) {
        match ending.as_call(&self.codes, elapsed, self.settings.slow_call) {
            Some(call) => {
                self.change(host, now, |state| {
                    breaker::finish(&self.settings, state, now, permit, call)
                });
            }
            // The permit of a closed breaker is nowhere counted.
            None if permit.is_trial() => {
                self.change(host, now, |state| {
                    breaker::release(&self.settings, state, now, permit)
                });
            }
            None => {}
        }
    }

    /// The reply to a call that may not go on.
    pub(crate) fn refusal(&self, refused: Refused, is_grpc: bool) -> Refusal {
        let mut refusal = Refusal::by_policy(
            Cause::BreakerOpen,
            "steward_breaker_open",
            &self.name,
            MESSAGE,
        );
        if let Some(degraded) = self.degraded.as_ref().filter(|_| !is_grpc) {
            refusal.substitute = Some(degraded.reply.clone());
            for (name, value) in &degraded.headers {
                refusal = refusal.header(name.clone(), value.as_bytes());
            }
            return refusal;
        }
        match retry_after(refused) {
            Some(wait) => refusal.header("retry-after", seconds(wait).to_string()),
            None => refusal,
        }
    }

    fn decide(&self, host: &dyn Host, now: Nanos) -> Admission {
        if self.settings.forced {
            self.reporter.show(host, Mode::Open);
            return Admission::Refused(Refused::Forced);
        }
        if let Some(epoch) = self.memory.closed_epoch(now) {
            return Admission::Admitted(Permit::closed(epoch));
        }
        let Ok(snapshot) = self.cell.read(host) else {
            return Admission::Admitted(Permit::closed(0));
        };
        if let Some(epoch) = snapshot.bytes().map_or(Some(0), State::closed_epoch) {
            self.memory.saw_closed(epoch, now, Some(snapshot));
            self.reporter.show(host, Mode::Closed);
            return Admission::Admitted(Permit::closed(epoch));
        }
        let turn = |state| breaker::admit(&self.settings, state, now);
        // Only permits of a half-open breaker are fought for: whoever got none is not let through.
        self.change_from(host, now, snapshot, turn)
            .unwrap_or(Admission::Refused(Refused::HalfOpen))
    }

    /// Tells the shared value of a result. One that cannot be stored is one less, and has been counted as such.
    fn change(&self, host: &dyn Host, now: Nanos, turn: impl Fn(State) -> Step<()>) {
        if self.is_done_unread(host, now, &turn) {
            return;
        }
        if let Ok(snapshot) = self.cell.read(host) {
            let _ = self.change_from(host, now, snapshot, turn);
        }
    }

    /// Tries it on what this VM saw last. `false`: the value may be another by now.
    fn is_done_unread(
        &self,
        host: &dyn Host,
        now: Nanos,
        turn: &impl Fn(State) -> Step<()>,
    ) -> bool {
        let Some(value) = self.memory.value(now) else {
            return false;
        };
        match self
            .cell
            .try_edit(host, value, |bytes| self.step(bytes, turn))
        {
            Ok(Some((outcome, stored))) => {
                // What changed nothing was not swapped, so nothing new is known.
                if outcome.changed {
                    self.memory.won();
                    self.conclude(host, now, outcome, stored);
                }
                true
            }
            Ok(None) => {
                self.memory.lost();
                false
            }
            Err(_) => {
                self.memory.forget();
                false
            }
        }
    }

    fn change_from<A>(
        &self,
        host: &dyn Host,
        now: Nanos,
        snapshot: Snapshot,
        turn: impl Fn(State) -> Step<A>,
    ) -> Result<A, StateError> {
        let edit = |bytes| self.step(bytes, &turn);
        match self.cell.edit_from(host, snapshot, edit) {
            Ok((updated, stored)) => {
                self.reporter.retries(host, updated.retries);
                Ok(self.conclude(host, now, updated.value, stored))
            }
            Err(error) => {
                self.reporter.retries(host, MAX_TRIES);
                self.reporter.contended(host);
                self.memory.forget();
                Err(error)
            }
        }
    }

    /// One event on stored bytes, and the bytes to store if it changes anything.
    fn step<A>(
        &self,
        bytes: Option<Vec<u8>>,
        turn: &impl Fn(State) -> Step<A>,
    ) -> (Outcome<A>, Option<Vec<u8>>) {
        let stored = bytes.and_then(|bytes| State::from_bytes(&self.settings, bytes));
        let step = turn(stored.unwrap_or_else(|| State::new(&self.settings)));
        let outcome = Outcome {
            answer: step.answer,
            mode: step.state.mode(),
            epoch: step.state.epoch,
            changed: step.changed,
            transitions: step.transitions,
        };
        (outcome, step.changed.then(|| step.state.into_bytes()))
    }

    /// Remembers and tells what the shared value now is.
    fn conclude<A>(
        &self,
        host: &dyn Host,
        now: Nanos,
        outcome: Outcome<A>,
        stored: Option<Snapshot>,
    ) -> A {
        match outcome.mode {
            Mode::Closed => self.memory.saw_closed(outcome.epoch, now, stored),
            Mode::Open | Mode::HalfOpen => self.memory.forget(),
        }
        for transition in outcome.transitions {
            self.reporter.changed(host, transition);
        }
        self.reporter.show(host, outcome.mode);
        outcome.answer
    }
}

/// Which shared value is this breaker's: the place it was declared at, and all that calls were judged by.
///
/// What only concerns an open breaker (its time, its trial calls, `forceOpen`, the degraded reply) may change without
/// forgetting that it is open.
fn identity(place: &[&[u8]], settings: &Settings, codes: &Codes) -> StateId {
    let mut rules = Writer::with_capacity(64);
    settings.write_rules(&mut rules);
    codes.write_rules(&mut rules);
    let rules = rules.into_bytes();
    let kind: &[u8] = b"breaker";
    let parts: Vec<&[u8]> = [kind]
        .into_iter()
        .chain(place.iter().copied())
        .chain([&*rules])
        .collect();
    StateId::of(&parts)
}

/// What a refused caller is told to wait; an open breaker without an end promises none.
fn retry_after(refused: Refused) -> Option<Duration> {
    match refused {
        Refused::Forced => None,
        Refused::Open(rest) => Some(rest),
        Refused::HalfOpen => Some(HALF_OPEN_HINT),
    }
}

/// Whole seconds, rounded up: a retry a moment too early would be refused again.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
