//! The stage: the node's requirement, the request's key and token, the caller's identity.
//!
//! Headers that carry claims are the stage's own. Whatever a client sent under their names goes first, on public nodes and
//! for requests without a token too: the upstream must be able to believe that `x-user-id` is there because somebody proved
//! it. Then the node's requirement is checked, and a believed token's claims go into the engine's identity, where later
//! stages find them, and into those headers, where the upstream does.

use crate::{
    AuthError,
    api_key::{Known, RefusedKey},
    authenticate::{Passed, Refused, Requirement, Verified},
    plan::Plan,
    refuse::{self, Challenge},
    tally::Tally,
};
use engine::{CompileContext, Position, RequestContext, Stage, Verdict};
use std::rc::Rc;

/// Authentication by JSON Web Tokens and API keys.
pub struct Authenticate {
    plan: Plan,
}

// === impl Authenticate ===

impl Stage for Authenticate {
    type State = ();

    const POSITION: Position = Position::Authentication;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self {
            plan: Plan::compile(cx),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        self.remove_claim_headers(cx);
        let requirement = self.plan.requirement(cx.node);
        let keys = &self.plan.api_keys;
        let has_key = match keys.check(requirement, cx.view, || cx.wall_clock()) {
            Ok(None) => false,
            Ok(Some(known)) => {
                self.accept_key(cx, &known);
                true
            }
            Err(refused) => return self.refuse_key(cx, requirement, &refused),
        };
        self.token(cx, requirement, has_key)
    }
}

impl Authenticate {
    fn remove_claim_headers(&self, cx: &mut RequestContext<'_>) {
        for name in cx
            .view
            .names()
            .filter(|name| self.plan.is_claim_header(name))
        {
            cx.changes
                .remove_request(String::from_utf8_lossy(name).into_owned());
        }
    }

    /// Judges the token, which may be missing if there was a key, but not bad: the upstream may read it as one that was
    /// believed.
    fn token(
        &self,
        cx: &mut RequestContext<'_>,
        requirement: &Requirement,
        has_key: bool,
    ) -> Verdict {
        let tally = self.plan.tally(cx.service);
        let judges = &self.plan.judges;
        match judges.check(requirement, cx.view, cx.host, || cx.wall_clock()) {
            Ok(Passed::Public) => {}
            Ok(Passed::Anonymous) if has_key => {}
            Ok(Passed::Anonymous) => tally.passed(None, cx.host),
            Ok(Passed::Verified(verified)) => {
                tally.passed(Some(verified.proof.provider), cx.host);
                self.plan.cache_tally.told(verified.is_known, cx.host);
                self.accept(cx, verified);
            }
            Err(refused) if has_key && refused.error == AuthError::Missing => {}
            Err(refused) => return self.refuse(cx, requirement, tally, &refused),
        }
        Verdict::Continue
    }

    fn accept_key(&self, cx: &mut RequestContext<'_>, known: &Known<'_, '_>) {
        if !self.plan.api_keys.forward {
            known.found.strip(cx.view, cx.changes);
        }
        known.client.identify(cx.identity);
        self.plan.tally(cx.service).key_passed(cx.host);
    }

    fn accept(&self, cx: &mut RequestContext<'_>, verified: Verified<'_, '_>) {
        let Verified { found, proof, .. } = verified;
        let provider = self.plan.judges.providers.get(proof.provider);
        if provider.is_some_and(|provider| !provider.forward) {
            found.strip(cx.view, cx.changes);
        }
        let payload_header = provider.and_then(|provider| provider.payload_header.as_ref());
        if let (Some(header), Some(payload)) = (payload_header, found.token.payload()) {
            cx.changes.set_request(Rc::clone(header), payload);
        }
        for (header, value) in &proof.headers {
            cx.changes.set_request(Rc::clone(header), value.clone());
        }
        cx.identity.set_claims(Rc::clone(&proof.claims));
    }

    fn refuse(
        &self,
        cx: &RequestContext<'_>,
        requirement: &Requirement,
        tally: &Tally,
        refused: &Refused<'_>,
    ) -> Verdict {
        let provider = refused
            .provider
            .and_then(|index| self.plan.judges.providers.get(index));
        let provider = provider.map(|provider| &*provider.name);
        refuse::log(cx, refused, provider);
        tally.refused(refused.provider, requirement.shadow, cx.host);
        match requirement.shadow {
            true => Verdict::Continue,
            false => refuse::refusal(refused, provider, self.challenge(cx, requirement)).into(),
        }
    }

    fn refuse_key(
        &self,
        cx: &RequestContext<'_>,
        requirement: &Requirement,
        refused: &RefusedKey<'_>,
    ) -> Verdict {
        refuse::log_key(cx, refused);
        let tally = self.plan.tally(cx.service);
        tally.key_refused(requirement.shadow, cx.host);
        match requirement.shadow {
            true => Verdict::Continue,
            false => refuse::key_refusal(refused, self.challenge(cx, requirement)).into(),
        }
    }

    fn challenge(&self, cx: &RequestContext<'_>, requirement: &Requirement) -> Challenge<'_> {
        Challenge {
            realm: self.plan.realm(cx.service),
            tokens: requirement.takes_tokens(),
            keys: requirement.api_keys,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
