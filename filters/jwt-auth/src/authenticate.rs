//! Whether a request brings what its node requires.
//!
//! Which provider judges a token: every provider of the requirement in whose places a token lies and whose issuer is the
//! token's `iss`, in the requirement's order, until one believes it. A provider without an issuer judges every token. `iss` is
//! read before the signature is checked, but it only chooses whose keys must have signed: a forged `iss` leads to a key that
//! the forger does not have (RFC 8725 section 3.8).
//!
//! What one of them has believed before it believes again while the token's times hold, in the same order of providers: the
//! cache shortens the way to an answer and never changes it.

use crate::{
    AuthError,
    cache::Cache,
    claims::{ClaimError, Times},
    jws::{Jws, Malformed},
    places::{Ambiguous, Found},
    proof::Proof,
    provider::Provider,
    signature::SignatureError,
    token::Token,
};
use engine::RequestView;
use host::Host;
use std::{rc::Rc, time::Duration};

/// What a node requires, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Places in the list of providers; one of these must vouch. `None`: nobody has to, the node is public.
    pub any_of: Option<Vec<usize>>,
    /// Whether a client's key does too.
    pub api_keys: bool,
    /// Whether a request without a token passes too.
    pub allow_missing: bool,
    /// Whether a refusal is only counted.
    pub shadow: bool,
}

/// Who judges tokens, and what has been judged.
pub(crate) struct Judges {
    pub(crate) providers: Vec<Provider>,
    /// The claims of which others want to know.
    pub(crate) asked: Rc<[Rc<str>]>,
    pub(crate) cache: Cache,
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
    /// Where it was.
    pub found: Found<'a, 'p>,
    /// What it proves.
    pub proof: Rc<Proof>,
    /// Whether it was known.
    pub is_known: bool,
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

/// A provider and the token that it may judge.
struct Candidate<'a, 'p> {
    place: usize,
    provider: &'p Provider,
    found: Found<'a, 'p>,
}

// === impl Requirement ===

impl Requirement {
    /// Whether nothing is required.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.any_of.is_none()
    }

    /// Whether a provider may vouch.
    #[must_use]
    pub fn takes_tokens(&self) -> bool {
        self.any_of
            .as_ref()
            .is_some_and(|any_of| !any_of.is_empty())
    }

    /// Whether nothing but a key will do.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.api_keys && !self.takes_tokens() && !self.allow_missing
    }
}

// === impl Judges ===

