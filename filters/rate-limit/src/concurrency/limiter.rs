//! One concurrency limit of the document in one VM.

use crate::{
    key::{Client, ClientKey, Overrides},
    tally::Tally,
};
use engine::{
    Cause, LimitEvidence, Refusal, RequestContext,
    state::{MAX_TRIES, Permit, Presence, Semaphore, StateError, Table},
};
use host::{Host, Nanos};
use policy_model::condition::Matcher;
use std::{num::NonZeroU32, rc::Rc};

/// A compiled concurrency-limit policy.
#[derive(Debug)]
pub(super) struct Limiter {
    pub(super) name: Rc<str>,
    pub(super) matcher: Matcher,
    pub(super) most: NonZeroU32,
    pub(super) store: Store,
    pub(super) is_shadow: bool,
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
    /// It does not pass.
    Refused(Refusal),
}

const TOO_MANY: &str = "too many requests at once, retry later";
const NO_KEY: &str = "the request lacks what the limit counts by";
const CONTENDED: &str = "the limit is too busy to count the request, retry later";

/// What a refused caller is told to wait, in seconds: a hint, since nobody knows how long the others will take.
const HINT: u64 = 1;

// === impl Limiter ===

impl Limiter {
    /// Takes a permit for a request, if the limit applies to it.
    pub(super) fn ask(&self, cx: &RequestContext<'_>, presence: &Presence) -> Answer {
        if !self.matcher.matches(cx) {
            return Answer::Free;
        }
        let (table, key) = match &self.store {
            Store::Node(semaphore) => return self.acquire(cx, semaphore, presence),
            Store::PerClient { key, table } => (table, key),
        };
        let mut name = table.client();
        let client = key.client(cx, &Overrides::default(), &mut |piece| name.write(piece));
        match client {
            Client::Counted { .. } => {
                self.acquire(cx, &Semaphore::of_client(table, &name), presence)
            }
            Client::Exempt => Answer::Free,
            Client::Unknown => self.refuse(cx.host, self.refusal(NO_KEY)),
        }
    }

    /// Gives a permit back.
    pub(super) fn release(&self, host: &dyn Host, now: Nanos, presence: &Presence, permit: Permit) {
        let retries = presence.release(host, now, permit);
        self.tally.state(host, retries, false);
    }

    fn acquire(
        &self,
        cx: &RequestContext<'_>,
        semaphore: &Semaphore,
        presence: &Presence,
    ) -> Answer {
        let acquired = match semaphore.acquire(cx.host, cx.now(), presence, self.most) {
            Ok(updated) => {
                let overflowed = updated.value.overflowed;
                self.tally.state(cx.host, updated.retries, overflowed);
                updated.value
            }
            Err(error) => return self.contended(cx.host, error),
        };
        let Some(permit) = acquired.permit else {
            return self.refuse(cx.host, self.too_many());
        };
        self.tally.decisions.passed(cx.host);
        Answer::Holds(permit)
    }

    /// The request could not be counted, so it does not pass: a limit that may be exceeded protects nothing.
    fn contended(&self, host: &dyn Host, error: StateError) -> Answer {
        if error == StateError::Contended {
            self.tally.state(host, MAX_TRIES, false);
        }
        self.tally.decisions.contended(host);
        if self.is_shadow {
            return Answer::Free;
        }
        Answer::Refused(hinted(self.refusal(CONTENDED)))
    }

    fn refuse(&self, host: &dyn Host, refusal: Refusal) -> Answer {
        if self.is_shadow {
            self.tally.decisions.would_refuse(host);
            return Answer::Free;
        }
        self.tally.decisions.refused(host);
        Answer::Refused(refusal)
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
