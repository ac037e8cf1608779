//! The stage: the node's permission policies, then its roles and owners.

use super::{
    plan::{NodePlan, Plan},
    refuse,
    rules::{Denial, Said},
};
use crate::preflight::is_preflight;
use engine::{CompileContext, Decisions, Position, Refusal, RequestContext, Stage, Verdict};
use host::Host;

/// Permission by conditions, by roles and by ownership.
pub struct Permit {
    plan: Plan,
}

// === impl Permit ===

impl Stage for Permit {
    type State = ();

    const POSITION: Position = Position::Permission;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self {
            plan: Plan::compile(cx),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let Some(node) = self.plan.node(cx.node) else {
            return Verdict::Continue;
        };
        if node.pass_preflight && is_preflight(cx.view) {
            return Verdict::Continue;
        }
        let refusal = by_conditions(node, cx).or_else(|| by_roles(node, cx));
        refusal.map_or(Verdict::Continue, Verdict::from)
    }
}

fn by_conditions(node: &NodePlan, cx: &RequestContext<'_>) -> Option<Refusal> {
    let rules = node.rules.as_ref()?;
    let tell = |place: usize, said| {
        if let Some(decisions) = rules.count.get(place) {
            count(decisions, said, cx.host);
        }
    };
    let denial = rules.decide.check(cx, tell).err()?;
    let (Denial::Denied(place) | Denial::NotAllowed { first: place, .. }) = denial;
    let decisions = rules.count.get(place)?;
    Some(refuse::denied(
        cx,
        (decisions.service(), node.takes),
        denial,
        decisions.policy(),
    ))
}

fn by_roles(node: &NodePlan, cx: &RequestContext<'_>) -> Option<Refusal> {
    let access = node.access.as_ref()?;
    let path = node.path.as_deref().zip(cx.view.path());
    let variables = path
        .into_iter()
        .flat_map(|(pattern, path)| pattern.variables(path));
    let guard = &access.count;
    let Err(lack) = access
        .decide
        .check(cx.view.method(), cx.identity, variables)
    else {
        count(&guard.decisions, Said::Passed, cx.host);
        return None;
    };
    if guard.shadow {
        count(&guard.decisions, Said::WouldRefuse, cx.host);
        return None;
    }
    count(&guard.decisions, Said::Refused, cx.host);
    Some(refuse::lacking(
        cx,
        (guard.decisions.service(), node.takes),
        lack,
    ))
}

fn count(decisions: &Decisions, said: Said, host: &dyn Host) {
    match said {
        Said::Passed => decisions.passed(host),
        Said::Refused => decisions.refused(host),
        Said::WouldRefuse => decisions.would_refuse(host),
    }
}

#[cfg(test)]
mod tests;
