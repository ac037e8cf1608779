//! One limit of the document in one VM.

use crate::{
    Refused, Standing, Windows,
    cost::Cost,
    fields::{Labels, Told, fields, seconds_until},
    key::{Client, Overrides},
    spot::{Spot, Store},
    tally::Tally,
};
use engine::{
    Cause, LimitEvidence, Refusal, RequestContext,
    state::{Draft, Form, MAX_TRIES, Placed, StateError},
};
use host::{Host, Nanos};
use policy_model::{
    condition::Matcher,
    document::{OnContention, RateLimitHeaders},
};
use std::{num::NonZeroU32, rc::Rc, time::Duration};

/// A compiled rate-limit policy.
#[derive(Debug)]
pub(crate) struct Limiter {
    pub(crate) name: Rc<str>,
    pub(crate) matcher: Matcher,
    pub(crate) cost: Cost,
    pub(crate) rates: Rates,
    pub(crate) overrides: Overrides,
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
    draft: Option<Draft<Placed<Decision>>>,
}

/// A decision on one limit; if the request passes, with where it stands, if somebody wants to know.
type Decision = Result<Option<Standing>, Refused>;

/// What callers are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Telling {
    pub(crate) style: RateLimitHeaders,
    /// Who passes is told too.
    pub(crate) on_success: bool,
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
        let (spot, rates) = match &self.store {
            Store::PerClient { key, table } => {
                let mut name = table.client();
                let mut write = |piece: &[u8]| name.write(piece);
                let over = match key.client(cx, &self.overrides, &mut write) {
                    Client::Counted { over } => over,
                    Client::Exempt => return Applies::No,
                    Client::Unknown => return self.unknown(cx.host),
                };
                let (number, rates) = self.rates(over);
                let len = rates.windows.state_len();
                let address = table.address(&name, Form { number, len });
                (Spot::Client(address), rates)
            }
            Store::Shared(cell) => {
                let len = self.rates.windows.state_len();
                (Spot::Shared { cell, len }, &self.rates)
            }
        };
        Applies::Due(Due {
            limiter: self,
            rates,
            spot,
            cost: self.cost.of(cx),
            draft: None,
        })
    }

    /// The rates of an override, or those of all others, and their number.
    fn rates(&self, over: Option<usize>) -> (u32, &Rates) {
        let found = over.and_then(|index| {
            let number = u32::try_from(index).ok()?.checked_add(1)?;
            Some((number, self.override_rates.get(index)?))
        });
        found.unwrap_or((0, &self.rates))
    }

    /// A request without a key.
    fn unknown(&self, host: &dyn Host) -> Applies<'_> {
        if self.is_shadow {
            self.tally.decisions.would_refuse(host);
            return Applies::No;
        }
        self.tally.decisions.refused(host);
        Applies::Refused(self.refusal(NO_KEY))
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

    /// Works the decision out without a trace: the refusal, if the request would be refused.
    pub(crate) fn look(&mut self, cx: &RequestContext<'_>, telling: Telling) -> Option<Refusal> {
        let now = cx.now();
        let mut edit = self.edit(now, telling);
        let draft = self.spot.draft(cx.host, now, &mut edit).ok()?;
        if let Err(refused) = draft.value().value {
            return Some(self.refuse(cx, refused, telling.style));
        }
        self.draft = Some(draft);
        None
    }

    /// Counts the request, or refuses it.
    pub(crate) fn count(&mut self, cx: &RequestContext<'_>, telling: Telling) -> Answer<'p> {
        match self.change(cx.host, cx.now(), telling) {
            Err(_) => self.limiter.contended(cx.host),
            Ok(Ok(standing)) => {
                self.limiter.tally.decisions.passed(cx.host);
                let labels = &self.rates.labels;
                Answer::Passed(standing.map(|standing| Told { labels, standing }))
            }
            Ok(Err(_)) if self.limiter.is_shadow => {
                self.limiter.tally.decisions.would_refuse(cx.host);
                Answer::Passed(None)
            }
            Ok(Err(refused)) => Answer::Refused(self.refuse(cx, refused, telling.style)),
        }
    }

    fn change(
        &mut self,
        host: &dyn Host,
        now: Nanos,
        telling: Telling,
    ) -> Result<Decision, StateError> {
        let mut edit = self.edit(now, telling);
        let draft = match self.draft.take() {
            Some(draft) => draft,
            None => self.spot.draft(host, now, &mut edit)?,
        };
        let updated = self.spot.commit(host, now, draft, &mut edit);
        let tally = &self.limiter.tally;
        match &updated {
            Ok(updated) => tally.state(host, updated.retries, updated.value.overflowed),
            Err(StateError::Contended) => tally.state(host, MAX_TRIES, false),
            Err(StateError::Host(_)) => {}
        }
        Ok(updated?.value.value)
    }

    fn edit(
        &self,
        now: Nanos,
        telling: Telling,
    ) -> impl Fn(&mut [u8]) -> (Decision, Option<Nanos>) + use<'p> {
        let (windows, cost) = (&self.rates.windows, self.cost);
        let tells = telling.on_success && self.is_enforced();
        move |state| match windows.decide(state, now, cost) {
            Ok(idle_at) => {
                let standing = tells.then(|| windows.standing(state, now));
                (Ok(standing), Some(idle_at))
            }
            Err(refused) => (Err(refused), None),
        }
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
