//! Paths: patterns that are none, and patterns that say the same twice.

use crate::document::{PathMatchType, Service, ServiceGroup, ServicePath, ServiceType};
use crate::finding::{Report, Severity};
use crate::pattern::PathPattern;
use std::collections::BTreeMap;

pub(super) fn check(service: &Service, report: &mut Report) {
    for group in &service.groups {
        let mut first: BTreeMap<_, &ServicePath> = BTreeMap::new();
        for path in &group.paths {
            let Some(pattern) = pattern(service, path, report) else {
                continue;
            };
            let shape = (pattern.match_type(), pattern.shape());
            if let Some(before) = first.get(&shape) {
                twice(path, before, report);
            } else {
                first.insert(shape, path);
            }
        }
        fallen_back(group, service.service_type, report);
    }
}

fn pattern(service: &Service, path: &ServicePath, report: &mut Report) -> Option<PathPattern> {
    match PathPattern::new(&path.path, path.match_type, service.service_type) {
        Ok(pattern) => Some(pattern),
        Err(reason) => {
            report.error(format!("{}/path", path.pointer), reason.to_string());
            None
        }
    }
}

fn twice(path: &ServicePath, before: &ServicePath, report: &mut Report) {
    let message = if path.path == before.path {
        format!("`{}` is already at {}", path.path, before.pointer)
    } else {
        format!(
            "`{}` matches the same as `{}` at {}",
            path.path, before.path, before.pointer
        )
    };
    report.error(format!("{}/path", path.pointer), message);
}

/// The sample files and the requirement mean `/echo` where they say EQUAL, while JoyLive itself governs all below it.
fn fallen_back(group: &ServiceGroup, service_type: ServiceType, report: &mut Report) {
    if service_type != ServiceType::Http {
        return;
    }
    for path in &group.paths {
        if path.match_type == Some(PathMatchType::Equal) && path.path == "/" {
            report.add(
                Severity::Warning,
                format!("{}/matchType", path.pointer),
                "EQUAL: governs the path `/` alone, not every path",
                Some("PREFIX governs all".to_owned()),
            );
        }
    }
}
