//! The breaker's state machine (requirement 2.8): pure steps from one state and an event to an answer and the next state.
//!
//! ```text
//!           rate reached               open time over, at the next admission
//!  closed ───────────────▶ open ──────────────────────────────────▶ half-open
//!    ▲                      ▲                                          │ │
//!    │                      └── rate reached, or undecided too long ───┘ │
//!    └──────────────────────── enough results, no rate reached ──────────┘
//! ```
//!
//! There is no timer: what a timer would have done is done by the next event, *at the time the timer would have fired*, so
//! that an idle hour changes no outcome. Rates are judged after each call, inclusively (`>=`), once enough calls are in.
//! The chart of the requirement reopens on any half-open failure; its table, its `allowedCallsInHalfOpenState` of 3 and
//! JoyLive's code judge by rate, and so does this.
//!
//! Every change of mode begins a new epoch. A permit carries its epoch, and results of another epoch are dropped: the slow
//! tail of calls let through before a trip says nothing about a recovery that began since.

use crate::{
    settings::Settings,
    state::{Mode, Phase, State},
    tally::{Call, Tally, Trip},
    trial::Trial,
    window::Window,
};
use host::Nanos;
use std::time::Duration;

/// A call's leave to go on; to be handed back by [`finish`] or [`release`], exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    epoch: u32,
    trial: Option<u32>,
}

/// The answer to a call that wants to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Admitted(Permit),
    /// It may not.
    Refused(Refused),
}

/// Why a call may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The policy says so.
    Forced,
    /// The breaker is open for this much longer.
    Open(Duration),
    /// The breaker is half-open and all of its permits are out.
    HalfOpen,
}

/// A change of mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The new mode.
    pub to: Mode,
    /// What caused it.
    pub cause: Cause,
}

/// What caused a change of mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A threshold was reached.
    Tripped(Trip),
    /// The open time was over.
    Waited,
    /// The half-open calls did well.
    Recovered(Tally),
    /// The half-open state was not decided in time.
    Undecided(Tally),
}

/// What one event came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<A> {
    /// The answer.
    pub answer: A,
    /// The state after it.
    pub state: State,
    /// Whether the state differs from the one before: if not, there is nothing to store.
    pub changed: bool,
    /// The changes of mode on the way, in order; two at most.
    pub transitions: Vec<Transition>,
}

/// Whether a call may go on.
#[must_use]
pub fn admit(settings: &Settings, state: State, now: Nanos) -> Step<Admission> {
    let mut turn = Turn::new(settings, state, now);
    if settings.forced {
        return turn.end(Admission::Refused(Refused::Forced));
    }
    turn.catch_up();
    turn.wake();
    let answer = turn.admit();
    turn.end(answer)
}

/// Counts a call that has ended.
#[must_use]
pub fn finish(
    settings: &Settings,
    state: State,
    now: Nanos,
    permit: Permit,
    call: Call,
) -> Step<()> {
    let mut turn = Turn::new(settings, state, now);
    turn.catch_up();
    turn.finish(permit, call);
    turn.end(())
}

/// Takes the permit of a call back that never reached the upstream; it counts as nothing.
#[must_use]
pub fn release(settings: &Settings, state: State, now: Nanos, permit: Permit) -> Step<()> {
    let mut turn = Turn::new(settings, state, now);
    turn.catch_up();
    turn.release(permit);
    turn.end(())
}

// === impl Permit ===

impl Permit {
    /// Leave given by a closed breaker in this epoch.
    #[must_use]
    pub fn closed(epoch: u32) -> Self {
        Self { epoch, trial: None }
    }

    /// Whether the call is one of a half-open breaker's few.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.trial.is_some()
    }
}

/// One event being worked on.
struct Turn<'a> {
    settings: &'a Settings,
    state: State,
    now: Nanos,
    changed: bool,
    transitions: Vec<Transition>,
}

// === impl Turn ===

impl<'a> Turn<'a> {
    fn new(settings: &'a Settings, state: State, now: Nanos) -> Self {
        let now = now.max(state.stamp);
        Self {
            settings,
            state,
            now,
            changed: false,
            transitions: Vec::new(),
        }
    }

