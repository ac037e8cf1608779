//! Nodes where roles or owners are asked for and nobody can prove who he is.
//!
//! Seen only after inheritance: a public path below a service with roles is one that nobody can call, which is safe and hardly
//! ever meant.

use super::node::Node;
use crate::document::{AuthenticationPolicy, Authorization};
use crate::finding::Report;
use crate::map::Map;

/// Warns of each such node that the document itself declares.
pub(super) fn report(nodes: &[Node], report: &mut Report) {
    let mut told = Map::new();
    for node in nodes {
        let Some(part) = node.policy.authorization.as_deref() else {
            continue;
        };
        if !asks(part) || proves(node.policy.authentication.as_deref()) {
            continue;
        }
        let at = node.pointer.as_ref().unwrap_or(&part.pointer);
        if told.insert(at.clone(), ()) {
            let message = format!(
                "nobody is asked for a token or key here, so nobody meets the `authorization` at {}",
                part.pointer
            );
            report.warning(&**at, message);
        }
    }
}

fn asks(part: &Authorization) -> bool {
    fn stated<T>(list: Option<&Vec<T>>) -> bool {
        list.is_some_and(|list| !list.is_empty())
    }
    stated(part.roles.as_ref()) || stated(part.methods.as_ref()) || stated(part.ownership.as_ref())
}

fn proves(policy: Option<&AuthenticationPolicy>) -> bool {
    let lists = policy.map(|policy| [&policy.requirement.any_of, &policy.requirement.all_of]);
    lists
        .into_iter()
        .flatten()
        .any(|names| names.iter().flatten().next().is_some())
}
