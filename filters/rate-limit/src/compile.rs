//! From a policy of the document to a limit.
//!
//! The document has been checked by then, and what is found here again is told in the same words, which are then told once.
//! Nothing falls back to no limit: what cannot be carried out refuses the document, since it would protect less than it says.

use crate::{
    Algorithm, Quota,
    algorithm::{self, Unfit, Waiting, algorithm, waiting},
    cost::Cost,
    key::{ClientKey, Overrides},
    limiter::Limiter,
    rates::Rates,
    spot::Store,
    tally::Tally,
};
use engine::{
    Metrics,
    state::{SharedCell, StateError, StateId, Table, TableKey},
};
use host::Host;
use policy_model::{
    Report,
    condition::Matcher,
    document::{Mode, RateLimitPolicy, SlidingWindow},
};
use std::{num::NonZeroU32, rc::Rc, time::Duration};

const WAITS: [&str; 2] = ["steward_rate_waits_total", "steward_rate_wait_ms"];

/// What all limits of a document have in common while they are compiled.
pub(crate) struct Compiler<'a, 'm> {
    pub(crate) host: &'a dyn Host,
    pub(crate) report: &'a mut Report,
    pub(crate) metrics: &'a mut Metrics<'m>,
    /// Clients that a keyed policy's table has room for.
    pub(crate) entries: NonZeroU32,
    /// Agreed on when the first keyed policy asks.
    pub(crate) table_key: Option<TableKey>,
}

/// Where a policy stands and what it is called there.
pub(crate) struct Place<'p> {
    /// The service, for metrics.
    pub(crate) service: &'p Rc<str>,
    /// The node that the state belongs to, the same in the next version of the document.
    pub(crate) node: &'p str,
    /// The policy's name, or its place in its list.
    pub(crate) label: String,
}

// === impl Compiler ===

impl Compiler<'_, '_> {
    /// The limit; `None` if there is nothing to limit, or if it cannot be carried out, which is then reported.
    pub(crate) fn limiter(
        &mut self,
        policy: &RateLimitPolicy,
        place: &Place<'_>,
    ) -> Option<Limiter> {
        let pointer = &*policy.meta.pointer;
        if policy.sliding_windows.is_empty() {
            return None;
        }
        let matcher = match Matcher::compile(&policy.conditions) {
            Ok(matcher) => Some(matcher),
            Err(invalid) => self.refuse(&*invalid.pointer, &invalid.reason),
        };
        let cost = match Cost::compile(&policy.cost) {
            Ok(cost) => Some(cost),
            Err(invalid) => self.refuse(format!("{pointer}/cost"), &invalid),
        };
        let key = self.key(policy);
        let algorithm = self.settled(policy, algorithm(policy))?;
        let waiting = self.settled(policy, waiting(policy))?;
        let rates = self.rates(
            algorithm,
            (&place.label, waiting),
            &policy.sliding_windows,
            pointer,
        )?;
        let mut override_rates = Vec::new();
        for (index, over) in policy.overrides.iter().enumerate() {
            let pointer = format!("{pointer}/overrides/{index}");
            let (label, windows) = ((&*place.label, waiting), &over.sliding_windows);
            override_rates.push(self.rates(algorithm, label, windows, &pointer)?);
        }
        let (matcher, cost, key) = (matcher?, cost?, key?);
        if rates.capacity() < cost.least().get() {
            let message = "a request costs more than the limit ever lets through: none will pass";
            self.report.warning(format!("{pointer}/cost"), message);
        }
        let name: Rc<str> = place.label.as_str().into();
        let mut tally = Tally::new(self.metrics, "rate", place.service, &name);
        if waiting.is_some() {
            tally = tally.with_waits(self.metrics, WAITS);
        }
        Some(Limiter {
            store: self.store(identity(policy, algorithm, waiting, place), key, pointer)?,
            tally,
            name,
            matcher,
            cost,
            rates,
            overrides: Overrides::new(&policy.overrides),
            override_rates: override_rates.into(),
            is_shadow: policy.meta.mode == Mode::Shadow,
            on_contention: policy.on_contention,
        })
    }