    fn end<A>(mut self, answer: A) -> Step<A> {
        if self.changed {
            self.state.stamp = self.now;
        }
        let Self {
            state,
            changed,
            transitions,
            ..
        } = self;
        Step {
            answer,
            state,
            changed,
            transitions,
        }
    }

    /// Does what timers would have done to a half-open state by now: permits that ran out, then the state's own limit.
    fn catch_up(&mut self) {
        let Phase::HalfOpen(trial) = &mut self.state.phase else {
            return;
        };
        let deadline = trial
            .deadline(self.settings)
            .filter(|deadline| *deadline <= self.now);
        while let Some(at) = trial.expire(self.settings, deadline.unwrap_or(self.now)) {
            self.changed = true;
            if let Some(verdict) = trial.verdict(self.settings) {
                let tally = trial.tally();
                return self.conclude(verdict, tally, at);
            }
        }
        if let Some(deadline) = deadline {
            let cause = Cause::Undecided(trial.tally());
            self.enter(Phase::Open { since: deadline }, cause);
        }
    }

    /// Lets an open breaker whose time is over become half-open.
    fn wake(&mut self) {
        let Phase::Open { since } = self.state.phase else {
            return;
        };
        if since.after(self.settings.open_for) <= self.now {
            self.enter(Phase::HalfOpen(Trial::new(self.now)), Cause::Waited);
        }
    }

    fn admit(&mut self) -> Admission {
        let epoch = self.state.epoch;
        match &mut self.state.phase {
            Phase::Closed(_) => Admission::Admitted(Permit::closed(epoch)),
            Phase::Open { since } => {
                let rest = since.after(self.settings.open_for).since(self.now);
                Admission::Refused(Refused::Open(rest))
            }
            Phase::HalfOpen(trial) => match trial.grant(self.settings, self.now) {
                Some(number) => {
                    self.changed = true;
                    Admission::Admitted(Permit {
                        epoch,
                        trial: Some(number),
                    })
                }
                None => Admission::Refused(Refused::HalfOpen),
            },
        }
    }

    fn finish(&mut self, permit: Permit, call: Call) {
        if permit.epoch != self.state.epoch {
            return;
        }
        match (&mut self.state.phase, permit.trial) {
            (Phase::Closed(window), None) => {
                window.push(self.now, call);
                let tally = window.tally();
                self.changed = true;
                self.judge(tally);
            }
            (Phase::HalfOpen(trial), Some(number)) => {
                let counted = trial.report(number, call);
                let (verdict, tally) = (trial.verdict(self.settings), trial.tally());
                self.changed |= counted;
                if let Some(verdict) = verdict.filter(|_| counted) {
                    self.conclude(verdict, tally, self.now);
                }
            }
            _ => {}
        }
    }

    fn release(&mut self, permit: Permit) {
        let is_current = permit.epoch == self.state.epoch;
        if let (Phase::HalfOpen(trial), Some(number)) = (&mut self.state.phase, permit.trial) {
            self.changed |= is_current && trial.take_back(number);
        }
    }

    /// Leaves the closed state if a rate is reached.
    fn judge(&mut self, tally: Tally) {
        let is_enough = tally.calls >= self.settings.quorum();
        if let Some(trip) = tally.trip(self.settings).filter(|_| is_enough) {
            self.enter(Phase::Open { since: self.now }, Cause::Tripped(trip));
        }
    }

    /// Leaves the half-open state.
    fn conclude(&mut self, verdict: Result<(), Trip>, tally: Tally, at: Nanos) {
        match verdict {
            Ok(()) => self.enter(
                Phase::Closed(Window::new(self.settings)),
                Cause::Recovered(tally),
            ),
            Err(trip) => self.enter(Phase::Open { since: at }, Cause::Tripped(trip)),
        }
    }

    fn enter(&mut self, phase: Phase, cause: Cause) {
        self.state.phase = phase;
        self.state.epoch = self.state.epoch.wrapping_add(1);
        self.changed = true;
        self.transitions.push(Transition {
            to: self.state.mode(),
            cause,
        });
    }
}

#[cfg(test)]
mod tests;
