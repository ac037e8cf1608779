//! The degraded reply: what the document wants callers to get while a breaker is open (requirement 2.8, `degradeConfig`).
//!
//! JoyLive copies all *request* headers into such a reply; we do not, since that hands a caller's credentials and internal
//! headers back to it. gRPC callers get no degraded reply: their libraries read a status and a message, never a body that
//! was written for HTTP.
//!
//! What could make the reply fail when it is needed (a status or header that is none) is refused by policy-model.

use engine::Substitute;
use policy_model::{
    Report,
    document::{CircuitBreakPolicy, DegradeConfig},
};

/// A reply ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Degraded {
    pub(crate) reply: Substitute,
    /// Headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

/// What is sent where `responseCode` says nothing: a degraded reply is meant to be used.
const DEFAULT_STATUS: u32 = 200;

const DEFAULT_TYPE: &str = "application/json";

/// Headers that describe the message itself; Envoy writes them (policy-model warns).
const OF_THE_MESSAGE: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

// === impl Degraded ===

impl Degraded {
    /// The policy's degraded reply, if it has one that can be sent.
    pub(crate) fn compile(policy: &CircuitBreakPolicy, report: &mut Report) -> Option<Self> {
        let config = policy
            .degrade_config
            .as_ref()
            .filter(|config| config.enabled)?;
        let pointer = format!("{}/degradeConfig", policy.meta.pointer);
        let status = status(config, &pointer, report)?;
        let mut headers = headers(config);
        let written_type = take_content_type(&mut headers);
        let content_type = config.content_type.clone().or(written_type);
        let content_type = content_type.unwrap_or_else(|| DEFAULT_TYPE.to_owned());
        let body = config.response_body.as_str().into();
        Some(Self {
            reply: Substitute {
                status,
                content_type: content_type.into(),
                body,
            },
            headers,
        })
    }
}

fn status(config: &DegradeConfig, pointer: &str, report: &mut Report) -> Option<u32> {
    match config.response_code {
        0 => Some(DEFAULT_STATUS),
        code @ 200..=599 => Some(code.into()),
        code => {
            let message = format!("{code} is no HTTP status: HTTP callers get a plain refusal");
            report.warning(format!("{pointer}/responseCode"), message);
            None
        }
    }
}

fn headers(config: &DegradeConfig) -> Vec<(String, String)> {
    let attributes = config
        .attributes
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let ours = attributes.filter(|(name, _)| !OF_THE_MESSAGE.contains(&&**name));
    ours.map(|(name, value)| (name, value.clone())).collect()
}

fn take_content_type(headers: &mut Vec<(String, String)>) -> Option<String> {
    let at = headers
        .iter()
        .position(|(name, _)| name == "content-type")?;
    Some(headers.remove(at).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_model::Severity;

    fn compile(config: DegradeConfig) -> (Option<Degraded>, Report) {
        let mut report = Report::default();
        let mut policy = CircuitBreakPolicy {
            degrade_config: Some(config),
            ..CircuitBreakPolicy::default()
        };
        policy.meta.pointer = "/p".into();
        (Degraded::compile(&policy, &mut report), report)
    }

    fn with_attribute(name: &str, value: &str) -> DegradeConfig {
        let attributes = [(name.to_owned(), value.to_owned())].into();
        DegradeConfig {
            attributes,
            ..DegradeConfig::default()
        }
    }

    #[test]
    fn the_requirements_example() {
        let (degraded, report) = compile(DegradeConfig {
            response_code: 200,
            attributes: [("Degrade-Header-1".to_owned(), "degraded1".to_owned())].into(),
            response_body: "Hello, your request has been downgraded.".to_owned(),
            ..DegradeConfig::default()
        });
        let degraded = degraded.unwrap();
        assert_eq!(degraded.reply.status, 200);
        assert_eq!(&*degraded.reply.content_type, "application/json");
        assert_eq!(
            &*degraded.reply.body,
            "Hello, your request has been downgraded."
        );
        assert_eq!(
            degraded.headers,
            [("degrade-header-1".to_owned(), "degraded1".to_owned())]
        );
        assert!(report.findings().is_empty());
    }

    #[test]
    fn a_switched_off_one_is_none() {
        let (degraded, report) = compile(DegradeConfig {
            enabled: false,
            ..DegradeConfig::default()
        });
        assert!(degraded.is_none() && report.findings().is_empty());
    }

    #[test]
    fn there_is_one_content_type() {
        let (degraded, _) = compile(with_attribute("Content-Type", "text/plain"));
        let degraded = degraded.unwrap();
        assert_eq!(&*degraded.reply.content_type, "text/plain");
        assert!(degraded.headers.is_empty());
        let both = DegradeConfig {
            content_type: Some("text/html".to_owned()),
            ..with_attribute("content-type", "text/plain")
        };
        assert_eq!(&*compile(both).0.unwrap().reply.content_type, "text/html");
    }

    #[test]
    fn headers_of_the_message_are_left_to_envoy() {
        let (degraded, _) = compile(with_attribute("Content-Length", "5"));
        assert!(degraded.unwrap().headers.is_empty());
    }

    #[test]
    fn a_grpc_status_is_no_reply_for_http() {
        let (degraded, report) = compile(DegradeConfig {
            response_code: 13,
            ..DegradeConfig::default()
        });
        assert!(degraded.is_none() && report.count(Severity::Warning) == 1 && !report.is_refusal());
        assert_eq!(
            compile(DegradeConfig::default()).0.unwrap().reply.status,
            200
        );
    }
}
