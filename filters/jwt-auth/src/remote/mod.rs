//! Keys that an issuer publishes (`remoteJwks`): fetched by one worker, served by all.
//!
//! Requests never wait for a fetch in hand: it is made from the timer, and requests are judged by the keys that this worker
//! has. What the workers share lies in shared data, under names that say the address and the form and nothing of the document,
//! so that a new document which names the same address goes on with the same keys: how they stand ([`standing`]), who fetches
//! ([`lease`]), and the set itself ([`stored`]). Of the set only keys are believed, and of a key only what the provider's
//! algorithms allow, exactly as if it stood in the document.

mod bytes;
mod cells;
mod failure;
mod lease;
mod standing;
mod stored;
mod tell;

use crate::{
    algorithm::Algorithm,
    jwk::{KeySet, Skipped},
    remote::{
        cells::Cells,
        failure::{Failure, judge},
        standing::{Chance, Standing},
        stored::Stored,
        tell::Teller,
    },
};
use engine::{
    BackgroundContext, Metrics,
    state::{StateError, random_key},
};
use host::{CallAnswer, CallId, Host, HttpCall, Nanos};
use policy_model::document::{Jwks, RemoteJwks};
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    time::Duration,
};

/// How often workers look whether keys are due, or have come: the longest that a key which another worker has fetched is unknown
/// to this one, and that a first request waits for a fetch to begin. A look is one read of some forty bytes.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// The keys of one provider, as this worker has them.
pub(crate) struct Remote {
    from: RemoteJwks,
    allowed: Vec<Algorithm>,
    cells: Cells,
    loaded: RefCell<Loaded>,
    /// When a request last met a key that is not here.
    wish: Cell<Option<Nanos>>,
    fetching: Cell<Option<Fetching>>,
    teller: Teller,
}

#[derive(Default)]
struct Loaded {
    epoch: u64,
    keys: Option<Rc<KeySet>>,
}

/// A fetch of this worker's.
#[derive(Clone, Copy)]
struct Fetching {
    call: CallId,
    holder: u64,
    until: Nanos,
}

// === impl Remote ===

impl Remote {
    /// The keys from this address for a provider of these algorithms; those that have come already.
    pub(crate) fn new(
        from: &RemoteJwks,
        provider: &str,
        allowed: &[Algorithm],
        metrics: &mut Metrics<'_>,
        host: &dyn Host,
    ) -> Self {
        let remote = Self {
            from: from.clone(),
            allowed: allowed.to_vec(),
            cells: Cells::of(from),
            loaded: RefCell::default(),
            wish: Cell::default(),
            fetching: Cell::default(),
            teller: Teller::define(metrics, provider),
        };
        remote.look(host);
        remote
    }

    /// The keys; `None`: none have come yet.
    pub(crate) fn keys(&self) -> Option<Rc<KeySet>> {
        self.loaded.borrow().keys.clone()
    }

