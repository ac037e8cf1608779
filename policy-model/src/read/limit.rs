//! Reads limits.

use super::condition::conditions;
use super::key::{cost, key_part, limit_override};
use super::meta::meta;
use super::object::Obj;
use crate::document::{
    ConcurrencyLimitPolicy, LoadLimitPolicy, LoadThrottle, RateLimitPolicy, SlidingWindow,
};

pub(super) fn rate_limit(o: &mut Obj) -> Option<RateLimitPolicy> {
    o.guard();
    Some(RateLimitPolicy {
        meta: meta(o),
        algorithm: o.word_or_blank("realizeType").unwrap_or_default(),
        sliding_windows: o.list("slidingWindows", window),
        max_wait_ms: o.whole("maxWaitMs").unwrap_or_default(),
        parameters: o.map("parameters|actionParameters"),
        conditions: conditions(o),
        key: o.list("key", key_part),
        missing_key: o.word("missingKey").unwrap_or_default(),
        cost: cost(o),
        overrides: o.list("overrides", limit_override),
        phase: o.word("phase").unwrap_or_default(),
        on_contention: o.word("onContention").unwrap_or_default(),
    })
}

pub(super) fn window(o: &mut Obj) -> Option<SlidingWindow> {
    o.guard();
    let SlidingWindow {
        threshold,
        time_window_ms,
    } = SlidingWindow::DEFAULT;
    Some(SlidingWindow {
        threshold: o.whole_or("threshold", threshold),
        time_window_ms: o.whole_or("timeWindowInMs", time_window_ms),
    })
}

pub(super) fn concurrency_limit(o: &mut Obj) -> Option<ConcurrencyLimitPolicy> {
    o.guard();
    o.belong(
        &["slidingWindows", "overrides", "phase", "cost"],
        "`rateLimitPolicies`: a concurrency limit has none",
    );
    let meta = meta(o);
    let max_concurrency = o.whole("maxConcurrency");
    if meta.enabled && max_concurrency.is_none() && !o.says("maxConcurrency") {
        let message = "`maxConcurrency` is missing: the policy limits nothing";
        o.error("", message);
    }
    Some(ConcurrencyLimitPolicy {
        meta,
        algorithm: o.word_or_blank("realizeType").unwrap_or_default(),
        max_concurrency,
        max_wait_ms: o.whole("maxWaitMs").unwrap_or_default(),
        parameters: o.map("parameters|actionParameters"),
        conditions: conditions(o),
        key: o.list("key", key_part),
        missing_key: o.word("missingKey").unwrap_or_default(),
    })
}

pub(super) fn load_limit(o: &mut Obj) -> Option<LoadLimitPolicy> {
    Some(LoadLimitPolicy {
        meta: meta(o),
        cpu_usage: o.whole("cpuUsage"),
        load_usage: o.whole("loadUsage"),
        throttles: o.list("throttles", throttle),
        conditions: conditions(o),
    })
}

fn throttle(o: &mut Obj) -> Option<LoadThrottle> {
    Some(LoadThrottle {
        cpu_usage: o.whole("cpuUsage"),
        load_usage: o.whole("loadUsage"),
        ratio: o.whole("ratio").unwrap_or_default(),
    })
}
