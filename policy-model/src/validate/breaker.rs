//! Circuit breakers: windows that cannot fill, failures that cannot be seen, replies that cannot be given.

use super::walk::Node;
use crate::document::{
    CircuitBreakPolicy, DegradeConfig, ErrorParserPolicy, ServiceType, WindowType,
};
use crate::finding::Report;
use crate::read::escape;

/// Longer times do not fit into the nanoseconds that state is kept in.
const LONGEST_S: u64 = 100 * 366 * 24 * 3_600;

pub(super) fn check(node: &Node<'_>, report: &mut Report) {
    let http = node.service.service_type == ServiceType::Http;
    for breaker in node
        .policy
        .circuit_break_policies
        .iter()
        .filter(|policy| policy.meta.enabled)
    {
        numbers(breaker, report);
        failures(breaker, http, report);
        if let Some(degrade) = &breaker.degrade_config {
            reply(
                &format!("{}/degradeConfig", breaker.meta.pointer),
                degrade,
                http,
                report,
            );
        }
    }
}

fn numbers(breaker: &CircuitBreakPolicy, report: &mut Report) {
    let at = &breaker.meta.pointer;
    let (size, least) = (breaker.sliding_window_size, breaker.min_calls_threshold);
    if breaker.sliding_window_type == WindowType::Count && least > size {
        let message = format!("a window of {size} calls never holds {least}: {size} is taken");
        report.warning(format!("{at}/minCallsThreshold"), message);
    }
    for (name, seconds) in [
        (
            "waitDurationInOpenState",
            breaker.wait_duration_in_open_state_s.get(),
        ),
        (
            "slowCallDurationThreshold",
            breaker.slow_call_duration_threshold_ms.get() / 1000,
        ),
        (
            "maxWaitDurationInHalfOpenState",
            breaker.max_wait_duration_in_half_open_state_ms / 1000,
        ),
        (
            "recoveryDuration",
            breaker.recovery_duration_ms.get() / 1000,
        ),
    ] {
        if seconds > LONGEST_S {
            report.error(format!("{at}/{name}"), "longer than a hundred years");
        }
    }
}

fn failures(breaker: &CircuitBreakPolicy, http: bool, report: &mut Report) {
    let at = &*breaker.meta.pointer;
    let error_codes = &breaker.error_codes;
    if error_codes.is_empty() {
        let message = "no `errorCodes`: 5xx are failures; of gRPC, what is the server's fault";
        report.info(at, message);
    }
    let statuses = breaker.code_policy.is_none();
    for (index, code) in error_codes.iter().enumerate().filter(|_| statuses) {
        if !is_status(code, http) {
            let kind = if http { "an HTTP" } else { "a gRPC or HTTP" };
            let message = format!("`{code}` is never {kind} status");
            report.warning(format!("{at}/errorCodes/{index}"), message);
        }
    }
    parser(
        &format!("{at}/codePolicy"),
        breaker.code_policy.as_ref(),
        report,
    );
    parser(
        &format!("{at}/messagePolicy"),
        breaker.message_policy.as_ref(),
        report,
    );
}

fn is_status(code: &str, http: bool) -> bool {
    let plain = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    let number = code.parse::<u16>().ok().filter(|_| plain);
    number.is_some_and(|code| (100..600).contains(&code) || !http && code <= 16)
}

fn parser(at: &str, policy: Option<&ErrorParserPolicy>, report: &mut Report) {
    if let Some(policy) = policy
        && (policy.parser.is_none() || policy.expression.is_empty())
    {
        report.warning(at, "no effect without both `parser` and `expression`");
    }
}

fn reply(at: &str, degrade: &DegradeConfig, http: bool, report: &mut Report) {
    if !degrade.enabled {
        return;
    }
    status(at, degrade.response_code, http, report);
    if degrade.content_type.as_deref().is_some_and(is_torn) {
        report.error(format!("{at}/contentType"), NO_VALUE);
    }
    for (name, value) in &degrade.attributes {
        let at = format!("{at}/attributes/{}", escape(name));
        if !is_field_name(name) {
            report.error(at, format!("`{name}` is no header's name"));
        } else if is_torn(value) {
            report.error(at, NO_VALUE);
        } else if is_framing(name) {
            report.warning(at, format!("`{name}` is set by the proxy"));
        }
    }
}

fn status(at: &str, code: u16, http: bool, report: &mut Report) {
    let at = format!("{at}/responseCode");
    match code {
        200..=599 => {}
        0 if http => report.warning(at, "not stated: 200 is taken"),
        0..=16 if !http => {}
        code if http => report.error(at, format!("{code} is not a status, 200 to 599")),
        code => {
            let range = "0 to 16 (gRPC) or 200 to 599 (HTTP)";
            report.error(at, format!("{code} is not a status, {range}"));
        }
    }
}

const NO_VALUE: &str = "a header value cannot hold CR, LF or NUL";

/// Whether a header value would end early, or the whole message be refused by Envoy (RFC 9110, section 5.5).
fn is_torn(value: &str) -> bool {
    value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// A field name: a token of RFC 9110, section 5.6.2.
pub(super) fn is_field_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// Headers that frame a message: who sets them tears it.
pub(super) fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection"]
        .iter()
        .any(|framing| name.eq_ignore_ascii_case(framing))
}
