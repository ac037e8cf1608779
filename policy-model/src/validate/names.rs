//! Names of methods and policies. A policy's state is found by its name, so one name for two would be one state.

use super::refer::once;
use super::walk::metas;
use crate::document::{PolicyMeta, Service, ServicePath, ServicePolicy, ServiceType};
use crate::finding::{Report, Severity};

pub(super) fn check(service: &Service, report: &mut Report) {
    for group in &service.groups {
        policies(&group.service_policy, report);
        for path in &group.paths {
            policies(&path.service_policy, report);
            methods(path, service.service_type, report);
        }
    }
}

fn methods(path: &ServicePath, service_type: ServiceType, report: &mut Report) {
    let http = service_type == ServiceType::Http;
    let spelled = |name: &str| {
        if http {
            name.to_ascii_uppercase()
        } else {
            name.to_owned()
        }
    };
    let named = path
        .methods
        .iter()
        .map(|method| (spelled(&method.name), &*method.pointer));
    once("method", Severity::Error, named, report);
    for method in &path.methods {
        if method.name.is_empty() {
            report.error(
                &*method.pointer,
                "`name` is missing: no request has this method",
            );
        }
        policies(&method.service_policy, report);
    }
}

fn policies(policy: &ServicePolicy, report: &mut Report) {
    for (_, metas) in metas(policy) {
        let named = metas
            .iter()
            .map(|meta| (meta.name.as_str(), &*meta.pointer));
        once("policy", Severity::Error, named, report);
        removals(&metas, report);
    }
}

/// A list with a policy of its own replaces what is inherited, so there is nothing left to remove from.
fn removals(metas: &[&PolicyMeta], report: &mut Report) {
    if metas.iter().all(|meta| meta.removal) {
        return;
    }
    for meta in metas.iter().filter(|meta| meta.removal) {
        report.warning(
            &*meta.pointer,
            format!(
                "`{}` is not removed: this list replaces the inherited one anyway",
                meta.name
            ),
        );
    }
}
