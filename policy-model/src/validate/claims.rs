//! Claims: what a verified token says, and where a document asks for it; and where it asks for a client's key.
//!
//! Whoever keeps verified tokens keeps only the claims that somebody asks for, so this is the one list of all places that
//! can. Without a provider no token is ever verified, and no request has any claim.

use super::condition::all;
use super::walk::nodes;
use crate::document::{
    Authorization, ConditionKind, Conditions, Cost, Document, KeyPart, PolicyMeta, ServicePolicy,
};
use crate::finding::Report;
use crate::sort::sort;

/// A place that asks for something of a request, and which: for a claim, its path.
struct Use<'d> {
    pointer: String,
    claim: &'d str,
}

/// The paths of all claims that conditions, keys, costs, roles and ownership rules of this document ask for, sorted.
///
/// ```
/// use policy_model::{Document, validate::claims_asked_for};
///
/// let text = br#"{"services": [{"name": "orders", "groups": [{"name": "default", "servicePolicy": {
///     "rateLimitPolicies": [{"key": [{"type": "claim", "key": "sub"}], "slidingWindows": [{"threshold": 9}]}]
/// }}]}]}"#;
/// let document = Document::read(text).0.unwrap();
/// assert!(claims_asked_for(&document).into_iter().eq(["sub"]));
/// ```
#[must_use]
pub fn claims_asked_for(document: &Document) -> Vec<&str> {
    let mut claims: Vec<_> = uses(document).map(|place| place.claim).collect();
    let mut parts = nodes(document).filter_map(|node| node.policy.authorization.as_ref());
    if parts.any(|part| part.roles_claim.is_none()) {
        claims.push(Authorization::DEFAULT_ROLES_CLAIM);
    }
    sort(&mut claims);
    claims.dedup();
    claims
}

pub(super) fn check(document: &Document, report: &mut Report) {
    if document.authentication.providers.is_empty() {
        for place in uses(document) {
            let message = "no request has claims: the document has no providers of tokens";
            report.warning(place.pointer, message);
        }
    }
    if document.authentication.api_keys.is_none() {
        for place in asked(document, ConditionKind::ApiKey) {
            let message = "no request has an API key: the document has no `authentication.apiKeys`";
            report.warning(place.pointer, message);
        }
    }
}

/// Every place that names a claim which requests are asked for: conditions, keys and costs of type `claim`, roles, ownership.
fn uses(document: &Document) -> impl Iterator<Item = Use<'_>> {
    let parts = nodes(document).filter_map(|node| node.policy.authorization.as_ref());
    asked(document, ConditionKind::Claim).chain(parts.flat_map(in_authorization))
}

/// Every condition, part of a key and cost of a kind.
fn asked(document: &Document, kind: ConditionKind) -> impl Iterator<Item = Use<'_>> {
    let of_nodes = nodes(document).flat_map(move |node| {
        let conditions = all(node.policy).flat_map(move |list| in_conditions(list, kind));
        conditions.chain(in_limits(node.policy, kind))
    });
    let rules = document.lane_spaces.iter().flat_map(|space| &space.rules);
    of_nodes.chain(rules.flat_map(move |rule| in_conditions(&rule.conditions, kind)))
}

fn in_conditions(conditions: &Conditions, kind: ConditionKind) -> impl Iterator<Item = Use<'_>> {
    let asked = conditions.list.iter();
    let asked = asked.filter(move |condition| condition.kind == kind);
    asked.map(|condition| Use {
        pointer: condition.pointer.to_string(),
        claim: &condition.key,
    })
}

fn in_authorization(part: &Authorization) -> impl Iterator<Item = Use<'_>> {
    let roles = part.roles_claim.iter().map(|claim| Use {
        pointer: format!("{}/rolesClaim", part.pointer),
        claim,
    });
    let rules = part.ownership.iter().flatten().enumerate();
    roles.chain(rules.map(|(index, rule)| Use {
        pointer: format!("{}/ownership/{index}/claim", part.pointer),
        claim: &rule.claim,
    }))
}

fn in_limits(policy: &ServicePolicy, kind: ConditionKind) -> impl Iterator<Item = Use<'_>> {
    let rates = policy.rate_limit_policies.iter();
    let keys = rates.clone().map(|limit| (&limit.meta, &limit.key));
    let slots = policy.concurrency_limit_policies.iter();
    let keys = keys.chain(slots.map(|limit| (&limit.meta, &limit.key)));
    let costs = rates.filter_map(move |limit| in_cost(&limit.meta, &limit.cost, kind));
    keys.flat_map(move |(meta, key)| in_key(meta, key, kind))
        .chain(costs)
}

fn in_key<'d>(
    meta: &'d PolicyMeta,
    key: &'d [KeyPart],
    kind: ConditionKind,
) -> impl Iterator<Item = Use<'d>> {
    let parts = key.iter().enumerate();
    let asked = parts.filter(move |(_, part)| part.kind == kind);
    asked.map(|(index, part)| Use {
        pointer: format!("{}/key/{index}", meta.pointer),
        claim: &part.key,
    })
}

fn in_cost<'d>(meta: &PolicyMeta, cost: &'d Cost, asked: ConditionKind) -> Option<Use<'d>> {
    match cost {
        Cost::Stated { kind, key, .. } if *kind == asked => Some(Use {
            pointer: format!("{}/cost", meta.pointer),
            claim: key,
        }),
        _ => None,
    }
}
