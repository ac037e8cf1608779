//! Nodes of which nothing says whether a caller must prove who he is, in a document that could ask him.
//!
//! Where one path asks for a token, what lies beside it looks as guarded and is open. A default requirement settles it, and
//! one that asks nobody says that it is meant.

use super::node::Node;
use crate::document::{ApiKeys, Document, Requirement};
use crate::finding::{Report, Severity};

/// Warns once of all such nodes. Services that ask applications who they are ([`authorized`](crate::document::Service)) are
/// not among them.
pub(super) fn report(document: &Document, nodes: &[Node], report: &mut Report) {
    let stated = &document.authentication;
    let providers = stated.providers.iter().map(|provider| &*provider.name);
    let keys = stated.api_keys.iter().map(|_| ApiKeys::NAME);
    let Some(name) = providers.chain(keys).next() else {
        return;
    };
    if decides(stated.requirement.as_ref()) {
        return;
    }
    let mut open = nodes.iter().filter(|node| is_open(document, node));
    let Some(first) = open.next() else {
        return;
    };
    let message = format!(
        "no default requirement: nobody is asked for a token or key at {} of {} nodes, such as {}",
        open.count() + 1,
        nodes.len(),
        first.address
    );
    let meant = format!(
        "write `\"requirement\": {{\"anyOf\": [\"{name}\"]}}` here, or `{{\"anyOf\": []}}` if it is meant"
    );
    report.add(Severity::Warning, "/authentication", message, Some(meant));
}

fn is_open(document: &Document, node: &Node) -> bool {
    let service = document.services.get(node.service.index());
    let asks_applications = service.is_some_and(|service| service.authorized == Some(true));
    let policy = node.policy.authentication.as_deref();
    !asks_applications && !decides(policy.map(|policy| &policy.requirement))
}

/// Whether it says who must vouch, be it nobody.
fn decides(requirement: Option<&Requirement>) -> bool {
    requirement.is_some_and(|stated| stated.any_of.is_some() || stated.all_of.is_some())
}
