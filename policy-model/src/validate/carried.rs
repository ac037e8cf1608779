//! What is read and understood but not carried out, in one honest table: a line goes when its work is done.
//!
//! A part that protects is an error, since the document would protect less than it says, unless JoyLive's own sample
//! files have it: those load, and the warning says what does not happen.

mod said;

use super::walk::nodes;
use crate::document::{CircuitBreakPolicy, Document, RateLimitPolicy, Service, ServicePolicy};
use crate::finding::{Report, Severity};

/// Something that a document may say and that does not happen.
struct Gap<T: 'static> {
    severity: Severity,
    /// JSON pointers of where it is said.
    said: fn(&T) -> Vec<String>,
    /// What does not happen, and what to do meanwhile.
    message: &'static str,
}

const DOCUMENT: &[Gap<Document>] = &[
    warning(said::live_spaces, "units and cells are not carried out yet"),
    warning(said::settings, "has no effect yet"),
];

const SERVICE: &[Gap<Service>] = &[warning(
    said::endpoints,
    "the inventory of instances is not used yet",
)];

const POLICY: &[Gap<ServicePolicy>] = &[
    warning(said::live, "units and cells are not carried out yet"),
    warning(
        said::cluster,
        "failed calls are not tried again: use the route's `retry_policy`",
    ),
    warning(
        said::balance,
        "the cluster's `lb_policy` decides among instances",
    ),
    warning(
        said::health,
        "the cluster's `healthy_panic_threshold` decides when sick instances are used",
    ),
    warning(
        said::load,
        "nothing tells a filter the load: use Envoy's overload manager",
    ),
    warning(said::fault, "faults are not injected yet"),
    error(
        said::lane_shadow,
        "lanes are always carried out: there is no shadow mode for them",
    ),
];

const RATE: &[Gap<RateLimitPolicy>] = &[
    warning(
        said::redis,
        "counted by each Envoy for itself, in a strict window, not in Redis",
    ),
    error(
        said::algorithm,
        "no token server is asked: use Resilience4j or TokenBucket",
    ),
];

const BREAKER: &[Gap<CircuitBreakPolicy>] = &[
    warning(
        said::instance,
        "`level` is INSTANCE (so it is if not stated), which is not watched yet: nothing will trip; \
         write `\"level\": \"SERVICE\"`, or use `outlier_detection` for single instances",
    ),
    warning(said::api, "single paths and methods are not watched yet"),
    warning(
        said::code_policy,
        "bodies are not read yet: `errorCodes` are statuses",
    ),
    warning(said::exceptions, "a proxy sees no exceptions"),
    error(said::messages, "bodies and messages are not read yet"),
    error(
        said::recovery,
        "not carried out yet: traffic comes back at once",
    ),
];

pub(super) fn check(document: &Document, report: &mut Report) {
    say(DOCUMENT, document, report);
    for service in &document.services {
        say(SERVICE, service, report);
    }
    for node in nodes(document) {
        say(POLICY, node.policy, report);
        let ServicePolicy {
            rate_limit_policies,
            circuit_break_policies,
            ..
        } = node.policy;
        for limit in rate_limit_policies
            .iter()
            .filter(|limit| limit.meta.enabled)
        {
            say(RATE, limit, report);
        }
        for breaker in circuit_break_policies
            .iter()
            .filter(|breaker| breaker.meta.enabled)
        {
            say(BREAKER, breaker, report);
        }
    }
}

fn say<T>(gaps: &[Gap<T>], about: &T, report: &mut Report) {
    for gap in gaps {
        for pointer in (gap.said)(about) {
            report.add(gap.severity, pointer, gap.message, None);
        }
    }
}

const fn error<T>(said: fn(&T) -> Vec<String>, message: &'static str) -> Gap<T> {
    Gap {
        severity: Severity::Error,
        said,
        message,
    }
}

const fn warning<T>(said: fn(&T) -> Vec<String>, message: &'static str) -> Gap<T> {
    Gap {
        severity: Severity::Warning,
        said,
        message,
    }
}