    /// How long a request may wait for the first keys.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.from.wait_ms.into())
    }

    /// Takes over a set that another worker has fetched: whether there was one.
    pub(crate) fn look(&self, host: &dyn Host) -> bool {
        let standing = self.cells.standing(host).unwrap_or_default();
        self.catch_up(host, &standing).unwrap_or(false)
    }

    /// A token names a key that is not here.
    pub(crate) fn ask(&self, now: Nanos) {
        self.wish.set(Some(now));
    }

    /// Takes over what has come, and fetches what is due: whether the keys are others now.
    pub(crate) fn tick(&self, cx: &BackgroundContext<'_>) -> bool {
        let (host, now) = (cx.host, cx.now());
        if self.fetching.get().is_some_and(|own| own.until <= now) {
            self.fetching.set(None);
        }
        let Ok(standing) = self.cells.standing(host) else {
            return false;
        };
        let is_changed = self.catch_up(host, &standing).unwrap_or(false);
        if self.fetching.get().is_none() && self.is_due(&standing, now) {
            // A worker that cannot take the lease leaves the keys to another, or to its next tick.
            let _ = self.fetch(cx);
        }
        is_changed
    }

    /// Takes the answer to this provider's own call: whether the keys are others now. Of another call, nothing.
    pub(crate) fn answered(
        &self,
        cx: &BackgroundContext<'_>,
        call: CallId,
        answer: Option<&CallAnswer>,
    ) -> bool {
        let own = self.fetching.get().filter(|own| own.call == call);
        let Some(own) = own else {
            return false;
        };
        self.fetching.set(None);
        let is_changed = self.settle(cx, own.holder, answer);
        let _ = self.cells.give_back(cx.host, own.holder);
        is_changed.unwrap_or(false)
    }

    fn is_due(&self, standing: &Standing, now: Nanos) -> bool {
        if !standing.is_open(self.wish.get()) {
            self.wish.set(None);
        }
        standing.due(now, self.wish.get(), self.cache()).is_some()
    }

    /// Sends the request, if this worker gets the lease, and if it is still due then: whoever had the lease may just have
    /// brought the keys.
    fn fetch(&self, cx: &BackgroundContext<'_>) -> Result<(), StateError> {
        let (host, now) = (cx.host, cx.now());
        let timeout = Duration::from_millis(self.from.timeout_ms.get());
        let Some(lease) = self.cells.take_lease(host, now, timeout)? else {
            return Ok(());
        };
        let due = |standing: &Standing| standing.due(now, self.wish.get(), self.cache());
        let begun = self.cells.update_standing(host, &mut |standing| {
            Some(standing.begun(now, due(&standing)?))
        });
        let sent = match begun {
            Ok(true) => self.send(host, timeout),
            Ok(false) => return self.cells.give_back(host, lease.holder),
            Err(error) => {
                self.cells.give_back(host, lease.holder)?;
                return Err(error);
            }
        };
        match sent {
            Ok(call) => self.fetching.set(Some(Fetching {
                call,
                holder: lease.holder,
                until: lease.until,
            })),
            Err(failure) => {
                self.failed(cx, failure)?;
                self.cells.give_back(host, lease.holder)?;
            }
        }
        Ok(())
    }

    fn send(&self, host: &dyn Host, timeout: Duration) -> Result<CallId, Failure> {
        let target = self.from.target();
        let target = target.ok_or(Failure::NotSent(host::HostError::BadArgument))?;
        let headers = [
            (":method", "GET"),
            (":scheme", target.scheme),
            (":authority", target.authority),
            (":path", target.path),
            ("accept", "application/jwk-set+json, application/json"),
        ];
        let call = HttpCall {
            cluster: &self.from.cluster,
            headers: &headers,
            body: b"",
            timeout,
        };
        host.http_call(&call).map_err(Failure::NotSent)
    }

    /// Stores what has come. A worker that was given up, since its answer took longer than its lease, changes nothing.
    fn settle(
        &self,
        cx: &BackgroundContext<'_>,
        holder: u64,
        answer: Option<&CallAnswer>,
    ) -> Result<bool, StateError> {
        if !self.cells.is_holder(cx.host, holder)? {
            return Ok(false);
        }
        let fetched = match judge(answer) {
            Ok(fetched) => fetched,
            Err(failure) => {
                self.failed(cx, failure)?;
                return Ok(false);
            }
        };
        let epoch = self.cells.store(cx.host, fetched.bytes)?;
        let now = cx.now();
        self.cells.update_standing(cx.host, &mut |standing| {
            Some(standing.succeeded(now, epoch, self.cache(), chance()))
        })?;
        self.teller.fetched(cx);
        if self.loaded.borrow().epoch == epoch {
            return Ok(false);
        }
        let unusable = self.take_over(epoch, &fetched.set);
        self.teller.new_set(cx, &fetched, &unusable);
        Ok(true)
    }

    fn failed(&self, cx: &BackgroundContext<'_>, failure: Failure) -> Result<(), StateError> {
        let now = cx.now();
        let by = chance();
        let mut put_off = Duration::ZERO;
        self.cells.update_standing(cx.host, &mut |standing| {
            let failed = standing.failed(now, by);
            put_off = failed.next_at.since(now);
            Some(failed)
        })?;
        self.teller.failed(cx, &self.from, failure, put_off);
        Ok(())
    }

    fn catch_up(&self, host: &dyn Host, standing: &Standing) -> Result<bool, StateError> {
        if standing.epoch == self.loaded.borrow().epoch {
            return Ok(false);
        }
        let stored = self.cells.set(host)?;
        let stored = Stored::decode(stored.bytes());
        let set = stored.and_then(|stored| Jwks::published(stored.set).ok());
        match &set {
            Some((set, _)) => {
                self.take_over(standing.epoch, set);
            }
            // Never written so; once seen it need not be read at every tick.
            None => self.loaded.borrow_mut().epoch = standing.epoch,
        }
        Ok(set.is_some())
    }

    fn take_over(&self, epoch: u64, set: &Jwks) -> Vec<Skipped> {
        let (keys, skipped) = KeySet::import(set, &self.allowed);
        self.loaded.replace(Loaded {
            epoch,
            keys: Some(Rc::new(keys)),
        });
        skipped
    }

    fn cache(&self) -> Duration {
        Duration::from_millis(self.from.cache_duration_ms.get())
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Remote");
        shown.field("from", &self.from).finish_non_exhaustive()
    }
}

fn chance() -> Chance {
    let [a, b, c, d, ..] = random_key();
    Chance(u32::from_le_bytes([a, b, c, d]))
}
