//! What every kind of policy tells of its decisions: the same counters under the same names, and a line for what a policy
//! in shadow mode would have refused.

use crate::metrics::{Counter, LateCounter, Metrics};
use crate::view;
use host::Host;
use log::Level;
use serde::Serialize;
use std::rc::Rc;

/// `steward_decisions_total` of one policy.
#[derive(Clone, Debug)]
pub struct Decisions {
    kind: &'static str,
    service: Rc<str>,
    policy: Rc<str>,
    passed: Counter,
    refused: Counter,
    would_refuse: LateCounter,
    contended: LateCounter,
}

#[derive(Serialize)]
struct ShadowLine<'a> {
    steward: &'static str,
    request_id: &'a str,
    service: &'a str,
    policy: &'a str,
    outcome: &'static str,
}

// === impl Decisions ===

impl Decisions {
    /// The counters of this policy; `kind` is that of its stage. Those of shadow mode and contention, which most policies
    /// never see, are not there before they count.
    #[must_use]
    pub fn new(
        metrics: &mut Metrics<'_>,
        kind: &'static str,
        service: Rc<str>,
        policy: Rc<str>,
    ) -> Self {
        let mut counter = |outcome| metrics.decisions(&service, &policy, kind, outcome);
        Self {
            passed: counter("passed"),
            refused: counter("refused"),
            would_refuse: LateCounter::default(),
            contended: LateCounter::default(),
            kind,
            service,
            policy,
        }
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The policy's name.
    #[must_use]
    pub fn policy(&self) -> &Rc<str> {
        &self.policy
    }

    /// A request was let through.
    pub fn passed(&self, host: &dyn Host) {
        self.passed.increment(host);
    }

    /// A request was refused.
    pub fn refused(&self, host: &dyn Host) {
        self.refused.increment(host);
    }

    /// A request passed that would have been refused but for shadow mode.
    pub fn would_refuse(&self, host: &dyn Host) {
        self.late(host, &self.would_refuse, "would_refuse");
        if !host.log_enabled(Level::Info) {
            return;
        }
        let id = request_id(host);
        let line = ShadowLine {
            steward: self.kind,
            request_id: view::id(str::from_utf8(&id).unwrap_or_default()),
            service: &self.service,
            policy: &self.policy,
            outcome: "would_refuse",
        };
        write_line(host, Level::Info, &line);
    }

    /// The state behind the decision could not be changed: other workers were always faster, or the host refused.
    pub fn contended(&self, host: &dyn Host) {
        self.late(host, &self.contended, "contended");
    }

    fn late(&self, host: &dyn Host, counter: &LateCounter, outcome: &str) {
        counter.increment(host, |metrics| {
            metrics.decisions(&self.service, &self.policy, self.kind, outcome)
        });
    }
}

/// `x-request-id` as Envoy's `request.id` has it: a breaker decides with the response, when no view of the request is left.
fn request_id(host: &dyn Host) -> Vec<u8> {
    let id = host.property(&["request", "id"]);
    id.ok().flatten().unwrap_or_default()
}

/// Writes a log line, one JSON object, if anybody will read it.
pub fn write_line(host: &dyn Host, level: Level, line: &impl Serialize) {
    if host.log_enabled(level) {
        host.log(level, &serde_json::to_string(line).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::fake::FakeHost;

    fn name(outcome: &str) -> String {
        format!("steward_decisions_total;service=orders;policy=all;kind=rate;outcome={outcome}")
    }

    #[test]
    fn usual_outcomes_begin_with_zero_and_rare_ones_when_they_occur() {
        let host = FakeHost::new();
        let decisions = Decisions::new(
            &mut Metrics::new(&host),
            "rate",
            "orders".into(),
            "all".into(),
        );
        assert_eq!(host.metric_names(), [name("passed"), name("refused")]);

        decisions.contended(&host);
        decisions.contended(&host);
        decisions.would_refuse(&host);
        host.set_property("request.id", b"r-1");
        decisions.would_refuse(&host);
        assert_eq!(host.metric(&name("contended")), Some(2));
        assert_eq!(host.metric(&name("would_refuse")), Some(2));
        let said = |id: &str| {
            let rest = r#""service":"orders","policy":"all","outcome":"would_refuse"}"#;
            format!(r#"{{"steward":"rate","request_id":"{id}",{rest}"#)
        };
        assert_eq!(host.texts(), [said(""), said("r-1")]);
    }
}
