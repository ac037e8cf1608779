//! What an operator sees of a limit beside its decisions: how hard its state was to change.

use engine::{
    Decisions, Metrics,
    metrics::{Counter, Histogram},
};
use host::Host;
use std::{rc::Rc, time::Duration};

/// One policy's counters.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) decisions: Decisions,
    retries: Counter,
    overflow: Counter,
    refunds: Counter,
    waits: Option<Waits>,
}

/// What became of requests that waited, and for how long those did that went on.
#[derive(Clone, Debug)]
struct Waits {
    passed: Counter,
    refused: Counter,
    left: Counter,
    /// In milliseconds.
    time: Histogram,
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
            waits: None,
        }
    }

    /// The same with counters for requests that wait; `names` are the counter's and the histogram's.
    pub(crate) fn with_waits(self, metrics: &mut Metrics<'_>, names: [&str; 2]) -> Self {
        let decisions = &self.decisions;
        let waits = Waits::new(metrics, names, decisions.service(), decisions.policy());
        Self {
            waits: Some(waits),
            ..self
        }
    }

    /// A request went on after waiting for so long.
    pub(crate) fn waited(&self, host: &dyn Host, span: Duration) {
        if let Some(waits) = &self.waits {
            waits.passed.increment(host);
            let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            waits.time.record(host, millis);
        }
    }

    /// A request was refused after it had waited.
    pub(crate) fn refused_late(&self, host: &dyn Host) {
        if let Some(waits) = &self.waits {
            waits.refused.increment(host);
        }
    }

    /// A client left that waited.
    pub(crate) fn left(&self, host: &dyn Host) {
        if let Some(waits) = &self.waits {
            waits.left.increment(host);
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

// === impl Waits ===

impl Waits {
    fn new(
        metrics: &mut Metrics<'_>,
        [total, time]: [&str; 2],
        service: &str,
        policy: &str,
    ) -> Self {
        let mut counter = |outcome| {
            let labels = [
                ("service", service),
                ("policy", policy),
                ("outcome", outcome),
            ];
            metrics.counter(total, &labels)
        };
        Self {
            passed: counter("passed"),
            refused: counter("refused"),
            left: counter("left"),
            time: metrics.histogram(time, &[("service", service), ("policy", policy)]),
        }
    }
}
