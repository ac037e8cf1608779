//! Paths: patterns that are none, and patterns that say the same twice.

use crate::document::{PathMatchType, Service, ServiceGroup, ServicePath, ServiceType};
use crate::finding::{Report, Severity};
use crate::pattern::PathPattern;
use std::collections::BTreeMap;

pub(super) fn check(service: &Service, report: &mut Report) {
    for group in &service.groups {
        let mut first: BTreeMap<_, &ServicePath> = BTreeMap::new();
        for path in &group.paths {
            pattern(service, path, report);
            let shape = shape(path, service.service_type);
            if let Some(before) = first.get(&shape) {
                twice(path, before, report);
            } else {
                first.insert(shape, path);
            }
        }
        fallen_back(group, service.service_type, report);
    }
}

fn pattern(service: &Service, path: &ServicePath, report: &mut Report) {
    if let Err(reason) = PathPattern::new(&path.path, path.match_type, service.service_type) {
        report.error(format!("{}/path", path.pointer), reason.to_string());
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

/// What two patterns have in common that match the same: how they match, and their segments without the names of
/// variables. Empty segments do not count, so `/a` and `/a/` are the same.
fn shape(path: &ServicePath, service_type: ServiceType) -> (PathMatchType, Vec<&str>) {
    let http = service_type == ServiceType::Http;
    let usual = if http {
        PathMatchType::Prefix
    } else {
        PathMatchType::Equal
    };
    let match_type = path.match_type.unwrap_or(usual);
    if match_type == PathMatchType::Regular {
        return (match_type, vec![&path.path]);
    }
    let segments = path.path.split(if http { '/' } else { '.' });
    let filled = segments.filter(|segment| !segment.is_empty());
    let nameless = |segment| if is_variable(segment) { "{}" } else { segment };
    (match_type, filled.map(nameless).collect())
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
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
