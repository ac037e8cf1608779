//! One limit of the document in one VM.

use crate::{
    Refused, Standing, Verdict, Windows,
    cost::Cost,
    fields::{Labels, Told, fields, seconds_until},
    key::{Client, ClientKey},
    spot::{Spot, Store},
    tally::Tally,
};
use engine::{
    Cause, LimitEvidence, Refusal, RequestContext,
    state::{MAX_TRIES, Snapshot, StateError},
};
use host::{Host, Nanos};
use policy_model::{
    condition::Matcher,
    document::{LimitOverride, OnContention, RateLimitHeaders},
};
use std::{num::NonZeroU32, rc::Rc, time::Duration};

/// A compiled rate-limit policy.
#[derive(Debug)]
pub(crate) struct Limiter {
    pub(crate) name: Rc<str>,
    pub(crate) matcher: Matcher,
    /// None: one bucket for all.
    pub(crate) key: Option<ClientKey>,
    pub(crate) cost: Cost,
    pub(crate) rates: Rates,
    pub(crate) overrides: Box<[LimitOverride]>,
    /// The rates of each of the `overrides`.
    pub(crate) override_rates: Box<[Rates]>,
    pub(crate) store: Store,
    pub(crate) is_shadow: bool,
    pub(crate) on_contention: OnContention,
    pub(crate) tally: Tally,
}

/// How much in how much time.
#[derive(Debug)]
pub(crate) struct Rates {
    pub(crate) windows: Windows,
    pub(crate) labels: Labels,
}

/// A limit that applies to a request, and what is asked of it.
pub(crate) struct Due<'p> {
    limiter: &'p Limiter,
    rates: &'p Rates,
    spot: Spot<'p>,
    cost: NonZeroU32,
    seen: Option<Snapshot>,
}

/// Whether a limit applies.
pub(crate) enum Applies<'p> {
    /// Not to this request.
    No,
    /// It does.
    Due(Due<'p>),
    /// It does, and refuses a request without a key.
    Refused(Refusal),
}

/// What a limit answers.
pub(crate) enum Answer<'p> {
    /// The request passes it.
    Passed(Option<Told<'p>>),
    /// It does not.
    Refused(Refusal),
}

const TOO_MANY: &str = "too many requests, retry later";
const TOO_COSTLY: &str = "the request costs more than the limit ever lets through";
const NO_KEY: &str = "the request lacks what the limit counts by";
const CONTENDED: &str = "the limit is too busy to count the request, retry later";

/// What a caller is told to wait who was refused because workers kept getting in each other's way: a hint.
const CONTENDED_HINT: Duration = Duration::from_secs(1);

// === impl Limiter ===

impl Limiter {
    /// Whether the limit applies to a request.
    pub(crate) fn applies(&self, cx: &RequestContext<'_>) -> Applies<'_> {
        if !self.matcher.matches(cx) {
            return Applies::No;
        }
        let client = self.key.as_ref().map(|key| key.client(cx, &self.overrides));
        let (spot, rates) = match client {
            None => (self.store.spot(&[]), None),
            Some(Client::Counted { key, rates }) => (self.store.spot(&key), rates),
            Some(Client::Exempt) => return Applies::No,
            Some(Client::Unknown) if self.is_shadow => {
                self.tally.decisions.would_refuse(cx.host);
                return Applies::No;
            }
            Some(Client::Unknown) => {
                self.tally.decisions.refused(cx.host);
                return Applies::Refused(self.refusal(NO_KEY));
            }
        };
        let rates = rates
            .and_then(|index| self.override_rates.get(index))
            .unwrap_or(&self.rates);
        Applies::Due(Due {
            limiter: self,
            rates,
            spot,
            cost: self.cost.of(cx),
            seen: None,
        })
    }

    fn refusal(&self, message: &'static str) -> Refusal {
        let cause = match self.store.is_per_client() {
            true => Cause::ClientRateLimited,
            false => Cause::RateLimited,
        };
        Refusal::by_policy(cause, "steward_rate_limited", &self.name, message)
    }

    /// The request could not be counted.
    fn contended(&self, host: &dyn Host) -> Answer<'_> {
        self.tally.decisions.contended(host);
        if self.is_shadow || self.on_contention == OnContention::Allow {
            return Answer::Passed(None);
        }
        let wait = CONTENDED_HINT.as_secs().to_string();
        Answer::Refused(self.refusal(CONTENDED).header("retry-after", wait))
    }
}

