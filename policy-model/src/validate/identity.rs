//! Where a document looks at who the caller is, outside of permissions: what a module that proves nobody's identity cannot see.

use super::walk::nodes;
use crate::document::{
    ConditionKind, Conditions, Cost, Document, KeyPart, PolicyMeta, ServicePolicy,
};

/// JSON pointers of all conditions, keys and costs of rate limits that look at a claim or an API key's client.
pub fn in_limits(document: &Document) -> impl Iterator<Item = String> {
    nodes(document).flat_map(|node| of_limits(node.policy))
}

/// JSON pointers of all conditions of routes and lanes that do.
pub fn in_routes(document: &Document) -> impl Iterator<Item = String> {
    let policies = nodes(document).flat_map(|node| &node.policy.route_policies);
    let tags = policies.flat_map(|policy| &policy.tag_rules);
    let tags = tags.map(|rule| &rule.conditions);
    let lanes = document.lane_spaces.iter().flat_map(|space| &space.rules);
    tags.chain(lanes.map(|rule| &rule.conditions))
        .flat_map(of_conditions)
}

fn of_limits(policy: &ServicePolicy) -> Vec<String> {
    let mut pointers = Vec::new();
    for limit in &policy.rate_limit_policies {
        pointers.extend(of_conditions(&limit.conditions));
        pointers.extend(of_key(&limit.meta, &limit.key));
        if let Cost::Stated { kind, .. } = limit.cost
            && is_identity(kind)
        {
            pointers.push(format!("{}/cost", limit.meta.pointer));
        }
    }
    for limit in &policy.concurrency_limit_policies {
        pointers.extend(of_conditions(&limit.conditions));
        pointers.extend(of_key(&limit.meta, &limit.key));
    }
    pointers
}

fn of_conditions(conditions: &Conditions) -> impl Iterator<Item = String> {
    let list = conditions.list.iter();
    list.filter(|condition| is_identity(condition.kind))
        .map(|condition| condition.pointer.to_string())
}

fn of_key(meta: &PolicyMeta, key: &[KeyPart]) -> impl Iterator<Item = String> {
    let parts = key.iter().enumerate();
    parts
        .filter(|(_, part)| is_identity(part.kind))
        .map(|(index, _)| format!("{}/key/{index}", meta.pointer))
}

fn is_identity(kind: ConditionKind) -> bool {
    matches!(kind, ConditionKind::Claim | ConditionKind::ApiKey)
}
