//! Metrics with labels, defined once at configure.
//!
//! Envoy's Wasm metrics have no labels; ours are written into the name as `;label=value` and taken out again by the
//! shipped `stats_tags`. `;` and control characters in a value would break that and become `_`.
//!
//! Nothing here counts at configure: it runs in the canary VM, on the main thread and on every worker.
//!
//! A policy's usual outcomes are defined at configure, so that a scraper sees their zero and misses no first increment.
//! What seldom happens is defined when it first does (`LateCounter`): documents have thousands of policies, and each
//! definition is a host call and, in Envoy, memory and a line of `/stats`.

use host::{Host, MetricId, MetricKind};
use policy_model::map::Map;
use siphasher::sip::SipHasher24;
use std::cell::Cell;

/// Defines metrics, each name once per VM.
pub struct Metrics<'a> {
    host: &'a dyn Host,
    /// By the hash of the name: policies of one name share theirs, and names of one service begin alike for long. Of a
    /// million names two would be taken for one once in 37 million documents.
    known: Map<u64, MetricId>,
    /// The name being made.
    name: String,
}

/// A counter; silent where the host has no metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter(Option<MetricId>);

/// A counter that is defined when it first counts. Its owner knows its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct LateCounter(Cell<Option<Counter>>);

/// A gauge; silent where the host has no metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauge(Option<MetricId>);

/// A distribution; silent where the host has no metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Histogram(Option<MetricId>);

// === impl Metrics ===

impl<'a> Metrics<'a> {
    pub(crate) fn new(host: &'a dyn Host) -> Self {
        Self {
            host,
            known: Map::new(),
            name: String::new(),
        }
    }

    /// A counter of this name and these labels.
    pub fn counter(&mut self, name: &str, labels: &[(&str, &str)]) -> Counter {
        Counter(self.define(MetricKind::Counter, name, labels))
    }

    /// A gauge of this name and these labels.
    pub fn gauge(&mut self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        Gauge(self.define(MetricKind::Gauge, name, labels))
    }

    /// A histogram of this name and these labels.
    pub fn histogram(&mut self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        Histogram(self.define(MetricKind::Histogram, name, labels))
    }

    /// `steward_decisions_total` of one policy and outcome.
    pub fn decisions(&mut self, service: &str, policy: &str, kind: &str, outcome: &str) -> Counter {
        let labels = [
            ("service", service),
            ("policy", policy),
            ("kind", kind),
            ("outcome", outcome),
        ];
        self.counter("steward_decisions_total", &labels)
    }

    fn define(
        &mut self,
        kind: MetricKind,
        name: &str,
        labels: &[(&str, &str)],
    ) -> Option<MetricId> {
        self.name.clear();
        push_labelled(&mut self.name, name, labels);
        let hash = SipHasher24::new().hash(self.name.as_bytes());
        if let Some(id) = self.known.get(&hash) {
            return Some(*id);
        }
        let id = self.host.define_metric(kind, &self.name).ok()?;
        self.known.insert(hash, id);
        Some(id)
    }
}

// === impl Counter ===

impl Counter {
    /// Counts one.
    pub fn increment(self, host: &dyn Host) {
        self.add(host, 1);
    }

    /// Counts several; none is no host call.
    pub fn add(self, host: &dyn Host, count: u32) {
        if let (Some(id), true) = (self.0, count > 0) {
            // A metric that cannot be written must not change a verdict.
            let _ = host.add_metric(id, i64::from(count));
        }
    }
}

// === impl LateCounter ===

impl LateCounter {
    /// Counts one, in the counter that `define` makes.
    pub(crate) fn increment<'h>(
        &self,
        host: &'h dyn Host,
        define: impl FnOnce(&mut Metrics<'h>) -> Counter,
    ) {
        let counter = self.0.get().unwrap_or_else(|| {
            let counter = define(&mut Metrics::new(host));
            self.0.set(Some(counter));
            counter
        });
        counter.increment(host);
    }
}

// === impl Gauge ===

impl Gauge {
    /// Sets the value, for all workers.
    pub fn set(self, host: &dyn Host, value: u64) {
        if let Some(id) = self.0 {
            let _ = host.record_metric(id, value);
        }
    }
}

// === impl Histogram ===

impl Histogram {
    /// Records one value.
    pub fn record(self, host: &dyn Host, value: u64) {
        if let Some(id) = self.0 {
            let _ = host.record_metric(id, value);
        }
    }
}

fn push_labelled(to: &mut String, name: &str, labels: &[(&str, &str)]) {
    to.push_str(name);
    for (label, value) in labels {
        to.push(';');
        push_label(to, label, value);
    }
}

/// Writes `label=value`, from which nothing but the value's end can follow before the next `;`.
pub(crate) fn push_label(to: &mut String, label: &str, value: &str) {
    to.push_str(label);
    to.push('=');
    let is_special = |letter: char| letter == ';' || letter.is_control();
    for (number, part) in value.split(is_special).enumerate() {
        if number > 0 {
            to.push('_');
        }
        to.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_value_cannot_forge_another_label() {
        let labels = [("service", "a;policy=b\n"), ("policy", "限流.1")];
        let mut name = String::new();
        push_labelled(&mut name, "steward_x", &labels);
        assert_eq!(name, "steward_x;service=a_policy=b_;policy=限流.1");
    }
}