// === impl Due ===

impl<'p> Due<'p> {
    /// Whether a refusal would be carried out.
    pub(crate) fn is_enforced(&self) -> bool {
        !self.limiter.is_shadow
    }

    /// Looks at the state without changing it: the refusal, if the request would be refused.
    pub(crate) fn look(
        &mut self,
        cx: &RequestContext<'_>,
        style: RateLimitHeaders,
    ) -> Option<Refusal> {
        let snapshot = self.spot.read(cx.host).ok()?;
        let state = self.spot.state(&snapshot, cx.now());
        let verdict = self.rates.windows.decide(state, cx.now(), self.cost).0;
        self.seen = Some(snapshot);
        verdict.err().map(|refused| self.refuse(cx, refused, style))
    }

    /// Counts the request, or refuses it.
    pub(crate) fn count(mut self, cx: &RequestContext<'_>, style: RateLimitHeaders) -> Answer<'p> {
        match self.change(cx.host, cx.now()) {
            Err(_) => self.limiter.contended(cx.host),
            Ok(Ok(standing)) => {
                self.limiter.tally.decisions.passed(cx.host);
                let labels = &self.rates.labels;
                Answer::Passed(self.is_enforced().then_some(Told { labels, standing }))
            }
            Ok(Err(_)) if self.limiter.is_shadow => {
                self.limiter.tally.decisions.would_refuse(cx.host);
                Answer::Passed(None)
            }
            Ok(Err(refused)) => Answer::Refused(self.refuse(cx, refused, style)),
        }
    }

    fn change(&mut self, host: &dyn Host, now: Nanos) -> Result<Verdict, StateError> {
        let snapshot = match self.seen.take() {
            Some(snapshot) => snapshot,
            None => self.spot.read(host)?,
        };
        let windows = &self.rates.windows;
        let change = |state: Option<&[u8]>| windows.decide(state, now, self.cost);
        let updated = self.spot.update_from(host, snapshot, now, change);
        let tally = &self.limiter.tally;
        match &updated {
            Ok(updated) => tally.state(host, updated.retries, updated.value.overflowed),
            Err(StateError::Contended) => tally.state(host, MAX_TRIES, false),
            Err(StateError::Host(_)) => {}
        }
        Ok(updated?.value.value)
    }

    fn refuse(
        &self,
        cx: &RequestContext<'_>,
        refused: Refused,
        style: RateLimitHeaders,
    ) -> Refusal {
        self.limiter.tally.decisions.refused(cx.host);
        let Some(retry_at) = refused.retry_at else {
            return self.limiter.refusal(TOO_COSTLY);
        };
        let now = cx.now();
        let mut refusal = self.limiter.refusal(TOO_MANY);
        refusal.limit = Some(evidence(refused.standing, retry_at, now, cx.wall_clock()));
        refusal = refusal.header("retry-after", seconds_until(retry_at, now).to_string());
        let told = Told {
            labels: &self.rates.labels,
            standing: refused.standing,
        };
        for (name, value) in fields(style, &[told], now) {
            refusal = refusal.header(name, value);
        }
        refusal
    }
}

fn evidence(
    standing: Standing,
    retry_at: Nanos,
    now: Nanos,
    wall_clock: Duration,
) -> LimitEvidence {
    let reset = wall_clock.saturating_add(standing.full_at.since(now));
    LimitEvidence {
        limit: standing.limit.into(),
        remaining: standing.remaining.into(),
        retry_after: seconds_until(retry_at, now),
        reset: reset.as_secs() + u64::from(reset.subsec_nanos() > 0),
    }
}
