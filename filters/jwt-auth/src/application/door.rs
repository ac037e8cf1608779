//! One header, and everything that a caller could show in it.
//!
//! Shared tokens are kept and compared as SHA-256 digests, so that the time of an answer tells nothing of a token (see
//! [`api_key`](crate::api_key)). In `authorization` JoyLive's agents send `Basic` and the token in base64; a user's name may
//! stand before it, as RFC 7617 section 2 has it, and the token may also stand there as it is.

use super::{
    callers::{Callers, Proven},
    error::{CallerError, Denied},
};
use crate::{
    AuthError,
    algorithm::Algorithm,
    claims::{ClaimError, Rules},
    foreign::Verifier,
    jwk::KeySet,
    jws::Jws,
    signature,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use host::Host;
use sha2::{Digest, Sha256};
use std::{rc::Rc, time::Duration};
use subtle::ConstantTimeEq;

/// A header that holds tokens.
#[derive(Debug)]
pub(super) struct Door {
    /// Its name, in lower case.
    pub(super) header: String,
    tokens: Vec<SharedToken>,
    keys: Vec<SigningKey>,
    /// Length of the longest shared token: what is longer is not hashed.
    longest: usize,
}

/// When something counts, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    from: i64,
    until: i64,
}

/// What judges a signed token: the wall clock, and the host that has the signatures.
#[derive(Clone, Copy)]
pub(super) struct Now<'h> {
    pub(super) host: &'h dyn Host,
    pub(super) clock: Duration,
}

/// A caller's own name for itself, where it is believed, and the policy of that name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) name: &'a [u8],
    pub(super) policy: usize,
}

#[derive(Debug)]
struct SharedToken {
    policy: usize,
    digest: [u8; 32],
    life: Life,
}

#[derive(Debug)]
pub(super) struct SigningKey {
    pub(super) policy: usize,
    /// The one algorithm, its key, and the memory of the host's verifier.
    pub(super) algorithm: Algorithm,
    pub(super) key: KeySet,
    pub(super) verifier: Verifier,
    pub(super) rules: Rc<Rules>,
    pub(super) life: Life,
}

const AUTHORIZATION: &str = "authorization";

/// The longest user's name that may stand before a token, in bytes: more is not decoded.
const MAX_USER: usize = 256;

// === impl Door ===

impl Door {
    pub(super) fn new(header: &str) -> Self {
        Self {
            header: header.to_owned(),
            tokens: Vec::new(),
            keys: Vec::new(),
            longest: 0,
        }
    }

    /// Lets in who shows this token, which is not empty.
    pub(super) fn add_token(&mut self, policy: usize, token: &str, life: Life) {
        self.longest = self.longest.max(token.len());
        self.tokens.push(SharedToken {
            policy,
            digest: Sha256::digest(token).into(),
            life,
        });
    }

    /// Lets in whose token this key has signed.
    pub(super) fn add_key(&mut self, key: SigningKey) {
        self.keys.push(key);
    }

