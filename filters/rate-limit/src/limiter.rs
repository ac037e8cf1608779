//! One limit of the document in one VM.

use crate::{
    Refused, Standing,
    cost::Cost,
    fields::{Told, fields, seconds_until},
    key::{Client, Overrides},
    line::{Ask, Turn},
    rates::Rates,
    spot::{Spot, Store},
    tally::Tally,
    waiting::Held,
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

/// A limit that applies to a request, and what is asked of it.
pub(crate) struct Due<'p> {
    limiter: &'p Rc<Limiter>,
    /// Which override's rates, if any.
    over: Option<usize>,
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
    Counted(Placed<Granted>),
    /// It passes uncounted: the limit is in shadow mode and full.
    WouldRefuse,
    /// It passes uncounted, or is refused: there is nothing to give back.
    Uncounted,
}

/// A permit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Granted {
    pub(crate) turn: Turn,
    /// Where the request stands, if somebody wants to know.
    pub(crate) standing: Option<Standing>,
}

/// A decision on one limit.
type Decision = Result<Granted, Refused>;

/// A request before its limits.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a, 'c> {
    pub(crate) cx: &'a RequestContext<'c>,
    pub(crate) telling: Telling,
    /// When it came.
    pub(crate) began: Nanos,
    /// Whether it can wait.
    pub(crate) can_wait: bool,
}

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
    pub(crate) fn applies<'p>(self: &'p Rc<Self>, cx: &RequestContext<'_>) -> Applies<'p> {
        if !self.matcher.matches(cx) {
            return Applies::No;
        }
        let (spot, over) = match &self.store {
            Store::PerClient { key, table } => {
                let mut name = table.client();
                let mut write = |piece: &[u8]| name.write(piece);
                let over = match key.client(cx, &self.overrides, &mut write) {
                    Client::Counted { over } => over,
                    Client::Exempt => return Applies::No,
                    Client::Unknown => return self.unknown(cx.host),
                };
                let (number, rates) = self.rates(over);
                let len = rates.state_len();
                let address = table.address(&name, Form { number, len });
                (Spot::Client(address), over)
            }
            Store::Shared(cell) => {
                let len = self.rates.state_len();
                (Spot::Shared { cell, len }, None)
            }
        };
        Applies::Due(Due {
            limiter: self,
            over,
            rates: self.rates(over).1,
            spot,
            cost: self.cost.of(cx),
            progress: Progress::New,
        })
    }

    /// The rates of an override, or those of all others, and their number.
    pub(crate) fn rates(&self, over: Option<usize>) -> (u32, &Rates) {
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
    pub(crate) fn look(&mut self, visit: Visit<'_, '_>) -> Option<Refused> {
        let (host, ask) = (visit.cx.host, self.ask(visit));
        let mut edit = self.edit(ask, visit);
        let draft = self.spot.draft(host, ask.now, &mut edit).ok()?;
        if let Err(refused) = draft.value().value {
            return Some(refused);
        }
        self.progress = Progress::Looked(draft);
        None
    }

    /// When the request can go on for this limit's sake, after a look or a count; `None`: at once.
    pub(crate) fn turn(&self) -> Option<Nanos> {
        let turn = match &self.progress {
            Progress::Looked(draft) => draft.value().value.as_ref().ok()?.turn,
            Progress::Counted(placed) => placed.value.turn,
            _ => return None,
        };
        (turn.is_reserved && self.is_enforced()).then_some(turn.at)
    }

    /// Whether a request that goes on then takes this limit's permit before it waits.
    pub(crate) fn is_reserved_at(&self, turn: Nanos) -> bool {
        let own = self.turn();
        own.is_some_and(|own| own == turn || self.limiter.store.is_per_client())
    }

    /// Counts the request, or refuses it.
    pub(crate) fn count(&mut self, visit: Visit<'_, '_>) -> Option<Refusal> {
        let ask = self.ask(visit);
        self.count_as(visit, ask)
    }

    /// The same for a turn at exactly this instant, whatever was found out by looking.
    pub(crate) fn reserve(&mut self, visit: Visit<'_, '_>, turn: Nanos) -> Option<Refusal> {
        let ask = Ask {
            from: turn,
            latest: turn,
            ..self.ask(visit)
        };
        self.progress = Progress::New;
        self.count_as(visit, ask)
    }

    fn count_as(&mut self, visit: Visit<'_, '_>, ask: Ask) -> Option<Refusal> {
        let host = visit.cx.host;
        let (progress, refusal) = match self.change(visit, ask) {
            Err(_) => (Progress::Uncounted, self.limiter.contended(host)),
            Ok(placed) => match placed.value {
                Ok(value) => {
                    let overflowed = placed.overflowed;
                    (Progress::Counted(Placed { value, overflowed }), None)
                }
                Err(_) if self.limiter.is_shadow => (Progress::WouldRefuse, None),
                Err(refused) => (Progress::Uncounted, Some(self.refuse(visit, refused))),
            },
        };
        self.progress = progress;
        refusal
    }

    /// Gives back what it has counted, since the request is refused after all.
    pub(crate) fn give_back(&mut self, host: &dyn Host) {
        if let Some(held) = self.held() {
            held.give_back(host);
        }
        self.progress = Progress::Uncounted;
    }

    /// What it has counted.
    pub(crate) fn held(&self) -> Option<Held> {
        let Progress::Counted(granted) = self.progress else {
            return None;
        };
        Some(Held {
            limiter: Rc::clone(self.limiter),
            over: self.over,
            address: self.spot.address(),
            cost: self.cost,
            granted,
        })
    }

    /// The request passes: tells the operator, and where it stands.
    pub(crate) fn settle(&self, host: &dyn Host) -> Option<Told<'p>> {
        let decisions = &self.limiter.tally.decisions;
        match &self.progress {
            Progress::Counted(granted) => {
                decisions.passed(host);
                let labels = &self.rates.labels;
                let standing = granted.value.standing;
                standing.map(|standing| Told { labels, standing })
            }
            Progress::WouldRefuse => {
                decisions.would_refuse(host);
                None
            }
            _ => None,
        }
    }

    fn change(&mut self, visit: Visit<'_, '_>, ask: Ask) -> Result<Placed<Decision>, StateError> {
        let host = visit.cx.host;
        let mut edit = self.edit(ask, visit);
        let draft = match std::mem::replace(&mut self.progress, Progress::New) {
            Progress::Looked(draft) => draft,
            _ => self.spot.draft(host, ask.now, &mut edit)?,
        };
        let updated = self.spot.commit(host, ask.now, draft, &mut edit);
        let tally = &self.limiter.tally;
        match &updated {
            Ok(updated) => tally.state(host, updated.retries, updated.value.overflowed),
            Err(StateError::Contended) => tally.state(host, MAX_TRIES, false),
            Err(_) => {}
        }
        Ok(updated?.value)
    }

    /// What the request asks for.
    fn ask(&self, visit: Visit<'_, '_>) -> Ask {
        let now = visit.cx.now();
        let latest = visit.began.after(self.patience(visit)).max(now);
        Ask {
            now,
            from: now,
            latest,
            cost: self.cost,
        }
    }

    /// How long a request that comes now would wait. A limit in shadow mode decides as if it could, but it never does.
    fn patience(&self, visit: Visit<'_, '_>) -> Duration {
        let waits = visit.can_wait || self.limiter.is_shadow;
        if waits {
            self.rates.patience
        } else {
            Duration::ZERO
        }
    }

    fn edit(
        &self,
        ask: Ask,
        visit: Visit<'_, '_>,
    ) -> impl Fn(&mut [u8]) -> (Decision, Option<Nanos>) + use<'p> {
        let rates = self.rates;
        let tells = visit.telling.on_success && self.is_enforced();
        let patience = self.patience(visit);
        move |state| match rates.admit(state, ask) {
            Ok(turn) => {
                let standing = tells.then(|| rates.standing(state, turn.at));
                (Ok(Granted { turn, standing }), Some(turn.idle_at))
            }
            // Who comes back that much earlier waits for the rest.
            Err(refused) => (Err(refused.sooner(patience)), None),
        }
    }

    /// The reply to a request that this limit refuses.
    pub(crate) fn refuse(&self, visit: Visit<'_, '_>, refused: Refused) -> Refusal {
        let cx = visit.cx;
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
        for (name, value) in fields(visit.telling.style, &[told], now) {
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
