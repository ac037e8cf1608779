//! What holds for the whole document.

use super::refer::Names;
use super::walk::nodes;
use crate::document::{Document, RateLimitHeaders};
use crate::finding::{Report, Severity};
use std::ops::RangeInclusive;

/// Shared data has room for 32,768 keys, with 32 entries in each.
const MOST_ENTRIES: u32 = 32_768 * 32;

/// Versions of draft-ietf-httpapi-ratelimit-headers with the syntax that the fields have: since 08, up to the last one checked.
const DRAFTS: RangeInclusive<u32> = 8..=11;

pub(super) fn check(document: &Document, report: &mut Report) {
    let Document {
        services,
        lane_spaces,
        live_spaces,
        authentication,
        ..
    } = document;
    let required = authentication.requirement.is_some();
    if services.is_empty() && lane_spaces.is_empty() && live_spaces.is_empty() && !required {
        report.warning("", "the document governs nothing: every request passes");
    }
    own_service(document, report);
    group(document, report);
    let settings = &document.settings;
    if settings.state.entries_per_policy.get() > MOST_ENTRIES {
        let at = "/settings/state/entriesPerPolicy";
        report.error(
            at,
            format!("a table cannot have more than {MOST_ENTRIES} entries"),
        );
    }
    if settings.rate_limit_headers_on_success
        && settings.rate_limit_headers == RateLimitHeaders::None
    {
        report.warning(
            "/settings/rateLimitHeadersOnSuccess",
            "no effect: `rateLimitHeaders` is `none`",
        );
    }
    if settings.max_waiting == 0 && waits(document) {
        let message = "there is room for nobody: `maxWaitMs` has no effect";
        report.warning("/settings/maxWaiting", message);
    }
    if let Some(draft) = settings.rate_limit_draft
        && !DRAFTS.contains(&draft)
    {
        let message = "the fields are written as drafts 8 to 11 have them, which is one syntax";
        report.warning("/settings/rateLimitDraft", message);
    }
    if settings.trusted_client_headers {
        report.info(
            "/settings/trustedClientHeaders",
            "whoever can reach this proxy can pick lane, unit, group and consumer by a header",
        );
    }
}

/// Whether a limit would let requests wait.
fn waits(document: &Document) -> bool {
    nodes(document).any(|node| {
        let limits = node.policy.rate_limit_policies.iter();
        limits
            .filter(|limit| limit.meta.enabled)
            .any(|limit| limit.max_wait_ms > 0)
    })
}

/// A service that the document does not have would leave every request without a policy.
fn own_service(document: &Document, report: &mut Report) {
    let Some(own) = document
        .service
        .as_deref()
        .filter(|_| !document.services.is_empty())
    else {
        return;
    };
    let all = document.services.iter();
    let names = all.flat_map(|service| service.aliases.iter().chain([&service.name]));
    let names: Vec<&str> = names.map(String::as_str).collect();
    if !names.iter().any(|name| name.eq_ignore_ascii_case(own)) {
        Names::new("service", names).must_have(own, Severity::Error, "/service", report);
    }
}

fn group(document: &Document, report: &mut Report) {
    let Some(group) = &document.settings.group else {
        return;
    };
    let all = document.services.iter().flat_map(|service| &service.groups);
    let names: Vec<&str> = all.map(|group| group.name.as_str()).collect();
    if !names.iter().any(|name| name.eq_ignore_ascii_case(group)) {
        let names = Names::new("group", names);
        names.must_have(group, Severity::Warning, "/settings/group", report);
    }
}