    /// The challenges of its kinds of token (RFC 9110, section 11.6.1). Beside `authorization` no scheme is known; `ApiKey`
    /// is the name that is in use.
    pub(super) fn schemes(&self) -> impl Iterator<Item = &'static str> {
        let own = self.header == AUTHORIZATION;
        let basic = (own && !self.tokens.is_empty()).then_some("Basic");
        let bearer = (own && !self.keys.is_empty()).then_some("Bearer");
        basic
            .into_iter()
            .chain(bearer)
            .chain((!own).then_some("ApiKey"))
    }

    /// Judges what stands in the header.
    pub(super) fn judge<'a>(
        &self,
        value: &'a [u8],
        named: Option<Named<'_>>,
        callers: &Callers,
        now: Now<'_>,
    ) -> Result<Proven, Denied<'a>> {
        let by_token = self.by_token(value, named, callers, now.clock);
        let denied = match by_token {
            Err(denied) if !self.keys.is_empty() => denied,
            decided => return decided,
        };
        self.by_key(self.without_scheme(value, b"Bearer "), named, callers, now)
            .map_err(|other| match self.tokens.is_empty() {
                true => other,
                false => denied.or(other),
            })
    }

    fn by_token<'a>(
        &self,
        value: &'a [u8],
        named: Option<Named<'_>>,
        callers: &Callers,
        clock: Duration,
    ) -> Result<Proven, Denied<'a>> {
        let mut denied = Denied::by_nobody(CallerError::Unknown).of(value);
        let own = |token: &&SharedToken| named.is_none_or(|named| named.policy == token.policy);
        for digest in self.readings(value).into_iter().flatten() {
            for token in self.tokens.iter().filter(own) {
                if bool::from(token.digest.ct_eq(&digest)) {
                    match token.life.check(clock) {
                        Ok(()) => return Ok(callers.proven(token.policy)),
                        Err(error) => denied = Denied::by(token.policy, error).of(value),
                    }
                }
            }
        }
        Err(denied)
    }

    /// Digests of what the header may mean: itself, what it is in base64, and of that what stands behind a user's name.
    fn readings(&self, value: &[u8]) -> [Option<[u8; 32]>; 3] {
        let plain = self.without_scheme(value, b"Basic ");
        let most = self.longest.saturating_add(MAX_USER).saturating_mul(2);
        if self.header != AUTHORIZATION || plain.len() > most {
            return [self.digest(plain), None, None];
        }
        let decoded = STANDARD.decode(plain).unwrap_or_default();
        let colon = decoded.iter().position(|byte| *byte == b':');
        let password = colon.and_then(|colon| decoded.get(colon + 1..));
        [
            self.digest(plain),
            self.digest(&decoded),
            password.and_then(|password| self.digest(password)),
        ]
    }

    fn digest(&self, token: &[u8]) -> Option<[u8; 32]> {
        let possible = !token.is_empty() && token.len() <= self.longest;
        possible.then(|| Sha256::digest(token).into())
    }

    fn by_key<'a>(
        &self,
        token: &'a [u8],
        named: Option<Named<'_>>,
        callers: &Callers,
        now: Now<'_>,
    ) -> Result<Proven, Denied<'a>> {
        let no_issuer = || signed(ClaimError::Issuer.into());
        let jws = Jws::parse(token);
        let jws = jws.map_err(|why| Denied::by_nobody(signed(why.into())).of(token))?;
        // Nobody's word yet: it only chooses whose keys must have signed.
        let issuer = jws.claims.get("iss").and_then(|issuer| issuer.as_str());
        let (issuer, policy) = issuer
            .filter(|issuer| named.is_none_or(|named| named.name == issuer.as_bytes()))
            .and_then(|issuer| Some((issuer, callers.policy_of(issuer.as_bytes())?)))
            .ok_or_else(|| Denied::by_nobody(no_issuer()).of(token))?;
        let mut denied = Denied::by(policy, no_issuer());
        for key in self.keys.iter().filter(|key| key.policy == policy) {
            match key.check(&jws, now) {
                Ok(()) => return callers.proven_as(policy, issuer).ok_or(denied.of(token)),
                Err(error) => denied = denied.or(Denied::by(policy, error)),
            }
        }
        Err(denied.of(token))
    }

    /// What stands behind the scheme, whose case does not matter (RFC 9110, section 11.1). Only `authorization` has one.
    fn without_scheme<'v>(&self, value: &'v [u8], scheme: &[u8]) -> &'v [u8] {
        match value.split_at_checked(scheme.len()) {
            Some((own, rest))
                if self.header == AUTHORIZATION && own.eq_ignore_ascii_case(scheme) =>
            {
                rest.trim_ascii()
            }
            _ => value,
        }
    }
}

fn signed(error: AuthError) -> CallerError {
    CallerError::Signed(error)
}

// === impl SigningKey ===

impl SigningKey {
    fn check(&self, jws: &Jws<'_>, now: Now<'_>) -> Result<(), CallerError> {
        self.life.check(now.clock)?;
        let allowed = std::slice::from_ref(&self.algorithm);
        let verdict = signature::check(jws, &self.key, allowed, &self.verifier, now.host);
        verdict.map_err(|why| signed(why.into()))?;
        let verdict = self.rules.check(&jws.claims, now.clock);
        verdict.map(drop).map_err(|why| signed(why.into()))
    }
}

// === impl Life ===

impl Life {
    /// From `from_ms` on, and until just before `until_ms`; 0 or less = for ever.
    pub(super) fn new(from_ms: i64, until_ms: i64) -> Self {
        Self {
            from: from_ms,
            until: if until_ms > 0 { until_ms } else { i64::MAX },
        }
    }

    /// Whether it counts now. A clock that cannot be read says 0, when nothing has ended yet.
    fn check(self, clock: Duration) -> Result<(), CallerError> {
        let has_times = self.from > 0 || self.until < i64::MAX;
        if clock.is_zero() && has_times {
            return Err(CallerError::NoClock);
        }
        let now = i64::try_from(clock.as_millis()).unwrap_or(i64::MAX);
        if now < self.from {
            Err(CallerError::NotYetValid)
        } else if now >= self.until {
            Err(CallerError::Expired)
        } else {
            Ok(())
        }
    }
}
