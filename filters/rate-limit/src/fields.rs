//! The rate-limit fields of replies.
//!
//! `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers has them since its version 08 (checked against
//! 10 and 11): `"name";r=5;t=3` says that 5 are left and that in 3 s there will be more. A window that is no whole number of
//! seconds has no `w`: the draft has no fractions, and a rounded one would be a lie. Of a policy with several windows the
//! one with the least left is told.
//!
//! The older `X-RateLimit-*` trio says the same of one policy; `Reset` counts seconds, as Envoy's own limiters do.

use crate::{Quota, Standing};
use engine::Changes;
use host::Nanos;
use policy_model::document::RateLimitHeaders;
use std::{fmt::Write, time::Duration};

/// The names that one set of windows goes by.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// A structured-field string for each window.
    items: Box<[String]>,
    /// The `RateLimit-Policy` list.
    policy: String,
}

/// Where a request stands with one policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'p> {
    pub(crate) labels: &'p Labels,
    pub(crate) standing: Standing,
}

/// A response header.
pub(crate) type Field = (&'static str, String);

// === impl Labels ===

impl Labels {
    pub(crate) fn new(policy: &str, quotas: &[Quota]) -> Self {
        let item = |quota: &Quota| match quotas {
            [_] => string_item(policy),
            _ => string_item(&format!("{policy}/{}", span_text(quota.span()))),
        };
        let items: Box<[_]> = quotas.iter().map(item).collect();
        let policies = items
            .iter()
            .zip(quotas)
            .map(|(item, quota)| policy_item(item, quota));
        Self {
            policy: policies.collect::<Vec<_>>().join(", "),
            items,
        }
    }
}

/// Has the response tell how a request stands with these policies, beside what the limits of another phase tell.
pub(crate) fn tell(changes: &mut Changes, style: RateLimitHeaders, told: &[Told<'_>], now: Nanos) {
    let is_list = style == RateLimitHeaders::Ietf;
    if !is_list && early_is_tighter(changes, told) {
        return;
    }
    for (name, value) in fields(style, told, now) {
        let value = match changes.response(name) {
            Some(early) if is_list => [early, b", ", value.as_bytes()].concat(),
            _ => value.into_bytes(),
        };
        changes.set_response(name, value);
    }
}

fn early_is_tighter(changes: &Changes, told: &[Told<'_>]) -> bool {
    let early = changes.response("x-ratelimit-remaining");
    let early = early.and_then(|value| std::str::from_utf8(value).ok()?.parse::<u32>().ok());
    let tightest = told.iter().map(|told| told.standing.remaining).min();
    early
        .zip(tightest)
        .is_some_and(|(early, late)| early <= late)
}

/// The fields that tell how a request stands with these policies.
pub(crate) fn fields(style: RateLimitHeaders, told: &[Told<'_>], now: Nanos) -> Vec<Field> {
    match style {
        RateLimitHeaders::None => Vec::new(),
        _ if told.is_empty() => Vec::new(),
        RateLimitHeaders::Ietf => vec![
            (
                "ratelimit",
                joined(told.iter().map(|told| limit_item(told, now))),
            ),
            (
                "ratelimit-policy",
                joined(told.iter().map(|told| told.labels.policy.clone())),
            ),
        ],
        RateLimitHeaders::XRateLimit => {
            let tightest = told
                .iter()
                .map(|told| told.standing)
                .min_by_key(|it| it.remaining);
            tightest.map_or_else(Vec::new, |standing| trio(standing, now))
        }
    }
}

/// Whole seconds from `now` on, rounded up: a moment too early would be a broken promise.
pub(crate) fn seconds_until(at: Nanos, now: Nanos) -> u64 {
    let span = at.since(now);
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// The same for what is only told: less than a microsecond is the [log's](crate::strict_window) rounding, and a window of
/// 60 s should not read as 61.
fn told_seconds(at: Nanos, now: Nanos) -> u64 {
    let span = at.since(now);
    span.as_secs() + u64::from(span.subsec_micros() > 0)
}

fn trio(standing: Standing, now: Nanos) -> Vec<Field> {
    vec![
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining.to_string()),
        (
            "x-ratelimit-reset",
            told_seconds(standing.full_at, now).to_string(),
        ),
    ]
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items
        .reduce(|list, item| list + ", " + &item)
        .unwrap_or_default()
}

fn limit_item(told: &Told<'_>, now: Nanos) -> String {
    let standing = told.standing;
    let name = told
        .labels
        .items
        .get(standing.window)
        .map_or("\"\"", String::as_str);
    let mut item = format!("{name};r={}", standing.remaining);
    if let Some(more_at) = standing.more_at {
        // Writing to a string does not fail.
        let _ = write!(item, ";t={}", told_seconds(more_at, now));
    }
    item
}

fn policy_item(name: &str, quota: &Quota) -> String {
    let mut item = format!("{name};q={}", quota.threshold());
    if quota.span().subsec_nanos() == 0 {
        let _ = write!(item, ";w={}", quota.span().as_secs());
    }
    item
}

fn span_text(span: Duration) -> String {
    match span.subsec_millis() {
        0 => format!("{}s", span.as_secs()),
        _ => format!("{}ms", span.as_millis()),
    }
}

/// A structured-field string (RFC 9651, section 3.3.3). It holds only printable ASCII; other letters are percent-encoded.
fn string_item(text: &str) -> String {
    let mut item = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => item.extend(['\\', char::from(byte)]),
            b' '..=b'~' if byte != b'%' => item.push(char::from(byte)),
            _ => {
                let _ = write!(item, "%{byte:02X}");
            }
        }
    }
    item.push('"');
    item
}

#[cfg(test)]
mod tests;
