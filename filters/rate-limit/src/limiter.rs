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
    progress: Progress,
}

/// How far a limit has come with its request.
enum Progress {
    /// Nobody has looked.
    New,
    /// It would pass as things were.
    Looked(Draft<Placed<Decision>>),
    /// It is counted.
    Counted(Option<Standing>),
    /// It passes uncounted: the limit is in shadow mode and full.
    WouldRefuse,
    /// It passes uncounted, or is refused: there is nothing to give back.
    Uncounted,
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
            progress: Progress::New,
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
    fn contended(&self, host: &dyn Host) -> Option<Refusal> {
        self.tally.decisions.contended(host);
        if self.is_shadow || self.on_contention == OnContention::Allow {
            return None;
        }
        let wait = CONTENDED_HINT.as_secs().to_string();
        Some(self.refusal(CONTENDED).header("retry-after", wait))
    }
}

// === impl Due ===

impl<'p> Due<'p> {
    /// Whether a refusal would be carried out.
    pub(crate) fn is_enforced(&self) -> bool {
        !self.limiter.is_shadow
    }

    /// Whether it is still to be counted.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.progress, Progress::New | Progress::Looked(_))
    }

    /// The shared value that holds its state.
    pub(crate) fn slot(&self) -> &[u8] {
        self.spot.slot()
    }

    /// Works the decision out without a trace: the evidence, if the request would be refused.
    pub(crate) fn look(&mut self, cx: &RequestContext<'_>, telling: Telling) -> Option<Refused> {
        let now = cx.now();
        let mut edit = self.edit(now, telling);
        let draft = self.spot.draft(cx.host, now, &mut edit).ok()?;
        if let Err(refused) = draft.value().value {
            return Some(refused);
        }
        self.progress = Progress::Looked(draft);
        None
    }

    /// Counts the request, or refuses it.
    pub(crate) fn count(&mut self, cx: &RequestContext<'_>, telling: Telling) -> Option<Refusal> {
        let (progress, refusal) = match self.change(cx.host, cx.now(), telling) {
            Err(_) => (Progress::Uncounted, self.limiter.contended(cx.host)),
            Ok(Ok(standing)) => (Progress::Counted(standing), None),
            Ok(Err(_)) if self.limiter.is_shadow => (Progress::WouldRefuse, None),
            Ok(Err(refused)) => {
                let refusal = self.refuse(cx, refused, telling.style);
                (Progress::Uncounted, Some(refusal))
            }
        };
        self.progress = progress;
        refusal
    }

    /// Gives back what it has counted, since the request is refused after all.
    pub(crate) fn give_back(&mut self, cx: &RequestContext<'_>) {
        let was = std::mem::replace(&mut self.progress, Progress::Uncounted);
        if !matches!(was, Progress::Counted(_)) {
            return;
        }
        // Not the callback's time: what matters is how long others could take what this has held.
        let (taken, now) = (cx.now(), cx.host.now());
        let (windows, cost) = (&self.rates.windows, self.cost);
        let mut edit = |state: &mut [u8]| ((), windows.refund(state, taken, now, cost));
        let draft = self.spot.draft(cx.host, now, &mut edit);
        let done = draft.and_then(|draft| self.spot.commit(cx.host, now, draft, &mut edit));
        match done {
            Ok(updated) => {
                self.limiter.tally.state(cx.host, updated.retries, false);
                self.limiter.tally.refunded(cx.host);
            }
            Err(_) => self.limiter.tally.decisions.contended(cx.host),
        }
    }

    /// The request passes: tells the operator, and where it stands.
    pub(crate) fn settle(&self, host: &dyn Host) -> Option<Told<'p>> {
        let decisions = &self.limiter.tally.decisions;
        match self.progress {
            Progress::Counted(standing) => {
                decisions.passed(host);
                let labels = &self.rates.labels;
                standing.map(|standing| Told { labels, standing })
            }
            Progress::WouldRefuse => {
                decisions.would_refuse(host);
                None
            }
            _ => None,
        }
    }

    fn change(
        &mut self,
        host: &dyn Host,
        now: Nanos,
        telling: Telling,
    ) -> Result<Decision, StateError> {
        let mut edit = self.edit(now, telling);
        let draft = match std::mem::replace(&mut self.progress, Progress::New) {
            Progress::Looked(draft) => draft,
            _ => self.spot.draft(host, now, &mut edit)?,
        };
        let updated = self.spot.commit(host, now, draft, &mut edit);
        let tally = &self.limiter.tally;
        match &updated {
            Ok(updated) => tally.state(host, updated.retries, updated.value.overflowed),
            Err(StateError::Contended) => tally.state(host, MAX_TRIES, false),
            Err(_) => {}
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

    /// The reply to a request that this limit refuses.
    pub(crate) fn refuse(
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
        reset: Some(reset.as_secs() + u64::from(reset.subsec_nanos() > 0)),
    }
}
