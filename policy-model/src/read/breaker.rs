//! Reads circuit breakers.

use super::meta::meta;
use super::object::Obj;
use crate::document::{CircuitBreakPolicy, DegradeConfig, ErrorParserPolicy, Percent};
use crate::json::written;

pub(super) fn circuit_break(o: &mut Obj) -> Option<CircuitBreakPolicy> {
    o.guard();
    let default = CircuitBreakPolicy::default();
    Some(CircuitBreakPolicy {
        meta: meta(o),
        realize_type: o.filled("realizeType"),
        level: o.word("level").unwrap_or_default(),
        sliding_window_type: o.word_or_blank("slidingWindowType").unwrap_or_default(),
        sliding_window_size: o.positive("slidingWindowSize", default.sliding_window_size),
        min_calls_threshold: o.positive("minCallsThreshold", default.min_calls_threshold),
        outlier_max_percent: percent(o, "outlierMaxPercent"),
        code_policy: o.object("codePolicy", error_parser),
        error_codes: o.texts("errorCodes").unwrap_or_default(),
        message_policy: o.object("messagePolicy", error_parser),
        error_messages: o.texts("errorMessages").unwrap_or_default(),
        exceptions: o.texts("exceptions").unwrap_or_default(),
        failure_rate_threshold: percent(o, "failureRateThreshold"),
        slow_call_rate_threshold: percent(o, "slowCallRateThreshold"),
        slow_call_duration_threshold_ms: o.positive(
            "slowCallDurationThreshold",
            default.slow_call_duration_threshold_ms,
        ),
        wait_duration_in_open_state_s: o.positive(
            "waitDurationInOpenState",
            default.wait_duration_in_open_state_s,
        ),
        allowed_calls_in_half_open_state: o.positive(
            "allowedCallsInHalfOpenState",
            default.allowed_calls_in_half_open_state,
        ),
        max_wait_duration_in_half_open_state_ms: o
            .whole("maxWaitDurationInHalfOpenState")
            .unwrap_or_default(),
        force_open: o.flag("forceOpen").unwrap_or_default(),
        recovery_enabled: o.flag("recoveryEnabled").unwrap_or_default(),
        recovery_duration_ms: o.positive("recoveryDuration", default.recovery_duration_ms),
        recovery_phase: o.positive("recoveryPhase", default.recovery_phase),
        degrade_config: o.object("degradeConfig", degrade),
    })
}

/// A share of calls. As in the model, zero is not stated.
fn percent(o: &mut Obj, name: &'static str) -> Percent {
    match o.number(name) {
        None => Percent::HALF,
        Some(0.0) => {
            o.warning(name, "0 is taken as not stated: 50");
            Percent::HALF
        }
        Some(stated) => Percent::try_new(stated).unwrap_or_else(|| {
            let stated = written(stated);
            o.error(name, format!("{stated} is not between 0 and 100 per cent"));
            Percent::HALF
        }),
    }
}

pub(super) fn error_parser(o: &mut Obj) -> ErrorParserPolicy {
    o.guard();
    let types = o.texts("contentTypes").unwrap_or_default();
    ErrorParserPolicy {
        parser: o.word_or_blank("parser"),
        expression: o.text("expression").unwrap_or_default(),
        statuses: o.texts("statuses").unwrap_or_default(),
        content_types: types.into_iter().map(|t| t.to_ascii_lowercase()).collect(),
    }
}

fn degrade(o: &mut Obj) -> DegradeConfig {
    o.guard();
    DegradeConfig {
        enabled: o.flag("enabled").unwrap_or(true),
        response_code: o.whole("responseCode").unwrap_or_default(),
        content_type: o.filled("contentType"),
        attributes: o.map("attributes"),
        response_body: o.text("responseBody").unwrap_or_default(),
    }
}
