//! What became of a service's requests, provider by provider, as `steward_decisions_total` with `kind="jwt"`; of those with
//! keys, with `kind="apiKey"` and without telling clients apart, of which there may be thousands.
//!
//! Defined once at configure, since a metric in Envoy is never freed: as many as there are services with a requirement times
//! providers, which the document bounds. Refusals that no provider had a part in (there was no token) count under `-`.

use crate::refuse::Outcome;
use engine::{Metrics, metrics::Counter};
use host::Host;
use policy_model::document::ApiKeys;

/// The counters of one service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    providers: Vec<Outcomes>,
    nobody: Outcomes,
    keys: Outcomes,
}

/// What can occur at all with a document, and so is worth a metric.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Occur {
    /// Requests with keys.
    pub(crate) keys: bool,
    /// Requests that pass though they failed.
    pub(crate) failures: bool,
}

/// How often a token was known, as `steward_jwt_cache_total`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheTally {
    hit: Counter,
    miss: Counter,
}

#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    passed: Counter,
    refused: Counter,
    shadow: Counter,
    failed: Counter,
}

// === impl CacheTally ===

impl CacheTally {
    pub(crate) fn define(metrics: &mut Metrics<'_>) -> Self {
        let mut counter =
            |outcome| metrics.counter("steward_jwt_cache_total", &[("outcome", outcome)]);
        Self {
            hit: counter("hit"),
            miss: counter("miss"),
        }
    }

    /// A token was believed.
    pub(crate) fn told(self, was_known: bool, host: &dyn Host) {
        let counter = if was_known { self.hit } else { self.miss };
        counter.increment(host);
    }
}

// === impl Tally ===

impl Tally {
    pub(crate) fn define<'a>(
        metrics: &mut Metrics<'_>,
        service: &str,
        providers: impl Iterator<Item = &'a str>,
        occur: Occur,
    ) -> Self {
        let mut outcomes = |policy: &str, kind| {
            let mut counter = |outcome| metrics.decisions(service, policy, kind, outcome);
            Outcomes {
                passed: counter("passed"),
                refused: counter("refused"),
                shadow: counter("would_refuse"),
                failed: match occur.failures {
                    true => counter("failed"),
                    false => Counter::default(),
                },
            }
        };
        Self {
            providers: providers.map(|name| outcomes(name, "jwt")).collect(),
            nobody: outcomes("-", "jwt"),
            keys: match occur.keys {
                true => outcomes(ApiKeys::NAME, "apiKey"),
                false => Outcomes::default(),
            },
        }
    }

    /// A provider vouched for a request; `None`: it passed without a token.
    pub(crate) fn passed(&self, provider: Option<usize>, host: &dyn Host) {
        self.of(provider).passed.increment(host);
    }

    /// A request did not bring what it should have.
    pub(crate) fn refused(&self, provider: Option<usize>, outcome: Outcome, host: &dyn Host) {
        self.of(provider).refused(outcome, host);
    }

    /// A key was believed.
    pub(crate) fn key_passed(&self, host: &dyn Host) {
        self.keys.passed.increment(host);
    }

    /// The same, for its key.
    pub(crate) fn key_refused(&self, outcome: Outcome, host: &dyn Host) {
        self.keys.refused(outcome, host);
    }

    fn of(&self, provider: Option<usize>) -> Outcomes {
        provider
            .and_then(|index| self.providers.get(index))
            .copied()
            .unwrap_or(self.nobody)
    }
}

// === impl Outcomes ===

impl Outcomes {
    fn refused(self, outcome: Outcome, host: &dyn Host) {
        let counter = match outcome {
            Outcome::Refused => self.refused,
            Outcome::WouldRefuse => self.shadow,
            Outcome::Failed => self.failed,
        };
        counter.increment(host);
    }
}
