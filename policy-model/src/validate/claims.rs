//! Claims: what a verified token says. Without a provider no token is ever verified, so no request has any.

use super::condition::all;
use super::walk::nodes;
use crate::document::{ConditionKind, Conditions, Document, ServicePolicy};
use crate::finding::Report;

pub(super) fn check(document: &Document, report: &mut Report) {
    if !document.authentication.providers.is_empty() {
        return;
    }
    for node in nodes(document) {
        all(node.policy).for_each(|conditions| in_conditions(conditions, report));
        in_keys(node.policy, report);
    }
    for rule in document.lane_spaces.iter().flat_map(|space| &space.rules) {
        in_conditions(&rule.conditions, report);
    }
}

fn in_conditions(conditions: &Conditions, report: &mut Report) {
    let by_claim = conditions.list.iter();
    for condition in by_claim.filter(|condition| condition.kind == ConditionKind::Claim) {
        say(&condition.pointer, report);
    }
}

fn in_keys(policy: &ServicePolicy, report: &mut Report) {
    let rates = policy
        .rate_limit_policies
        .iter()
        .map(|limit| (&limit.meta, &limit.key));
    let slots = policy
        .concurrency_limit_policies
        .iter()
        .map(|limit| (&limit.meta, &limit.key));
    for (meta, key) in rates.chain(slots) {
        for (index, part) in key.iter().enumerate() {
            if part.kind == ConditionKind::Claim {
                say(&format!("{}/key/{index}", meta.pointer), report);
            }
        }
    }
}

fn say(pointer: &str, report: &mut Report) {
    report.warning(
        pointer,
        "no request has claims: the document has no providers of tokens",
    );
}
