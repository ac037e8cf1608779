//! Limits: thresholds that can never be reached or never be met, keys that name nothing.

use crate::condition::{InvalidSource, Source, System};
use crate::document::{
    ConcurrencyLimitPolicy, ConditionKind, Cost, KeyPart, LimitAlgorithm, Phase, RateLimitPolicy,
    ServicePolicy, SlidingWindow,
};
use crate::finding::{Report, Severity};
use crate::json;
use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive};

/// Longer windows do not fit into the nanoseconds that state is kept in, and no proxy lives as long.
const LONGEST_WINDOW_MS: u64 = 100 * 366 * 24 * 3_600_000;

/// As long as the longest window.
const MOST_SECONDS: f64 = 100.0 * 366.0 * 24.0 * 3600.0;

/// Nobody has as many requests wait in one Envoy.
const MOST_WAITING: f64 = 1_000_000.0;

/// A request that waits longer has been given up by its client.
const LONGEST_WAIT_MS: u64 = 30_000;

pub(super) fn check(policy: &ServicePolicy, report: &mut Report) {
    for limit in policy
        .rate_limit_policies
        .iter()
        .filter(|limit| limit.meta.enabled)
    {
        rate(limit, report);
    }
    for limit in policy
        .concurrency_limit_policies
        .iter()
        .filter(|limit| limit.meta.enabled)
    {
        concurrency(limit, report);
    }
}

const CONSUMER: Result<Source, InvalidSource> = Ok(Source::System(System::Consumer));

fn rate(limit: &RateLimitPolicy, report: &mut Report) {
    let at = &*limit.meta.pointer;
    if limit.sliding_windows.is_empty() {
        report.error(
            at,
            "`slidingWindows` is missing or empty: the policy limits nothing",
        );
    }
    windows(
        &format!("{at}/slidingWindows"),
        &limit.sliding_windows,
        report,
    );
    if matches!(
        limit.algorithm,
        LimitAlgorithm::StrictWindow | LimitAlgorithm::Redis
    ) {
        stricter(
            &format!("{at}/slidingWindows"),
            &limit.sliding_windows,
            report,
        );
    }
    for (index, over) in limit.overrides.iter().enumerate() {
        let at = format!("{at}/overrides/{index}/slidingWindows");
        windows(&at, &over.sliding_windows, report);
    }
    wait(at, limit.max_wait_ms, report);
    parameters(at, limit.algorithm, &limit.parameters, report);
    key(at, &limit.key, report);
    if limit.phase == Phase::Early {
        unknown_yet(limit, report);
    }
    made_up(limit, report);
    if let Cost::Stated { kind, key, .. } = &limit.cost
        && let Err(reason) = Source::new(*kind, key)
    {
        report.error(format!("{at}/cost"), reason.to_string());
    }
    if limit.key.is_empty() && !limit.overrides.is_empty() {
        report.error(
            format!("{at}/overrides"),
            "there is no `key` that overrides could match",
        );
    }
}

/// An override is for a value of any part, also of one that a client makes up.
fn made_up(limit: &RateLimitPolicy, report: &mut Report) {
    let of = |kinds: &[ConditionKind]| limit.key.iter().find(|part| kinds.contains(&part.kind));
    let proven = of(&[
        ConditionKind::Claim,
        ConditionKind::ApiKey,
        ConditionKind::Ip,
        ConditionKind::System,
    ]);
    let chosen = of(&[
        ConditionKind::Header,
        ConditionKind::Query,
        ConditionKind::Cookie,
        ConditionKind::PathVariable,
    ]);
    if let (false, Some(proven), Some(chosen)) = (limit.overrides.is_empty(), proven, chosen) {
        let (proven, chosen) = (proven.kind, chosen.kind);
        let message = format!(
            "an override meant for one `{proven}` is also that of every client that sends the same value as its `{chosen}`"
        );
        let at = format!("{}/overrides", limit.meta.pointer);
        report.warning(at, message);
    }
}

/// An early limit counts before anybody is known: everybody would be the one without a key.
fn unknown_yet(limit: &RateLimitPolicy, report: &mut Report) {
    let at = &*limit.meta.pointer;
    let parts = limit.key.iter().enumerate();
    let parts = parts.map(|(index, part)| (part.kind, &part.key, format!("{at}/key/{index}")));
    let conditions = limit.conditions.list.iter();
    let conditions = conditions.map(|it| (it.kind, &it.key, it.pointer.to_string()));
    let cost = match &limit.cost {
        Cost::Stated { kind, key, .. } => Some((*kind, key, format!("{at}/cost"))),
        Cost::Fixed(_) => None,
    };
    for (kind, key, pointer) in parts.chain(conditions).chain(cost) {
        let unknown: &dyn Display = match kind {
            ConditionKind::Claim | ConditionKind::ApiKey => &kind,
            // Where its header is trusted it can be counted by that.
            ConditionKind::System if Source::new(kind, key) == CONSUMER => &"consumer",
            _ => continue,
        };
        let message =
            format!("an early limit comes before authentication: no `{unknown}` is known yet");
        let suggestion = "count by `ip` or `header`, or leave `phase` out";
        report.add(
            Severity::Error,
            pointer,
            message,
            Some(suggestion.to_owned()),
        );
    }
}

