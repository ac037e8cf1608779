//! Paths: patterns that are none, and patterns that say the same twice.

use crate::document::{PathMatchType, Service, ServiceGroup, ServicePath, ServiceType};
use crate::finding::{Report, Severity};
use crate::map::Map;
use crate::pattern::PathPattern;

pub(super) fn check(service: &Service, report: &mut Report) {
    for group in &service.groups {
        let mut first: Map<_, &ServicePath> = Map::new();
        let mut patterns = Vec::with_capacity(group.paths.len());
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
            patterns.push((pattern.match_type(), path));
        }
        never_reached(&patterns, report);
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

/// A REGULAR path is asked only where no PREFIX matches: below one it never applies. Found where the expression begins with
/// plain text.
fn never_reached(patterns: &[(PathMatchType, &ServicePath)], report: &mut Report) {
    let of = |wanted| patterns.iter().filter(move |(kind, _)| *kind == wanted);
    for (_, regular) in of(PathMatchType::Regular) {
        let plain = plain_start(&regular.path);
        let mut prefixes = of(PathMatchType::Prefix).map(|(_, prefix)| *prefix);
        if let Some(prefix) = prefixes.find(|prefix| is_below(plain, &prefix.path)) {
            let message = format!(
                "never applies: PREFIX comes before REGULAR, and all that it matches is below `{}` at {}",
                prefix.path, prefix.pointer
            );
            report.error(format!("{}/path", regular.pointer), message);
        }
    }
}

/// The text that everything an expression matches begins with; empty where that is not plain to see.
fn plain_start(expression: &str) -> &str {
    if expression.contains('|') {
        return "";
    }
    let end = expression.find(|c: char| r"\.+*?()[]{}^$".contains(c));
    let (plain, rest) = expression.split_at(end.unwrap_or(expression.len()));
    // The last character may be repeated not at all.
    match rest.chars().next() {
        Some('*' | '?' | '{') => plain
            .char_indices()
            .next_back()
            .map_or("", |(at, _)| plain.get(..at).unwrap_or_default()),
        _ => plain,
    }
}

fn is_below(plain: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    let is_literal = !prefix.contains(['{', '*']);
    is_literal
        && plain
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('/'))
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
