//! What an access log can tell of a refusal beside its details: `%FILTER_STATE(wasm.steward:PLAIN)%`.
//!
//! `%RESPONSE_CODE_DETAILS%` holds the case and the policy, in words that Envoy strips of white space; the service that a
//! request was taken for stands nowhere. It is written for refusals only: a passing request pays for no call, and its log
//! shows nothing. The labels are those of the metrics, spelled alike, so that a line and a series can be matched.

use crate::metrics::push_label;
use host::Host;

/// Envoy prefixes it: `wasm.steward`.
const NAME: &str = "steward";

/// Tells who refused. A host without filter state is none the worse for it: the refusal counts.
pub(crate) fn tell_refusal(host: &dyn Host, service: &str, policy: Option<&str>) {
    let _ = host.set_filter_state(NAME, text(service, policy).as_bytes());
}

/// `service=orders;policy=limit-1`, or without the second where no policy by name decided.
fn text(service: &str, policy: Option<&str>) -> String {
    const LABELS: usize = "service=;policy=".len();
    let size = LABELS + service.len() + policy.map_or(0, str::len);
    let mut text = String::with_capacity(size);
    push_label(&mut text, "service", service);
    if let Some(policy) = policy {
        text.push(';');
        push_label(&mut text, "policy", policy);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_service_and_the_policy_if_one_decided() {
        assert_eq!(text("orders", Some("p 1")), "service=orders;policy=p 1");
        assert_eq!(text("-", None), "service=-");
    }

    #[test]
    fn a_name_forges_no_other_label() {
        assert_eq!(text("a;policy=b\n", None), "service=a_policy=b_");
    }
}