fn concurrency(limit: &ConcurrencyLimitPolicy, report: &mut Report) {
    let at = &*limit.meta.pointer;
    wait(at, limit.max_wait_ms, report);
    parameters(at, limit.algorithm, &limit.parameters, report);
    key(at, &limit.key, report);
}

fn windows(at: &str, windows: &[SlidingWindow], report: &mut Report) {
    if windows.len() > RateLimitPolicy::MAX_WINDOWS {
        let message = format!(
            "more than {} windows in one policy",
            RateLimitPolicy::MAX_WINDOWS
        );
        report.error(at, message);
    }
    for (index, window) in windows.iter().enumerate() {
        let at = format!("{at}/{index}");
        if window.time_window_ms.get() > LONGEST_WINDOW_MS {
            report.error(
                format!("{at}/timeWindowInMs"),
                "longer than a hundred years",
            );
        }
    }
}

/// Windows that another one makes idle. Not so for those that let bursts through beyond their windows.
fn stricter(at: &str, windows: &[SlidingWindow], report: &mut Report) {
    for (index, window) in windows.iter().enumerate() {
        let mut others = windows.iter().filter(|other| *other != window);
        if let Some(other) = others.find(|other| other.implies(window)) {
            let SlidingWindow {
                threshold,
                time_window_ms,
            } = other;
            let message = format!("never reached: {threshold} in {time_window_ms} ms is stricter");
            report.info(format!("{at}/{index}"), message);
        }
    }
}

// === impl SlidingWindow ===

impl SlidingWindow {
    /// Whether a limit that keeps this one keeps the other too: as many of these as it takes to cover the other one
    /// never hold more than it allows.
    fn implies(&self, other: &Self) -> bool {
        let cover = other
            .time_window_ms
            .get()
            .div_ceil(self.time_window_ms.get());
        let most = u128::from(self.threshold.get()) * u128::from(cover);
        most <= u128::from(other.threshold.get())
    }
}

fn wait(at: &str, max_wait_ms: u64, report: &mut Report) {
    if max_wait_ms > LONGEST_WAIT_MS {
        let message = format!("no request waits longer than {LONGEST_WAIT_MS} ms");
        report.warning(format!("{at}/maxWaitMs"), message);
    }
}

/// A parameter: its name, between what it must be, and how that is said.
type Parameter = (&'static str, RangeInclusive<f64>, &'static str);

fn known_parameters(algorithm: LimitAlgorithm) -> &'static [Parameter] {
    const SECONDS: RangeInclusive<f64> = f64::MIN_POSITIVE..=MOST_SECONDS;
    const ABOVE_0: &str = "above 0, and less than a hundred years";
    match algorithm {
        LimitAlgorithm::TokenBucket => &[("maxBurstSeconds", SECONDS, ABOVE_0)],
        LimitAlgorithm::LeakyBucket => &[("capacity", 0.0..=MOST_WAITING, "from 0 to 1000000")],
        LimitAlgorithm::SmoothWarmup => &[
            ("warmupSeconds", SECONDS, ABOVE_0),
            // A rate that is faster when cold protects nothing; one of a thousandth lets nobody through for long.
            ("coldFactor", 1.0..=1000.0, "from 1 to 1000"),
        ],
        _ => &[],
    }
}

fn parameters(
    at: &str,
    algorithm: LimitAlgorithm,
    parameters: &BTreeMap<String, String>,
    report: &mut Report,
) {
    let known = known_parameters(algorithm);
    for (name, value) in parameters {
        let pointer = format!("{at}/parameters/{name}");
        let Some((_, range, bounds)) = known.iter().find(|(known, ..)| known == name) else {
            let message = format!("`{name}` has no effect on a limit of type {algorithm}");
            report.warning(pointer, message);
            continue;
        };
        if !json::number(value).is_some_and(|number| range.contains(&number)) {
            report.error(pointer, format!("`{name}` must be a number {bounds}"));
        }
    }
}

fn key(at: &str, key: &[KeyPart], report: &mut Report) {
    for (index, part) in key.iter().enumerate() {
        let at = format!("{at}/key/{index}");
        if let Err(reason) = Source::new(part.kind, &part.key) {
            report.error(&*at, reason.to_string());
        }
        if key
            .iter()
            .take(index)
            .any(|other| other.kind == part.kind && other.key == part.key)
        {
            report.warning(at, "the same part twice");
        }
    }
}
