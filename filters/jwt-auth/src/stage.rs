//! The stage: the node's requirement, the request's key and token, the application that calls, the caller's identity.
//!
//! Headers that carry claims are the stage's own. Whatever a client sent under their names goes first, on public nodes and
//! for requests without a token too: the upstream must be able to believe that `x-user-id` is there because somebody proved
//! it. Then the node's requirement is checked, and a believed token's claims go into the engine's identity, where later
//! stages find them, and into those headers, where the upstream does.

use crate::{
    AuthError,
    api_key::{Known, RefusedKey},
    application,
    authenticate::{Passed, Refused, Verified},
    caller::{self, Proven, Unproven},
    plan::Plan,
    refuse::{self, Challenge, Outcome},
    remote,
    requirement::Requirement,
};
use engine::{BackgroundContext, CompileContext, Position, RequestContext, Stage, Verdict, Wait};
use host::{CallAnswer, CallId, Nanos};
use std::{rc::Rc, time::Duration};

/// Authentication by JSON Web Tokens and API keys.
pub struct Authenticate {
    plan: Plan,
    applications: application::Plan,
}

/// How soon a request that waits looks for keys. Each look costs what a request does, and a thousand may wait: who has waited
/// for long looks seldom, and is late by this part of its waiting at most.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LATE: u32 = 8;

// === impl Authenticate ===

impl Stage for Authenticate {
    /// From when on the request waits for keys, if it does.
    type State = Option<Nanos>;

    const POSITION: Position = Position::Authentication;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        let plan = Plan::compile(cx);
        if plan.judges.has_remote_keys() {
            cx.tick_every(remote::TICK);
        }
        Self {
            plan,
            applications: application::Plan::compile(cx),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, waiting: &mut Option<Nanos>) -> Verdict {
        if waiting.is_none() {
            self.remove_claim_headers(cx);
        }
        match self.credentials(cx, waiting) {
            Verdict::Continue => self.applications.check(cx),
            other => other,
        }
    }

    fn tick(&self, cx: &BackgroundContext<'_>) {
        self.plan.judges.tick(cx);
    }

    fn http_response(&self, cx: &BackgroundContext<'_>, call: CallId, answer: Option<&CallAnswer>) {
        self.plan.judges.answered(cx, call, answer);
    }
}

impl Authenticate {
    /// The node's requirement.
    fn credentials(&self, cx: &mut RequestContext<'_>, waiting: &mut Option<Nanos>) -> Verdict {
        let requirement = self.plan.requirement(cx.node);
        if requirement.passes_preflight(cx.view) {
            self.plan.tally(cx.service).passed(None, cx.host);
            self.remove_credentials(cx, requirement);
            return Verdict::Continue;
        }
        match caller::judge(&self.plan, requirement, cx) {
            Ok(proven) => {
                self.accept(cx, proven);
                Verdict::Continue
            }
            Err(Unproven::Token(refused)) => match self.wait(cx, requirement, waiting, &refused) {
                Some(wait) => Verdict::Wait(wait),
                None => self.refuse(cx, requirement, &refused),
            },
            Err(Unproven::Key(refused)) => self.refuse_key(cx, requirement, &refused),
        }
    }

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

    /// Takes out what lies where the requirement would have looked: nobody has judged it, or nobody has believed it.
    #[cold]
    fn remove_credentials(&self, cx: &mut RequestContext<'_>, requirement: &Requirement) {
        let providers = &self.plan.judges.providers;
        let tokens = requirement.providers().filter_map(|at| providers.get(at));
        tokens.for_each(|provider| provider.places.clear(cx.view, cx.changes));
        if requirement.takes_keys() {
            self.plan.api_keys.places.clear(cx.view, cx.changes);
        }
    }

    fn accept(&self, cx: &mut RequestContext<'_>, Proven { key, tokens }: Proven<'_, '_>) {
        if let Some(known) = &key {
            self.accept_key(cx, known);
        }
        match &tokens {
            Passed::Public | Passed::ByKey => {}
            Passed::Anonymous => self.plan.tally(cx.service).passed(None, cx.host),
            Passed::Verified(verified) => self.accept_token(cx, verified),
            // The last one's headers first: where two have a header, the first one's stays.
            Passed::ByAll(all) => {
                for verified in all.iter().rev() {
                    self.accept_token(cx, verified);
                }
            }
        }
        tokens.each(|verified| cx.identity.add_claims(verified.proof.claims.clone()));
    }

