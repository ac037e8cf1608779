//! Services and groups: every request must find one of each, and only one.

use super::refer::once;
use crate::document::{Document, Service, Settings};
use crate::finding::{Report, Severity};
use crate::map::Map;
use crate::target::normal_host;

pub(super) fn check(document: &Document, report: &mut Report) {
    names(document, report);
    for service in &document.services {
        if service.name.is_empty() {
            report.error(
                &*service.pointer,
                "`name` is missing: no request can be for this service",
            );
        }
        if service.groups.is_empty() {
            report.info(&*service.pointer, "no groups: the service has no policies");
        }
        groups(service, &document.settings, report);
        let endpoints = service
            .endpoints
            .iter()
            .map(|e| (e.address.as_str(), &*e.pointer));
        once("endpoint", Severity::Warning, endpoints, report);
    }
}

/// Names and aliases are one space, and they are compared as hosts: neither case nor port nor a dot at the end matters.
fn names(document: &Document, report: &mut Report) {
    let mut owners: Map<Vec<u8>, &Service> = Map::new();
    for service in &document.services {
        for (name, pointer) in names_of(service) {
            let host = normal_host(name.as_bytes()).into_owned();
            let owner = owners.or_insert_with(host, || service);
            if !std::ptr::eq(*owner, service) {
                let message = format!(
                    "`{name}` is already a name of the service at {}",
                    owner.pointer
                );
                report.error(pointer, message);
            }
        }
    }
}

fn names_of(service: &Service) -> impl Iterator<Item = (&str, String)> {
    let own = (service.name.as_str(), format!("{}/name", service.pointer));
    let aliases = service.aliases.iter().enumerate().map(|(index, alias)| {
        (
            alias.as_str(),
            format!("{}/aliases/{index}", service.pointer),
        )
    });
    std::iter::once(own)
        .chain(aliases)
        .filter(|(name, _)| !name.is_empty())
}

fn groups(service: &Service, settings: &Settings, report: &mut Report) {
    let named = service
        .groups
        .iter()
        .map(|group| (group.name.to_ascii_lowercase(), &*group.pointer));
    once("group", Severity::Error, named, report);
    for group in service
        .groups
        .iter()
        .filter(|g| g.name.is_empty() && !g.default_group)
    {
        report.error(
            &*group.pointer,
            "`name` is missing: no request can be for this group",
        );
    }
    let mut flagged = service.groups.iter().filter(|group| group.default_group);
    match (flagged.next(), flagged.next_back()) {
        (Some(first), Some(last)) => report.warning(
            format!("{}/defaultGroup", first.pointer),
            format!(
                "several groups are the default one: the last counts, {}",
                last.pointer
            ),
        ),
        (None, _) => no_default(service, settings, report),
        _ => {}
    }
}

/// Where no request may name a group either, the policies of all groups are for nobody.
fn no_default(service: &Service, settings: &Settings, report: &mut Report) {
    let named = |name: &str| name.eq_ignore_ascii_case("default");
    if service.groups.is_empty() || service.groups.iter().any(|group| named(&group.name)) {
        return;
    }
    let (severity, message) = if settings.trusted_client_headers || settings.group.is_some() {
        (
            Severity::Warning,
            "no default group: requests that name no group have no policies",
        )
    } else {
        (
            Severity::Error,
            "no default group, and no request may name a group: the policies never hold",
        )
    };
    let meant = Some("set `defaultGroup` on one".to_owned());
    report.add(severity, &*service.pointer, message, meant);
}
