//! Whether a request brings what its node requires.
//!
//! Which provider judges a token: every provider of the requirement in whose places a token lies and whose issuer is the
//! token's `iss`, in the requirement's order, until one believes it. A provider without an issuer judges every token. `iss` is
//! read before the signature is checked, but it only chooses whose keys must have signed: a forged `iss` leads to a key that
//! the forger does not have (RFC 8725 section 3.8).
//!
//! What one of them has believed before it believes again while the token's times hold, in the same order of providers: the
//! cache shortens the way to an answer and never changes it.

mod fetched;

use crate::{
    AuthError,
    cache::{Cache, Fingerprint},
    claims::{ClaimError, Times},
    header::LastHeader,
    jws::{Jws, Malformed},
    places::{Ambiguous, Found},
    proof::Proof,
    provider::Provider,
    requirement::Requirement,
    signature::SignatureError,
    token::Token,
    wanted::Wanted,
};
use engine::RequestView;
use host::Host;
use std::{rc::Rc, time::Duration};

mod all;

/// Who judges tokens, and what has been judged.
pub(crate) struct Judges {
    pub(crate) providers: Vec<Provider>,
    /// The claims of which others want to know.
    asked: Rc<[Rc<str>]>,
    /// The claims that anybody reads.
    wanted: Wanted,
    last: LastHeader,
    cache: Cache,
}

/// A request that may pass.
#[derive(Debug)]
pub enum Passed<'a, 'p> {
    /// Its node requires nothing.
    Public,
    /// It brings nothing, and its node allows that.
    Anonymous,
    /// It brings no token; its key is enough.
    ByKey,
    /// A provider vouches for it.
    Verified(Verified<'a, 'p>),
    /// Several do: those of `allOf` in its order, then the one of `anyOf`.
    ByAll(Vec<Verified<'a, 'p>>),
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

// === impl Passed ===

impl<'a, 'p> Passed<'a, 'p> {
    /// Shows the tokens that are believed, in order.
    pub(crate) fn each(&self, show: impl FnMut(&Verified<'a, 'p>)) {
        match self {
            Self::Verified(verified) => std::slice::from_ref(verified),
            Self::ByAll(all) => all,
            _ => &[],
        }
        .iter()
        .for_each(show);
    }
}

// === impl Judges ===

impl Judges {
    pub(crate) fn new(providers: Vec<Provider>, asked: &Rc<[Rc<str>]>, cache: Cache) -> Self {
        Self {
            wanted: Wanted::new(&providers, asked),
            providers,
            asked: Rc::clone(asked),
            last: LastHeader::default(),
            cache,
        }
    }

    /// Decides, of a request with a good key or without one. `now` gives wall-clock time since the Unix epoch; it is asked only
    /// if there is a token.
    ///
    /// # Errors
    ///
    /// [`Refused`]; of several providers' reasons, that of the one which came furthest.
    pub(crate) fn check<'a, 'p>(
        &'p self,
        requirement: &Requirement,
        has_key: bool,
        view: &RequestView<'a>,
        host: &dyn Host,
        now: impl FnOnce() -> Duration,
    ) -> Result<Passed<'a, 'p>, Refused<'a>> {
        if requirement.is_public() {
            return Ok(Passed::Public);
        }
        if !requirement.all_of.is_empty() {
            return self.check_all(requirement, has_key, view, host, now);
        }
        let any_of = requirement.any_of.as_deref().unwrap_or_default();
        let candidates = self.candidates(any_of, view)?;
        if candidates.is_empty() {
            return requirement.without_token(has_key);
        }
        let verified = self.vouched(&candidates, host, now())?;
        Ok(Passed::Verified(verified))
    }

    /// The answer for one token, from memory or by asking.
    fn vouched<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        host: &dyn Host,
        now: Duration,
    ) -> Result<Verified<'a, 'p>, Refused<'a>> {
        let Some(first) = candidates.first() else {
            return Err(Refused::missing(None));
        };
        let token = self.cache.fingerprint(&first.found.token.0);
        match self.known(candidates, token, now) {
            Some(verified) => Ok(verified),
            None => self.judged(candidates, token, host, now),
        }
    }

    /// The providers in whose places the request's one token lies.
    fn candidates<'a, 'p>(
        &'p self,
        any_of: &[usize],
        view: &RequestView<'a>,
    ) -> Result<Vec<Candidate<'a, 'p>>, Refused<'a>> {
        let mut candidates = Vec::new();
        for place in any_of.iter().copied() {
            match self.candidate(place, view)? {
                Some(candidate) if is_another(&candidates, &candidate.found) => {
                    return Err(Refused::ambiguous(place));
                }
                Some(candidate) => candidates.push(candidate),
                None => {}
            }
        }
        Ok(candidates)
    }

    /// The provider at this place, if a token lies where it looks.
    fn candidate<'a, 'p>(
        &'p self,
        place: usize,
        view: &RequestView<'a>,
    ) -> Result<Option<Candidate<'a, 'p>>, Refused<'a>> {
        let Some(provider) = self.providers.get(place) else {
            return Ok(None);
        };
        match provider.places.find(view) {
            Ok(found) => Ok(found.map(|found| Candidate {
                place,
                provider,
                found,
            })),
            Err(Ambiguous) => Err(Refused::ambiguous(place)),
        }
    }

    /// The answer that the providers would give, if all of them that would be asked have given theirs before.
    fn known<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        token: Fingerprint,
        now: Duration,
    ) -> Option<Verified<'a, 'p>> {
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
        fingerprint: Fingerprint,
        host: &dyn Host,
        now: Duration,
    ) -> Result<Verified<'a, 'p>, Refused<'a>> {
        match candidates
            .iter()
            .find(|candidate| candidate.found.is_list())
        {
            Some(candidate) => Err(Refused::ambiguous(candidate.place)),
            None => self.try_each(candidates, fingerprint, host, now),
        }
    }

    fn try_each<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        fingerprint: Fingerprint,
        host: &dyn Host,
        now: Duration,
    ) -> Result<Verified<'a, 'p>, Refused<'a>> {
        let mut furthest = Refused::missing(None);
        let mut passed_over = Vec::new();
        let token = candidates.first().map(|first| &*first.found.token.0);
        let jws = Jws::parse_for(
            token.unwrap_or_default(),
            &|name| self.wanted.has(name),
            &self.last,
        );
        for candidate in candidates {
            match self.judge(candidate, &jws, host, now) {
                Ok((jws, times)) => {
                    let proof =
                        Proof::of(jws, candidate.place, candidate.provider, times, &self.asked);
                    let passed_over = passed_over.into();
                    let proof = Rc::new(Proof {
                        passed_over,
                        ..proof
                    });
                    self.cache.keep(fingerprint, &proof);
                    return Ok(candidate.verified(proof, false));
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
}

/// Whether this is not the token of the others: a provider may look into another place, and there lie another one, which the
/// upstream might believe, or the same once more (RFC 6750 section 2). The request has one token or none.
fn is_another(candidates: &[Candidate<'_, '_>], found: &Found<'_, '_>) -> bool {
    let first = candidates.first();
    first.is_some_and(|first| !first.found.is(found))
}

/// Whether a provider would say the same of the same token at any time, as long as it has the same keys.
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
    /// There is no token, for the provider at this place or for any.
    pub(crate) fn missing(provider: Option<usize>) -> Self {
        Self {
            provider,
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
            // Nobody can say yet that the token is bad.
            AuthError::KeysUnavailable => 5,
        }
    }
}

#[cfg(test)]
mod tests;
