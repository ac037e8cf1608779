//! Providers whose keys come from their issuer: kept fresh beside requests, and looked for when a token names one that is not
//! here.
//!
//! What has been judged was judged by the keys of its time, a refusal too: other keys clear the cache.

use super::{Candidate, Judges};
use crate::{
    AuthError,
    claims::Times,
    jws::{Jws, Malformed},
    provider::Provider,
    remote::Remote,
    signature::SignatureError,
};
use engine::BackgroundContext;
use host::{CallAnswer, CallId, Host};
use std::time::Duration;

// === impl Judges ===

impl Judges {
    /// Whether any keys are fetched.
    pub(crate) fn has_remote_keys(&self) -> bool {
        self.remotes().next().is_some()
    }

    /// Keeps fetched keys fresh.
    pub(crate) fn tick(&self, cx: &BackgroundContext<'_>) {
        for remote in self.remotes() {
            if remote.tick(cx) {
                self.cache.clear();
            }
        }
    }

    /// Takes keys that have come.
    pub(crate) fn answered(
        &self,
        cx: &BackgroundContext<'_>,
        call: CallId,
        answer: Option<&CallAnswer>,
    ) {
        for remote in self.remotes() {
            if remote.answered(cx, call, answer) {
                self.cache.clear();
            }
        }
    }

    fn remotes(&self) -> impl Iterator<Item = &Remote> {
        self.providers.iter().filter_map(Provider::remote)
    }

    /// Asks one provider. If it lacks the key, another worker may have fetched it; else it is asked for, and the next request
    /// may find it.
    pub(super) fn judge<'j, 't>(
        &self,
        candidate: &Candidate<'_, '_>,
        jws: &'j Result<Jws<'t>, Malformed>,
        host: &dyn Host,
        now: Duration,
    ) -> Result<(&'j Jws<'t>, Times), AuthError> {
        let judged = candidate.judge(jws, host, now);
        let Some(remote) = candidate.provider.remote().filter(|_| lacks_key(&judged)) else {
            return judged;
        };
        let judged = match remote.look(host) {
            true => {
                self.cache.clear();
                candidate.judge(jws, host, now)
            }
            false => judged,
        };
        if lacks_key(&judged) {
            remote.ask(host.now());
        }
        judged
    }
}

fn lacks_key<T>(judged: &Result<T, AuthError>) -> bool {
    let unknown = AuthError::Signature(SignatureError::UnknownKey);
    matches!(judged, Err(error) if *error == unknown || *error == AuthError::KeysUnavailable)
}