impl Judges {
    /// Decides. `now` gives wall-clock time since the Unix epoch; it is asked only if there is a token.
    ///
    /// # Errors
    ///
    /// [`Refused`]; of several providers' reasons, that of the one which came furthest.
    pub(crate) fn check<'a, 'p>(
        &'p self,
        requirement: &Requirement,
        view: &RequestView<'a>,
        host: &dyn Host,
        now: impl FnOnce() -> Duration,
    ) -> Result<Passed<'a, 'p>, Refused<'a>> {
        let Some(any_of) = &requirement.any_of else {
            return Ok(Passed::Public);
        };
        let candidates = self.candidates(any_of, view)?;
        if candidates.is_empty() {
            return match requirement.allow_missing {
                true => Ok(Passed::Anonymous),
                false => Err(Refused::missing()),
            };
        }
        let now = now();
        let verified = match self.known(&candidates, now) {
            Some(verified) => verified,
            None => self.judged(&candidates, host, now)?,
        };
        Ok(Passed::Verified(verified))
    }

    /// The providers in whose places the request's one token lies.
    fn candidates<'a, 'p>(
        &'p self,
        any_of: &[usize],
        view: &RequestView<'a>,
    ) -> Result<Vec<Candidate<'a, 'p>>, Refused<'a>> {
        let mut candidates = Vec::new();
        for place in any_of.iter().copied() {
            let Some(provider) = self.providers.get(place) else {
                continue;
            };
            match provider.places.find(view) {
                Ok(Some(found)) if is_another(&candidates, &found) => {
                    return Err(Refused::ambiguous(place));
                }
                Ok(Some(found)) => candidates.push(Candidate {
                    place,
                    provider,
                    found,
                }),
                Ok(None) => {}
                Err(Ambiguous) => return Err(Refused::ambiguous(place)),
            }
        }
        Ok(candidates)
    }

    /// The answer that the providers would give, if all of them that would be asked have given theirs before.
    fn known<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        now: Duration,
    ) -> Option<Verified<'a, 'p>> {
        let token = self.cache.fingerprint(&candidates.first()?.found.token.0);
        for candidate in candidates {
            if let Some(proof) = self.cache.get(token, candidate.place) {
                return match candidate.provider.rules.check_times(&proof.times, now) {
                    Ok(()) => Some(candidate.verified(proof, true)),
                    Err(_) => {
                        self.cache.forget(token, candidate.place);
                        None
                    }
                };
            }
            if !self.cache.passes_over(token, candidate.place) {
                return None;
            }
        }
        None
    }

    fn judged<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        host: &dyn Host,
        now: Duration,
    ) -> Result<Verified<'a, 'p>, Refused<'a>> {
        match candidates
            .iter()
            .find(|candidate| candidate.found.is_list())
        {
            Some(candidate) => Err(Refused::ambiguous(candidate.place)),
            None => self.try_each(candidates, host, now),
        }
    }

    fn try_each<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        host: &dyn Host,
        now: Duration,
    ) -> Result<Verified<'a, 'p>, Refused<'a>> {
        let mut furthest = Refused::missing();
        let mut passed_over = Vec::new();
        let token = candidates.first().map(|first| &*first.found.token.0);
        let jws = Jws::parse(token.unwrap_or_default());
        for candidate in candidates {
            match candidate.judge(&jws, host, now) {
                Ok((jws, times)) => {
                    let proof =
                        Proof::of(jws, candidate.place, candidate.provider, times, &self.asked);
                    let passed_over = passed_over.into();
                    return Ok(self.keep(
                        candidate,
                        Proof {
                            passed_over,
                            ..proof
                        },
                    ));
                }
                Err(error) => {
                    if is_for_good(&error) {
                        passed_over.push(candidate.place);
                    }
                    let refused = candidate.refuses(error);
                    if refused.distance() > furthest.distance() {
                        furthest = refused;
                    }
                }
            }
        }
        Err(furthest)
    }

    fn keep<'a, 'p>(&self, candidate: &Candidate<'a, 'p>, proof: Proof) -> Verified<'a, 'p> {
        let proof = Rc::new(proof);
        self.cache
            .keep(self.cache.fingerprint(&candidate.found.token.0), &proof);
        candidate.verified(proof, false)
    }
}

/// Whether this is not the token of the others: a provider may look into another place, and there lie another one, which the
/// upstream might believe. The request has one token or none.
fn is_another(candidates: &[Candidate<'_, '_>], found: &Found<'_, '_>) -> bool {
    let first = candidates.first();
    first.is_some_and(|first| first.found.token != found.token)
}

/// Whether a provider would say the same of the same token at any time.
fn is_for_good(error: &AuthError) -> bool {
    match error {
        AuthError::Claim(ClaimError::Issuer) | AuthError::Type => true,
        AuthError::Signature(why) => matches!(
            why,
            SignatureError::AlgorithmNotAllowed(_)
                | SignatureError::UnknownKey
                | SignatureError::Wrong
        ),
        _ => false,
    }
}

// === impl Candidate ===

impl<'a, 'p> Candidate<'a, 'p> {
    fn judge<'j, 't>(
        &self,
        jws: &'j Result<Jws<'t>, Malformed>,
        host: &dyn Host,
        now: Duration,
    ) -> Result<(&'j Jws<'t>, Times), AuthError> {
        let jws = jws.as_ref().map_err(|malformed| *malformed)?;
        Ok((jws, self.provider.check(jws, host, now)?))
    }

    fn refuses(&self, error: AuthError) -> Refused<'a> {
        let token = Some(self.found.token.clone());
        Refused {
            provider: Some(self.place),
            token,
            error,
        }
    }

    fn verified(&self, proof: Rc<Proof>, is_known: bool) -> Verified<'a, 'p> {
        Verified {
            found: self.found.clone(),
            proof,
            is_known,
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

    fn ambiguous(place: usize) -> Self {
        Self {
            provider: Some(place),
            token: None,
            error: AuthError::Ambiguous,
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
            AuthError::Type | AuthError::Claim(_) => 4,
        }
    }
}

#[cfg(test)]
mod tests;
