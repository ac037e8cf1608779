//! What an operator sees of a limit: counters, and a line for each refusal that was not carried out.

use engine::{Metrics, metrics::Counter};
use host::Host;
use log::Level;
use serde::Serialize;
use std::rc::Rc;

/// The metrics of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    service: Rc<str>,
    policy: Rc<str>,
    passed: Counter,
    refused: Counter,
    would_refuse: Counter,
    contended: Counter,
    retries: Counter,
    overflow: Counter,
}

#[derive(Serialize)]
struct ShadowLine<'a> {
    steward: &'static str,
    service: &'a str,
    policy: &'a str,
    outcome: &'static str,
}

// === impl Tally ===

impl Tally {
    pub(crate) fn new(metrics: &mut Metrics<'_>, service: &Rc<str>, policy: &Rc<str>) -> Self {
        let mut decisions = |outcome| metrics.decisions(service, policy, "rate", outcome);
        Self {
            passed: decisions("passed"),
            refused: decisions("refused"),
            would_refuse: decisions("would_refuse"),
            contended: decisions("contended"),
            retries: metrics.counter("steward_state_cas_retries_total", &[]),
            overflow: metrics.counter("steward_state_overflow_total", &[]),
            service: Rc::clone(service),
            policy: Rc::clone(policy),
        }
    }

    pub(crate) fn passed(&self, host: &dyn Host) {
        self.passed.increment(host);
    }

    pub(crate) fn refused(&self, host: &dyn Host) {
        self.refused.increment(host);
    }

    /// A shadow policy would have refused.
    pub(crate) fn would_refuse(&self, host: &dyn Host) {
        self.would_refuse.increment(host);
        if host.log_enabled(Level::Info) {
            let (service, policy) = (&*self.service, &*self.policy);
            let line = ShadowLine {
                steward: "rate_limit",
                service,
                policy,
                outcome: "would_refuse",
            };
            host.log(
                Level::Info,
                &serde_json::to_string(&line).unwrap_or_default(),
            );
        }
    }

    /// The shared state could not be changed.
    pub(crate) fn contended(&self, host: &dyn Host) {
        self.contended.increment(host);
    }

    /// What changing the state took.
    pub(crate) fn state(&self, host: &dyn Host, retries: u32, overflowed: bool) {
        self.retries.add(host, retries);
        self.overflow.add(host, overflowed.into());
    }
}
