//! Requirements with `allOf`: each of these providers must vouch, for a token of its own or for one that others vouch for too.
//!
//! The tokens in the places of these providers are expected, and each of them is judged by whoever requires it. Beside them a
//! request may carry one more, for a provider of `anyOf`, and that one must be good too: no token passes in a place that the
//! requirement names without the word of somebody who looks there: a device's token in the place of a user's, though it is
//! good, is not a user's.

use super::{Candidate, Judges, Passed, Refused, Verified};
use crate::requirement::Requirement;
use engine::RequestView;
use host::Host;
use std::time::Duration;

/// The providers of `anyOf` in whose places a token lies.
#[derive(Default)]
struct Beside<'a, 'p> {
    /// Who finds one that is required anyway.
    expected: Vec<Candidate<'a, 'p>>,
    /// Who finds the one that is not.
    other: Vec<Candidate<'a, 'p>>,
}

// === impl Judges ===

impl Judges {
    pub(super) fn check_all<'a, 'p>(
        &'p self,
        requirement: &Requirement,
        has_key: bool,
        view: &RequestView<'a>,
        host: &dyn Host,
        now: impl FnOnce() -> Duration,
    ) -> Result<Passed<'a, 'p>, Refused<'a>> {
        let mut required = Vec::new();
        let mut missing = None;
        for place in requirement.all_of.iter().copied() {
            match self.candidate(place, view)? {
                Some(candidate) => required.push(candidate),
                None => missing = missing.or(Some(place)),
            }
        }
        let any_of = requirement.any_of.as_deref().unwrap_or_default();
        let Beside { expected, other } = self.beside(&required, any_of, view)?;
        if required.is_empty() && other.is_empty() {
            return requirement.without_token(has_key);
        }
        if missing.is_some() {
            return Err(Refused::missing(missing));
        }
        let now = now();
        let mut all = Vec::new();
        for candidate in &required {
            all.push(self.vouched(std::slice::from_ref(candidate), host, now)?);
        }
        if !other.is_empty() {
            all.push(self.vouched(&other, host, now)?);
        } else if !is_met(requirement, has_key) {
            all.push(self.one_of(&expected, host, now)?);
        }
        Ok(Passed::ByAll(all))
    }

    fn beside<'a, 'p>(
        &'p self,
        required: &[Candidate<'a, 'p>],
        any_of: &[usize],
        view: &RequestView<'a>,
    ) -> Result<Beside<'a, 'p>, Refused<'a>> {
        let mut beside = Beside::default();
        for place in any_of.iter().copied() {
            let Some(candidate) = self.candidate(place, view)? else {
                continue;
            };
            if required.iter().any(|own| own.found.is(&candidate.found)) {
                beside.expected.push(candidate);
            } else if super::is_another(&beside.other, &candidate.found) {
                return Err(Refused::ambiguous(place));
            } else {
                beside.other.push(candidate);
            }
        }
        Ok(beside)
    }

    /// The first that vouches, each for the token that it finds.
    fn one_of<'a, 'p>(
        &self,
        candidates: &[Candidate<'a, 'p>],
        host: &dyn Host,
        now: Duration,
    ) -> Result<Verified<'a, 'p>, Refused<'a>> {
        let mut furthest = Refused::missing(None);
        for candidate in candidates {
            match self.vouched(std::slice::from_ref(candidate), host, now) {
                Ok(verified) => return Ok(verified),
                Err(refused) if refused.distance() > furthest.distance() => furthest = refused,
                Err(_) => {}
            }
        }
        Err(furthest)
    }
}

/// Whether `anyOf` asks for nothing that is not there already when all of `allOf` have vouched.
fn is_met(requirement: &Requirement, has_key: bool) -> bool {
    let Some(any_of) = &requirement.any_of else {
        return true;
    };
    let by_key = requirement.api_keys && has_key;
    by_key
        || any_of
            .iter()
            .any(|place| requirement.all_of.contains(place))
}

#[cfg(test)]
mod tests;
