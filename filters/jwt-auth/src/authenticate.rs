//! Whether a request brings what its node requires.
//!
//! Which provider judges a token: every provider of the requirement in whose places a token lies and whose issuer is the
//! token's `iss`, in the requirement's order, until one believes it. A provider without an issuer judges every token. `iss` is
//! read before the signature is checked, but it only chooses whose keys must have signed: a forged `iss` leads to a key that
//! the forger does not have (RFC 8725 section 3.8).

use crate::{
    AuthError,
    claims::ClaimError,
    jws::{Jws, Malformed},
    places::{Ambiguous, Found},
    provider::Provider,
    token::Token,
};
use engine::RequestView;
use host::Host;
use serde_json::Value;
use std::{rc::Rc, time::Duration};

/// What a node requires, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Places in the list of providers; one of these must vouch. `None`: nobody has to, the node is public.
    pub any_of: Option<Vec<usize>>,
    /// Whether a request without a token passes too.
    pub allow_missing: bool,
    /// Whether a refusal is only counted.
    pub shadow: bool,
}

/// A request that may pass.
#[derive(Debug)]
pub enum Passed<'a, 'p> {
    /// Its node requires nothing.
    Public,
    /// It brings no token, and its node allows that.
    Anonymous,
    /// A provider vouches for it.
    Verified(Verified<'a, 'p>),
}

/// A token that is believed.
#[derive(Debug)]
pub struct Verified<'a, 'p> {
    /// Its provider's place in the list.
    pub provider: usize,
    /// Where it was.
    pub found: Found<'a, 'p>,
    /// Its claims, a JSON object.
    pub claims: Rc<Value>,
}

/// A request that may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<'a> {
    /// The provider that refused it, by its place in the list, if it came so far.
    pub provider: Option<usize>,
    /// The token, if there was one; to be named, never shown.
    pub token: Option<Token<'a>>,
    /// Why.
    pub error: AuthError,
}

// === impl Requirement ===

impl Requirement {
    /// Decides. `now` gives wall-clock time since the Unix epoch; it is asked only if there is a token.
    ///
    /// # Errors
    ///
    /// [`Refused`]; of several providers' reasons, that of the one which came furthest.
    pub fn check<'a, 'p>(
        &self,
        providers: &'p [Provider],
        view: &RequestView<'a>,
        host: &dyn Host,
        now: impl FnOnce() -> Duration,
    ) -> Result<Passed<'a, 'p>, Refused<'a>> {
        let Some(any_of) = &self.any_of else {
            return Ok(Passed::Public);
        };
        let candidates = candidates(any_of, providers, view)?;
        if candidates.is_empty() {
            let missing = Err(Refused::missing());
            return if self.allow_missing {
                Ok(Passed::Anonymous)
            } else {
                missing
            };
        }
        try_each(&candidates, host, now()).map(Passed::Verified)
    }

    /// Whether nothing is required.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.any_of.is_none()
    }
}

fn candidates<'a, 'p>(
    any_of: &[usize],
    providers: &'p [Provider],
    view: &RequestView<'a>,
) -> Result<Vec<Candidate<'a, 'p>>, Refused<'a>> {
    let mut candidates = Vec::new();
    for index in any_of {
        let Some(provider) = providers.get(*index) else {
            continue;
        };
        match provider.places.find(view) {
            Ok(Some(found)) => candidates.push(Candidate {
                index: *index,
                provider,
                found,
            }),
            Ok(None) => {}
            Err(Ambiguous) => {
                let error = AuthError::Ambiguous;
                return Err(Refused {
                    provider: Some(*index),
                    token: None,
                    error,
                });
            }
        }
    }
    Ok(candidates)
}

/// A provider and the token that it may judge.
struct Candidate<'a, 'p> {
    index: usize,
    provider: &'p Provider,
    found: Found<'a, 'p>,
}

fn try_each<'a, 'p>(
    candidates: &[Candidate<'a, 'p>],
    host: &dyn Host,
    now: Duration,
) -> Result<Verified<'a, 'p>, Refused<'a>> {
    let mut furthest = Refused::missing();
    let mut last = None;
    for candidate in candidates {
        let token = &*candidate.found.token.0;
        // As a rule all providers look into the same place.
        let jws = match last.take() {
            Some((same, jws)) if same == token => jws,
            _ => Jws::parse(token),
        };
        match (candidate.judge(&jws, host, now), jws) {
            (Ok(()), Ok(jws)) => return Ok(candidate.verified(jws)),
            (Err(error), jws) => {
                let refused = candidate.refuses(error);
                if refused.distance() > furthest.distance() {
                    furthest = refused;
                }
                last = Some((token, jws));
            }
            (Ok(()), Err(_)) => {}
        }
    }
    Err(furthest)
}

// === impl Candidate ===

impl<'a, 'p> Candidate<'a, 'p> {
    fn judge(
        &self,
        jws: &Result<Jws<'_>, Malformed>,
        host: &dyn Host,
        now: Duration,
    ) -> Result<(), AuthError> {
        let jws = jws.as_ref().map_err(|malformed| *malformed)?;
        if !self.provider.rules.is_issuer(&jws.claims) {
            return Err(ClaimError::Issuer.into());
        }
        self.provider.check(jws, host, now)
    }

    fn refuses(&self, error: AuthError) -> Refused<'a> {
        let token = Some(self.found.token.clone());
        Refused {
            provider: Some(self.index),
            token,
            error,
        }
    }

    fn verified(&self, jws: Jws<'_>) -> Verified<'a, 'p> {
        let claims = Rc::new(jws.claims);
        Verified {
            provider: self.index,
            found: self.found.clone(),
            claims,
        }
    }
}

// === impl Refused ===

impl<'a> Refused<'a> {
    fn missing() -> Self {
        Self {
            provider: None,
            token: None,
            error: AuthError::Missing,
        }
    }

    /// How far the token came: what an operator wants to hear of is the provider that was meant.
    fn distance(&self) -> u8 {
        match &self.error {
            AuthError::Missing | AuthError::Ambiguous => 0,
            AuthError::Malformed(Malformed::Algorithm) => 2,
            AuthError::Malformed(_) => 1,
            AuthError::Claim(ClaimError::Issuer) => 2,
            AuthError::Signature(_) => 3,
            AuthError::Claim(_) => 4,
        }
    }
}

#[cfg(test)]
mod tests;
