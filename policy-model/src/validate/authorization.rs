//! Roles: permissions that nobody can have, and roles that mean nothing.

use super::refer::{Names, once};
use super::walk::nodes;
use crate::document::{Authorization, Document, Permission};
use crate::finding::{Report, Severity};

pub(super) fn check(document: &Document, report: &mut Report) {
    let parts = nodes(document).filter_map(|node| node.policy.authorization.as_ref());
    let parts: Vec<&Authorization> = parts.collect();
    // Inherited field by field: what one node asks for another one may grant.
    let roles = parts
        .iter()
        .filter_map(|part| part.roles.as_ref())
        .flatten();
    for part in &parts {
        let permissions = roles.clone().flat_map(|role| &role.permissions);
        unattainable(part, &permissions.copied().collect::<Vec<_>>(), report);
        let methods = part.methods.iter().flatten();
        let named = methods.map(|method| (method.method.to_ascii_uppercase(), &*part.pointer));
        once("method", Severity::Error, named, report);
    }
    let Some(keys) = &document.authentication.api_keys else {
        return;
    };
    let names = Names::new("role", roles.map(|role| role.name.as_str()));
    for client in &keys.clients {
        for (index, role) in client.roles.iter().enumerate() {
            let at = format!("{}/roles/{index}", client.pointer);
            names.must_have(role, Severity::Warning, at, report);
        }
    }
}

fn unattainable(part: &Authorization, granted: &[Permission], report: &mut Report) {
    for method in part.methods.iter().flatten() {
        let can = granted.contains(&method.permission) || granted.contains(&Permission::Admin);
        if !can {
            let message = format!(
                "no role has {}: nobody can call {}",
                method.permission, method.method
            );
            report.warning(
                format!("{}/methods/{}", part.pointer, method.method),
                message,
            );
        }
    }
}
