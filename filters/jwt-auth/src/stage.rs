//! The stage: the node's requirement, the request's token, the caller's identity.
//!
//! Headers that carry claims are the stage's own. Whatever a client sent under their names goes first, on public nodes and
//! for requests without a token too: the upstream must be able to believe that `x-user-id` is there because somebody proved
//! it. Then the node's requirement is checked, and a believed token's claims go into the engine's identity, where later
//! stages find them, and into those headers, where the upstream does.

use crate::{
    authenticate::{Passed, Refused, Requirement, Verified},
    plan::Plan,
    refuse,
    tally::Tally,
};
use engine::{CompileContext, Position, RequestContext, Stage, Verdict};
use std::rc::Rc;

/// Authentication by JSON Web Tokens.
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
        let tally = self.plan.tally(cx.service);
        let judges = &self.plan.judges;
        match judges.check(requirement, cx.view, cx.host, || cx.wall_clock()) {
            Ok(Passed::Public) => {}
            Ok(Passed::Anonymous) => tally.passed(None, cx.host),
            Ok(Passed::Verified(verified)) => {
                tally.passed(Some(verified.proof.provider), cx.host);
                self.plan.cache_tally.told(verified.is_known, cx.host);
                self.accept(cx, verified);
            }
            Err(refused) => return self.refuse(cx, requirement, tally, &refused),
        }
        Verdict::Continue
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

    fn accept(&self, cx: &mut RequestContext<'_>, verified: Verified<'_, '_>) {
        let Verified { found, proof, .. } = verified;
        let provider = self.plan.judges.providers.get(proof.provider);
        if provider.is_some_and(|provider| !provider.forward) {
            found.strip(cx.view, cx.changes);
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
            false => refuse::refusal(refused, provider, self.plan.realm(cx.service)).into(),
        }
    }
}

#[cfg(test)]
mod tests;
