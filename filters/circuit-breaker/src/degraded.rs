//! The degraded reply: what the document wants callers to get while a breaker is open (requirement 2.8, `degradeConfig`).
//!
//! JoyLive copies all *request* headers into such a reply; we do not, since that hands a caller's credentials and internal
//! headers back to it. gRPC callers get no degraded reply: their libraries read a status and a message, never a body that
//! was written for HTTP.
//!
//! Everything that could make the reply fail when it is needed is refused when the document is read.

use engine::Substitute;
use policy_model::{
    Report, Severity,
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

/// Headers that describe the message itself; Envoy writes them.
const OF_THE_MESSAGE: [&str; 5] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
];

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
        let mut headers = headers(config, &pointer, report);
        let written_type = take_content_type(&mut headers);
        let content_type = config.content_type.clone().or(written_type);
        let content_type = content_type.unwrap_or_else(|| DEFAULT_TYPE.to_owned());
        if !is_value(&content_type) {
            report.error(
                format!("{pointer}/contentType"),
                "a header value cannot hold CR, LF or NUL",
            );
        }
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
    let pointer = || format!("{pointer}/responseCode");
    match config.response_code {
        0 => Some(DEFAULT_STATUS),
        code @ 200..=599 => Some(code.into()),
        code @ 1..=16 => {
            let message = format!(
                "gRPC status {code}: gRPC callers get UNAVAILABLE, and others a plain refusal"
            );
            report.add(Severity::Warning, pointer(), message, None);
            None
        }
        code => {
            report.error(
                pointer(),
                format!("{code} is no status of a final response (200 to 599)"),
            );
            None
        }
    }
}

fn headers(config: &DegradeConfig, pointer: &str, report: &mut Report) -> Vec<(String, String)> {
    let mut headers = Vec::with_capacity(config.attributes.len());
    for (name, value) in &config.attributes {
        let lower = name.to_ascii_lowercase();
        match fault(&lower, value) {
            Some(fault) => report.error(format!("{pointer}/attributes/{}", escaped(name)), fault),
            None => headers.push((lower, value.clone())),
        }
    }
    headers
}

fn fault(name: &str, value: &str) -> Option<&'static str> {
    if !is_name(name) {
        return Some("this is no header name");
    }
    if OF_THE_MESSAGE.contains(&name) {
        return Some("this header describes the message itself and is written by Envoy");
    }
    (!is_value(value)).then_some("a header value cannot hold CR, LF or NUL")
}

fn take_content_type(headers: &mut Vec<(String, String)>) -> Option<String> {
    let at = headers
        .iter()
        .position(|(name, _)| name == "content-type")?;
    Some(headers.remove(at).1)
}

/// RFC 9110, section 5.6.2: a token.
fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}

fn is_value(value: &str) -> bool {
    !value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// A key as a JSON pointer has it (RFC 6901, section 3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_could_not_be_sent_is_refused_beforehand() {
        for (name, value) in [
            ("", "x"),
            (":status", "200"),
            ("a b", "x"),
            ("Content-Length", "5"),
            ("x", "a\r\nb: c"),
        ] {
            let (_, report) = compile(with_attribute(name, value));
            assert!(report.is_refusal(), "{name:?}: {value:?}");
        }
        let (_, report) = compile(with_attribute("a/b~c", "x\n"));
        assert_eq!(
            report.findings()[0].pointer,
            "/p/degradeConfig/attributes/a~1b~0c"
        );
    }

    #[test]
    fn a_status_must_be_one() {
        for code in [17, 100, 199, 600, 700] {
            assert!(
                compile(DegradeConfig {
                    response_code: code,
                    ..DegradeConfig::default()
                })
                .1
                .is_refusal()
            );
        }
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
