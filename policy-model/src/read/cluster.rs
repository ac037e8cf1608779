//! Reads what happens to failed calls, and how an instance is picked.

use super::breaker::error_parser;
use super::object::Obj;
use crate::document::{ClusterPolicy, HealthPolicy, LoadBalancePolicy, RetryPolicy};
use std::num::NonZeroU32;

pub(super) fn cluster(o: &mut Obj) -> ClusterPolicy {
    ClusterPolicy {
        id: o.whole("id"),
        cluster_type: o.word_or_blank("type"),
        retry_policy: o.object("retryPolicy", retry),
        pointer: o.pointer(),
    }
}

fn retry(o: &mut Obj) -> RetryPolicy {
    // JoyLive's own samples give it a version, which JoyLive does not read.
    let _: Option<i64> = o.whole("version");
    RetryPolicy {
        id: o.whole("id"),
        retry: o.whole("retry").and_then(NonZeroU32::new),
        interval_ms: o.whole("interval|retryInterval"),
        timeout_ms: o.whole("timeout"),
        code_policy: o.object("codePolicy", error_parser),
        error_codes: o.texts("errorCodes|retryStatuses").unwrap_or_default(),
        message_policy: o.object("messagePolicy", error_parser),
        error_messages: o.texts("errorMessages").unwrap_or_default(),
        exceptions: o.texts("exceptions|retryExceptions").unwrap_or_default(),
        methods: o.texts("methods").unwrap_or_default(),
        method_prefixes: o.texts("methodPrefixes").unwrap_or_default(),
        pointer: o.pointer(),
    }
}

pub(super) fn load_balance(o: &mut Obj) -> LoadBalancePolicy {
    LoadBalancePolicy {
        id: o.whole("id"),
        policy_type: o.word_or_blank("policyType"),
        sticky_type: o.word("stickyType"),
        max_candidates: o.whole("maxCandidates").and_then(NonZeroU32::new),
        pointer: o.pointer(),
    }
}

pub(super) fn health(o: &mut Obj) -> HealthPolicy {
    HealthPolicy {
        id: o.whole("id"),
        healthy_min_percent: o.whole("healthyMinPercent"),
        pointer: o.pointer(),
    }
}