    /// How long a request waits for its issuer's first keys, if it may. Who passes anyway is not held up.
    fn wait(
        &self,
        cx: &RequestContext<'_>,
        requirement: &Requirement,
        waiting: &mut Option<Nanos>,
        refused: &Refused<'_>,
    ) -> Option<Wait> {
        let is_wanted = requirement.outcome() == Outcome::Refused && cx.can_wait;
        if refused.error != AuthError::KeysUnavailable || !is_wanted {
            return None;
        }
        let provider = self.plan.judges.providers.get(refused.provider?)?;
        let patience = provider.remote()?.patience();
        let now = cx.now();
        let since = waiting.unwrap_or(now);
        let until = since.after(patience);
        if now >= until {
            return None;
        }
        *waiting = Some(since);
        let pause = LOOK_AGAIN.max(now.since(since) / LATE);
        Some(Wait::Until(until.min(now.after(pause))))
    }

    fn accept_key(&self, cx: &mut RequestContext<'_>, known: &Known<'_, '_>) {
        if !self.plan.api_keys.forward {
            known.found.strip(cx.view, cx.changes);
        }
        if let Some(header) = &self.plan.api_keys.client_header {
            let id: Rc<[u8]> = Rc::clone(&known.client.id).into();
            cx.changes.set_request(Rc::clone(header), id);
        }
        known.client.identify(cx.identity);
        self.plan.tally(cx.service).key_passed(cx.host);
    }

    fn accept_token(&self, cx: &mut RequestContext<'_>, verified: &Verified<'_, '_>) {
        let Verified { found, proof, .. } = verified;
        let tally = self.plan.tally(cx.service);
        tally.passed(Some(proof.provider), cx.host);
        self.plan.cache_tally.told(verified.is_known, cx.host);
        let provider = self.plan.judges.providers.get(proof.provider);
        if provider.is_some_and(|provider| !provider.forward) {
            found.strip(cx.view, cx.changes);
        }
        if let Some(header) = provider.and_then(|provider| provider.payload_header.as_ref())
            && let Some(payload) = found.token.payload()
        {
            cx.changes.set_request(Rc::clone(header), payload);
        }
        let rules = provider.iter().flat_map(|provider| &provider.claim_headers);
        for (rule, value) in rules.zip(&proof.headers) {
            if let Some(value) = value {
                cx.changes
                    .set_request(Rc::clone(&rule.header), Rc::clone(value));
            }
        }
    }

    #[cold]
    fn refuse(
        &self,
        cx: &mut RequestContext<'_>,
        requirement: &Requirement,
        refused: &Refused<'_>,
    ) -> Verdict {
        let provider = refused
            .provider
            .and_then(|index| self.plan.judges.providers.get(index));
        let provider = provider.map(|provider| &*provider.name);
        let outcome = requirement.outcome();
        refuse::log(cx, refused, provider, outcome);
        let tally = self.plan.tally(cx.service);
        tally.refused(refused.provider, outcome, cx.host);
        if outcome == Outcome::Refused {
            let challenge = self.challenge(cx, requirement);
            let key_would_do = requirement.api_keys && requirement.all_of.is_empty();
            return refuse::refusal(refused, provider, challenge, key_would_do).into();
        }
        self.pass_anyway(cx, requirement, outcome)
    }

    #[cold]
    fn refuse_key(
        &self,
        cx: &mut RequestContext<'_>,
        requirement: &Requirement,
        refused: &RefusedKey<'_>,
    ) -> Verdict {
        let outcome = requirement.outcome();
        refuse::log_key(cx, refused, outcome);
        self.plan.tally(cx.service).key_refused(outcome, cx.host);
        if outcome == Outcome::Refused {
            let challenge = self.challenge(cx, requirement);
            return refuse::key_refusal(refused, challenge, requirement.needs_token()).into();
        }
        self.pass_anyway(cx, requirement, outcome)
    }

    /// Who passes though refused is nobody. Shadow mode changes nothing of the request; the document's own wish does.
    fn pass_anyway(
        &self,
        cx: &mut RequestContext<'_>,
        requirement: &Requirement,
        outcome: Outcome,
    ) -> Verdict {
        if outcome == Outcome::Failed {
            self.remove_credentials(cx, requirement);
        }
        Verdict::Continue
    }

    fn challenge(&self, cx: &RequestContext<'_>, requirement: &Requirement) -> Challenge<'_> {
        Challenge {
            realm: self.plan.realm(cx.service),
            tokens: requirement.takes_tokens(),
            keys: requirement.takes_keys(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
