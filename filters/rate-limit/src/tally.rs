//! What an operator sees of a limit beside its decisions: how hard its state was to change.

use engine::{Decisions, Metrics, metrics::Counter};
use host::Host;
use std::rc::Rc;

/// One policy's counters.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) decisions: Decisions,
    retries: Counter,
    overflow: Counter,
    refunds: Counter,
}

// === impl Tally ===

impl Tally {
    /// The counters of a policy of this `kind`.
    pub(crate) fn new(
        metrics: &mut Metrics<'_>,
        kind: &'static str,
        service: &Rc<str>,
        policy: &Rc<str>,
    ) -> Self {
        let (service, policy) = (Rc::clone(service), Rc::clone(policy));
        Self {
            decisions: Decisions::new(metrics, kind, service, policy),
            retries: metrics.counter("steward_state_cas_retries_total", &[]),
            overflow: metrics.counter("steward_state_overflow_total", &[]),
            refunds: metrics.counter("steward_rate_refunds_total", &[]),
        }
    }

    /// A permit was given back.
    pub(crate) fn refunded(&self, host: &dyn Host) {
        self.refunds.increment(host);
    }

    /// What changing the state took.
    pub(crate) fn state(&self, host: &dyn Host, retries: u32, overflowed: bool) {
        self.retries.add(host, retries);
        self.overflow.add(host, overflowed.into());
    }
}
