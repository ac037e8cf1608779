//! Roles: permissions that nobody can have, and roles that mean nothing. Ownership of what no path has.

use super::refer::{Names, once};
use super::walk::nodes;
use crate::document::{
    Authorization, Document, PathMatchType, Permission, Service, ServicePath, ServicePolicy,
    ServiceType,
};
use crate::finding::{Report, Severity};
use crate::model::default_group;
use crate::pattern::PathPattern;

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
    for service in &document.services {
        ownerless(service, report);
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

/// Rules about variables that are in none of the paths where they hold: they would protect nothing.
fn ownerless(service: &Service, report: &mut Report) {
    let paths = || service.groups.iter().flat_map(|group| &group.paths);
    let everywhere: Vec<String> = paths().flat_map(|path| variables(service, path)).collect();
    for group in &service.groups {
        lost(
            &group.service_policy,
            &everywhere,
            "no path here has a",
            report,
        );
    }
    renamed(service, report);
    for path in paths() {
        let own = variables(service, path);
        let methods = path.methods.iter().map(|method| &method.service_policy);
        for policy in std::iter::once(&path.service_policy).chain(methods) {
            lost(policy, &own, "the path has no", report);
        }
    }
}

/// A path of another group inherits what the same path of the default group says, whatever either calls its variables. A rule
/// about a variable that it calls otherwise would protect nothing there.
fn renamed(service: &Service, report: &mut Report) {
    let Some(default) = default_group(&service.groups) else {
        return;
    };
    let others = service.groups.iter().enumerate();
    for (_, group) in others.filter(|(index, _)| *index != default) {
        for path in &group.paths {
            let above = service.groups.get(default).into_iter();
            let same = above.flat_map(|group| &group.paths);
            let same = same.filter(|other| shape(service, other) == shape(service, path));
            same.for_each(|above| inherits(service, path, above, report));
        }
    }
}

fn inherits(service: &Service, path: &ServicePath, above: &ServicePath, report: &mut Report) {
    let own = variables(service, path);
    let methods = above.methods.iter().map(|method| &method.service_policy);
    let policies = std::iter::once(&above.service_policy).chain(methods);
    let parts = policies.filter_map(|policy| policy.authorization.as_ref());
    for part in parts {
        for (index, rule) in part.ownership.iter().flatten().enumerate() {
            let name = &rule.path_variable;
            if name.is_empty() || own.contains(name) {
                continue;
            }
            let stated = format!("{}/ownership/{index}", part.pointer);
            let message = format!(
                "the path inherits `{stated}`, which is about a variable `{{{name}}}`: call its own variable so too"
            );
            report.error(format!("{}/path", path.pointer), message);
        }
    }
}

/// What makes two paths the same: how they match, and all but the names of their variables.
fn shape(service: &Service, path: &ServicePath) -> Option<(PathMatchType, String)> {
    let pattern = PathPattern::new(&path.path, path.match_type, service.service_type).ok()?;
    Some((pattern.match_type(), pattern.shape()))
}

fn lost(policy: &ServicePolicy, variables: &[String], whose: &str, report: &mut Report) {
    let Some(part) = &policy.authorization else {
        return;
    };
    for (index, rule) in part.ownership.iter().flatten().enumerate() {
        if rule.path_variable.is_empty() || variables.contains(&rule.path_variable) {
            continue;
        }
        let message = format!("{whose} variable `{{{}}}`", rule.path_variable);
        report.error(
            format!("{}/ownership/{index}/pathVariable", part.pointer),
            message,
        );
    }
}

/// The variables of a path. Those of an interface's name are none that a caller could own.
pub(super) fn variables(service: &Service, path: &ServicePath) -> Vec<String> {
    if service.service_type != ServiceType::Http {
        return Vec::new();
    }
    let pattern = PathPattern::new(&path.path, path.match_type, service.service_type);
    let names = pattern.iter().flat_map(PathPattern::variable_names);
    names.map(str::to_owned).collect()
}
