//! What an operator sees of a breaker: its mode as a gauge, its changes as counters and log lines.

use crate::{
    breaker::{Cause, Transition},
    state::Mode,
    tally::{Tally, Trip},
};
use engine::{
    Decisions, Metrics,
    metrics::{Counter, Gauge},
    write_line,
};
use host::Host;
use log::Level;
use serde::Serialize;
use std::{cell::Cell, rc::Rc};

/// One breaker's metrics and log lines.
pub(crate) struct Reporter {
    decisions: Decisions,
    state: Gauge,
    to_closed: Counter,
    to_half_open: Counter,
    to_open: Counter,
    retries: Counter,
    /// What this VM last saw, so that the gauge is written only when it changes. Every worker writes what it sees: a gauge
    /// that a configuration reload or a slower worker left wrong is right again with that worker's next request.
    shown: Cell<Option<Mode>>,
}

#[derive(Serialize)]
struct Line<'a> {
    steward: &'static str,
    service: &'a str,
    policy: &'a str,
    to: &'static str,
    cause: &'static str,
    #[serde(flatten)]
    tally: Option<Tally>,
}

// === impl Reporter ===

impl Reporter {
    pub(crate) fn new(metrics: &mut Metrics<'_>, service: Rc<str>, policy: Rc<str>) -> Self {
        let mut to = |to: Mode| {
            let labels = [
                ("service", &*service),
                ("policy", &*policy),
                ("to", to.name()),
            ];
            metrics.counter("steward_breaker_transitions_total", &labels)
        };
        let (to_closed, to_half_open, to_open) =
            (to(Mode::Closed), to(Mode::HalfOpen), to(Mode::Open));
        let labels = [("service", &*service), ("policy", &*policy)];
        Self {
            state: metrics.gauge("steward_breaker_state", &labels),
            retries: metrics.counter("steward_state_cas_retries_total", &[]),
            to_closed,
            to_half_open,
            to_open,
            shown: Cell::new(None),
            decisions: Decisions::new(metrics, "breaker", service, policy),
        }
    }

    pub(crate) fn policy(&self) -> Rc<str> {
        Rc::clone(self.decisions.policy())
    }

    /// A call was let through.
    pub(crate) fn passed(&self, host: &dyn Host) {
        self.decisions.passed(host);
    }

    /// The shared state could not be changed: a result that is not counted, or a half-open call that is not let through.
    pub(crate) fn contended(&self, host: &dyn Host) {
        self.decisions.contended(host);
    }

    /// A call was refused, or would have been.
    pub(crate) fn refused(&self, host: &dyn Host, is_shadow: bool) {
        if is_shadow {
            self.decisions.would_refuse(host);
        } else {
            self.decisions.refused(host);
        }
    }

    /// Swaps were lost to other workers.
    pub(crate) fn retries(&self, host: &dyn Host, retries: u32) {
        self.retries.add(host, retries);
    }

    /// The breaker is in this mode.
    pub(crate) fn show(&self, host: &dyn Host, mode: Mode) {
        if self.shown.replace(Some(mode)) != Some(mode) {
            self.state.set(host, mode.number());
        }
    }

    /// The breaker has changed its mode, by a call of this VM.
    pub(crate) fn changed(&self, host: &dyn Host, transition: Transition) {
        match transition.to {
            Mode::Closed => self.to_closed.increment(host),
            Mode::HalfOpen => self.to_half_open.increment(host),
            Mode::Open => self.to_open.increment(host),
        }
        let (cause, tally) = transition.cause.told();
        let line = Line {
            steward: "breaker",
            service: self.decisions.service(),
            policy: self.decisions.policy(),
            to: transition.to.name(),
            cause,
            tally,
        };
        write_line(host, Level::Warn, &line);
    }
}

// === impl Mode ===

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }

    /// The gauge's value: the more is refused, the higher.
    fn number(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

// === impl Cause ===

impl Cause {
    fn told(self) -> (&'static str, Option<Tally>) {
        match self {
            Self::Tripped(Trip::Failures(tally)) => ("failure_rate", Some(tally)),
            Self::Tripped(Trip::SlowCalls(tally)) => ("slow_call_rate", Some(tally)),
            Self::Waited => ("open_time_over", None),
            Self::Recovered(tally) => ("recovered", Some(tally)),
            Self::Undecided(tally) => ("half_open_too_long", Some(tally)),
        }
    }
}
