//! Metrics with labels, defined once at configure.
//!
//! Envoy's Wasm metrics have no labels; ours are written into the name as `;label=value` and taken out again by the
//! shipped `stats_tags`. `;` and control characters in a value would break that and become `_`.
//!
//! Nothing here counts at configure: it runs in the canary VM, on the main thread and on every worker.

use host::{Host, MetricId, MetricKind};
use std::collections::BTreeMap;

/// Defines metrics, each name once per VM.
pub struct Metrics<'a> {
    host: &'a dyn Host,
    known: BTreeMap<String, MetricId>,
}

/// A counter; silent where the host has no metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter(Option<MetricId>);

/// A gauge; silent where the host has no metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauge(Option<MetricId>);

// === impl Metrics ===

impl<'a> Metrics<'a> {
    pub(crate) fn new(host: &'a dyn Host) -> Self {
        Self {
            host,
            known: BTreeMap::new(),
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
        let full = labelled(name, labels);
        if let Some(id) = self.known.get(&full) {
            return Some(*id);
        }
        let id = self.host.define_metric(kind, &full).ok()?;
        self.known.insert(full, id);
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

// === impl Gauge ===

impl Gauge {
    /// Sets the value, for all workers.
    pub fn set(self, host: &dyn Host, value: u64) {
        if let Some(id) = self.0 {
            let _ = host.record_metric(id, value);
        }
    }
}

fn labelled(name: &str, labels: &[(&str, &str)]) -> String {
    let mut full = String::from(name);
    for (label, value) in labels {
        full.push(';');
        push_label(&mut full, label, value);
    }
    full
}

/// Writes `label=value`, from which nothing but the value's end can follow before the next `;`.
pub(crate) fn push_label(to: &mut String, label: &str, value: &str) {
    to.push_str(label);
    to.push('=');
    to.extend(
        value
            .chars()
            .map(|c| if c == ';' || c.is_control() { '_' } else { c }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_value_cannot_forge_another_label() {
        assert_eq!(
            labelled(
                "steward_x",
                &[("service", "a;policy=b\n"), ("policy", "限流.1")]
            ),
            "steward_x;service=a_policy=b_;policy=限流.1"
        );
    }
}