    /// `None`: it names nothing. `Some(None)`: one bucket for all.
    fn key(&mut self, policy: &RateLimitPolicy) -> Option<Option<ClientKey>> {
        if policy.key.is_empty() {
            return Some(None);
        }
        match ClientKey::compile(&policy.key, policy.missing_key) {
            Ok(key) => Some(Some(key)),
            Err((index, invalid)) => {
                self.refuse(format!("{}/key/{index}", policy.meta.pointer), &invalid)
            }
        }
    }

    /// What a policy says, or the reason why it cannot be carried out told once.
    fn settled<T>(&mut self, policy: &RateLimitPolicy, read: Result<T, Unfit>) -> Option<T> {
        match read {
            Ok(settled) => Some(settled),
            Err((place, why)) => {
                let pointer = format!("{}{place}", policy.meta.pointer);
                let mut told = self.report.findings().iter();
                if told.any(|finding| *finding.pointer == pointer) {
                    return None;
                }
                self.refuse(pointer, &why)
            }
        }
    }

    fn rates(
        &mut self,
        algorithm: Algorithm,
        (label, waiting): (&str, Option<Waiting>),
        windows: &[SlidingWindow],
        pointer: &str,
    ) -> Option<Rates> {
        let pointer = format!("{pointer}/slidingWindows");
        let most = RateLimitPolicy::MAX_WINDOWS;
        if windows.len() > most {
            return self.refuse(pointer, &format!("more than {most} windows in one policy"));
        }
        let mut quotas = Vec::with_capacity(windows.len());
        for (index, window) in windows.iter().enumerate() {
            let span = Duration::from_millis(window.time_window_ms.get());
            match Quota::try_new(window.threshold.get(), span) {
                Ok(quota) => quotas.push(quota),
                Err(invalid) => {
                    return self.refuse(format!("{pointer}/{index}/timeWindowInMs"), &invalid);
                }
            }
        }
        let patience = waiting.map_or(Duration::ZERO, |waiting| waiting.patience(&quotas));
        Some(Rates::new(algorithm, label, &quotas, patience))
    }

    fn store(&mut self, id: StateId, key: Option<ClientKey>, pointer: &str) -> Option<Store> {
        let Some(key) = key else {
            return Some(Store::Shared(SharedCell::new(id)));
        };
        // A refused document takes no room.
        if self.report.is_refusal() {
            return None;
        }
        match self.table(id) {
            Ok(table) => Some(Store::PerClient { key, table }),
            Err(error) => self.refuse(pointer, &error),
        }
    }

    fn refuse<T>(&mut self, pointer: impl Into<String>, why: &impl ToString) -> Option<T> {
        self.report.error(pointer, why.to_string());
        None
    }

    fn table(&mut self, id: StateId) -> Result<Table, StateError> {
        let key = match self.table_key.take() {
            Some(key) => key,
            None => TableKey::agree(self.host)?,
        };
        let table = Table::open(self.host, &key, id, self.entries.get());
        self.table_key = Some(key);
        table
    }
}

/// Whose state it is: all that the state depends on, and nothing else. `version` alone changes nothing.
fn identity(
    policy: &RateLimitPolicy,
    algorithm: Algorithm,
    waiting: Option<Waiting>,
    place: &Place<'_>,
) -> StateId {
    let mut parts = vec![
        "rate".to_owned(),
        place.node.to_owned(),
        place.label.clone(),
    ];
    parts.push(algorithm::text(algorithm));
    parts.push(quotas_text(&policy.sliding_windows));
    if waiting.is_some() {
        parts.push("waits".to_owned());
    }
    for part in &policy.key {
        parts.push(format!(
            "{} {} {} {}",
            part.kind, part.prefix_v4, part.prefix_v6, part.key
        ));
    }
    for over in &policy.overrides {
        parts.push(quotas_text(&over.sliding_windows));
        parts.extend(over.matches.iter().cloned());
    }
    StateId::of(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
}

fn quotas_text(windows: &[SlidingWindow]) -> String {
    let text = |window: &SlidingWindow| format!("{}/{}", window.threshold, window.time_window_ms);
    windows.iter().map(text).collect::<Vec<_>>().join(" ")
}
