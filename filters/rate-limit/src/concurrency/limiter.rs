//! One concurrency limit of the document in one VM.

use super::queue::{Queue, Turn};
use crate::{
    key::{Client, ClientKey, Overrides},
    tally::Tally,
};
use engine::{
    Cause, LimitEvidence, Refusal, RequestContext,
    state::{Acquired, MAX_TRIES, Permit, Presence, Semaphore, StateError, Table},
};
use host::{Host, Nanos};
use policy_model::condition::Matcher;
use std::{num::NonZeroU32, rc::Rc, time::Duration};

/// A compiled concurrency-limit policy.
#[derive(Debug)]
pub(super) struct Limiter {
    pub(super) name: Rc<str>,
    pub(super) matcher: Matcher,
    pub(super) most: NonZeroU32,
    pub(super) store: Store,
    pub(super) is_shadow: bool,
    /// How long a request may wait for a permit.
    pub(super) patience: Duration,
    pub(super) queue: Queue,
    pub(super) tally: Tally,
}

/// Where the permits are counted.
#[derive(Debug)]
pub(super) enum Store {
    /// One count for the node.
    Node(Semaphore),
    /// One for each client.
    PerClient { key: ClientKey, table: Table },
}

/// What a limit answers.
pub(super) enum Answer {
    /// The request passes it, and holds nothing of it.
    Free,
    /// The request passes and holds this.
    Holds(Permit),
    /// It asks again in a moment.
    Waits(Turn),
    /// It does not pass.
    Refused(Box<Refusal>),
}

/// Why there is no permit.
#[derive(Clone, Copy)]
enum Denied {
    /// As many as may are out, or others wait for one.
    TooMany,
    /// The request could not be counted.
    Contended,
}

const TOO_MANY: &str = "too many requests at once, retry later";
const NO_KEY: &str = "the request lacks what the limit counts by";
const CONTENDED: &str = "the limit is too busy to count the request, retry later";

/// What a refused caller is told to wait, in seconds: a hint, since nobody knows how long the others will take.
const HINT: u64 = 1;

// === impl Limiter ===

impl Limiter {
    /// Takes a permit for a request, if the limit applies to it. `turn` is the request's place if it has waited for this
    /// limit, which is the node's number `index`.
    pub(super) fn ask(
        self: &Rc<Self>,
        cx: &RequestContext<'_>,
        presence: &Presence,
        turn: Option<Turn>,
        index: usize,
    ) -> Answer {
        if !self.matcher.matches(cx) {
            return Answer::Free;
        }
        let semaphore = match self.semaphore(cx) {
            Ok(semaphore) => semaphore,
            Err(answer) => return answer,
        };
        let client = semaphore.client();
        let waited = turn.as_ref().map(|turn| cx.now().since(turn.began));
        let may_wait = match waited {
            Some(waited) => waited < self.patience,
            None => cx.can_wait && !self.is_shadow && !self.patience.is_zero(),
        };
        // Also where there is no room to wait: newcomers would take all that comes free.
        let is_behind = turn.is_none() && self.queue.has(client);
        let denied = match is_behind {
            true => Denied::TooMany,
            false => match self.acquire(cx, &semaphore, presence) {
                Ok(permit) => {
                    if let Some(waited) = waited {
                        self.tally.waited(cx.host, waited);
                    }
                    return Answer::Holds(permit);
                }
                Err(denied) => denied,
            },
        };
        if may_wait {
            let begin = || Turn::wait(self, client, index, cx.now());
            return Answer::Waits(turn.unwrap_or_else(begin));
        }
        if waited.is_some() {
            self.tally.refused_late(cx.host);
        }
        self.deny(cx.host, denied)
    }

    /// Gives a permit back.
    pub(super) fn release(&self, host: &dyn Host, now: Nanos, presence: &Presence, permit: Permit) {
        let retries = presence.release(host, now, permit);
        self.tally.state(host, retries, false);
    }

    /// Where the request is counted; or that it is not.
    fn semaphore(&self, cx: &RequestContext<'_>) -> Result<Semaphore, Answer> {
        let (key, table) = match &self.store {
            Store::Node(semaphore) => return Ok(semaphore.clone()),
            Store::PerClient { key, table } => (key, table),
        };
        let mut name = table.client();
        let client = key.client(cx, &Overrides::default(), &mut |piece| name.write(piece));
        match client {
            Client::Counted { .. } => Ok(Semaphore::of_client(table, &name)),
            Client::Exempt => Err(Answer::Free),
            Client::Unknown => Err(self.refuse(cx.host, self.refusal(NO_KEY))),
        }
    }

    fn acquire(
        &self,
        cx: &RequestContext<'_>,
        semaphore: &Semaphore,
        presence: &Presence,
    ) -> Result<Permit, Denied> {
        match semaphore.acquire(cx.host, cx.now(), presence, self.most) {
            Ok(updated) => {
                let Acquired { permit, overflowed } = updated.value;
                self.tally.state(cx.host, updated.retries, overflowed);
                let permit = permit.ok_or(Denied::TooMany)?;
                self.tally.decisions.passed(cx.host);
                Ok(permit)
            }
            Err(error) => {
                if error == StateError::Contended {
                    self.tally.state(cx.host, MAX_TRIES, false);
                }
                Err(Denied::Contended)
            }
        }
    }

    /// A request that cannot be counted does not pass either: a limit that may be exceeded protects nothing.
    fn deny(&self, host: &dyn Host, denied: Denied) -> Answer {
        match denied {
            Denied::TooMany => self.refuse(host, self.too_many()),
            Denied::Contended => {
                self.tally.decisions.contended(host);
                if self.is_shadow {
                    return Answer::Free;
                }
                Answer::Refused(Box::new(hinted(self.refusal(CONTENDED))))
            }
        }
    }

    fn refuse(&self, host: &dyn Host, refusal: Refusal) -> Answer {
        if self.is_shadow {
            self.tally.decisions.would_refuse(host);
            return Answer::Free;
        }
        self.tally.decisions.refused(host);
        Answer::Refused(Box::new(refusal))
    }

    fn too_many(&self) -> Refusal {
        let mut refusal = self.refusal(TOO_MANY);
        refusal.limit = Some(LimitEvidence {
            limit: self.most.get().into(),
            remaining: 0,
            retry_after: HINT,
            reset: None,
        });
        hinted(refusal)
    }

    fn refusal(&self, message: &'static str) -> Refusal {
        let kind = "steward_concurrency_limited";
        Refusal::by_policy(Cause::ConcurrencyLimited, kind, &self.name, message)
    }
}

fn hinted(refusal: Refusal) -> Refusal {
    refusal.header("retry-after", HINT.to_string())
}
