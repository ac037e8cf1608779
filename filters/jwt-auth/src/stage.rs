//! The stage: the node's requirement, the request's token, the caller's identity.
//!
//! Headers that carry claims are the stage's own. Whatever a client sent under their names goes first, on public nodes and
//! for requests without a token too: the upstream must be able to believe that `x-user-id` is there because somebody proved
//! it. Then the node's requirement is checked, and a believed token's claims go into the engine's identity, where later
//! stages find them, and into those headers, where the upstream does.

use crate::{
    authenticate::{Passed, Refused, Requirement, Verified},
    claim_value::header_value,
    plan::Plan,
    refuse,
    tally::Tally,
};
use engine::{CompileContext, Position, RequestContext, Stage, Verdict, claim};
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
        match requirement.check(&self.plan.providers, cx.view, cx.host, || cx.wall_clock()) {
            Ok(Passed::Public) => {}
            Ok(Passed::Anonymous) => tally.passed(None, cx.host),
            Ok(Passed::Verified(verified)) => {
                tally.passed(Some(verified.provider), cx.host);
                self.accept(cx, &verified);
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

    fn accept(&self, cx: &mut RequestContext<'_>, verified: &Verified<'_, '_>) {
        let Some(provider) = self.plan.providers.get(verified.provider) else {
            return;
        };
        if !provider.forward {
            verified.found.strip(cx.view, cx.changes);
        }
        for rule in &provider.claim_headers {
            let value = claim(&verified.claims, &rule.claim).and_then(header_value);
            if let Some(value) = value {
                cx.changes.set_request(rule.header.to_string(), value);
            }
        }
        cx.identity.set_claims(Rc::clone(&verified.claims));
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
            .and_then(|index| self.plan.providers.get(index));
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
