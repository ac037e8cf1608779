//! Limits by variables of paths: one that no path here has tells nobody apart.

use super::authorization::variables;
use crate::document::{ConditionKind, KeyPart, MissingKey, PolicyMeta, Service, ServicePolicy};
use crate::finding::{Report, Severity};

pub(super) fn check(service: &Service, report: &mut Report) {
    let paths = || service.groups.iter().flat_map(|group| &group.paths);
    let everywhere: Vec<String> = paths().flat_map(|path| variables(service, path)).collect();
    for group in &service.groups {
        keys(&group.service_policy, &everywhere, report);
    }
    for path in paths() {
        let own = variables(service, path);
        let methods = path.methods.iter().map(|method| &method.service_policy);
        for policy in std::iter::once(&path.service_policy).chain(methods) {
            keys(policy, &own, report);
        }
    }
}

fn keys(policy: &ServicePolicy, variables: &[String], report: &mut Report) {
    for limit in &policy.rate_limit_policies {
        key(
            &limit.meta,
            &limit.key,
            limit.missing_key,
            variables,
            report,
        );
    }
    for limit in &policy.concurrency_limit_policies {
        key(
            &limit.meta,
            &limit.key,
            limit.missing_key,
            variables,
            report,
        );
    }
}

fn key(
    meta: &PolicyMeta,
    key: &[KeyPart],
    missing: MissingKey,
    variables: &[String],
    report: &mut Report,
) {
    let (severity, so) = match missing {
        MissingKey::Skip => (Severity::Error, "nothing is limited"),
        MissingKey::Own => (Severity::Warning, "requests are not told apart by it"),
        MissingKey::Refuse => (Severity::Warning, "every request is refused"),
    };
    for (index, part) in key.iter().enumerate() {
        let is_lost = part.kind == ConditionKind::PathVariable && !variables.contains(&part.key);
        if meta.enabled && is_lost {
            let message = format!("no path here has a variable `{{{}}}`: {so}", part.key);
            report.add(
                severity,
                format!("{}/key/{index}", meta.pointer),
                message,
                None,
            );
        }
    }
}
