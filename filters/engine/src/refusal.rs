//! A refusal as a stage states it, and its rendering for the caller.
//!
//! A stage says why and with what evidence; the engine adds what only the request knows (its id, the time) and writes the
//! JSON body. gRPC callers get `grpc-status` and the bare message: their libraries show no body.

use crate::Cause;
use host::{Host, HostError, LocalReply};
use serde::Serialize;
use std::{borrow::Cow, rc::Rc, time::Duration};

/// A header of a reply.
pub type ReplyHeader = (Cow<'static, str>, Vec<u8>);

/// An answer given instead of passing the request on.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The case, which fixes statuses, code and reason.
    pub cause: Cause,
    /// `%RESPONSE_CODE_DETAILS%`: `steward_rate_limited{policy}` and the like, without white space.
    pub details: String,
    /// The policy that refused, if it has a name.
    pub policy: Option<Rc<str>>,
    /// One sentence for the caller. Never a token, a key or a policy document.
    pub message: Cow<'static, str>,
    /// The numbers of a limit.
    pub limit: Option<LimitEvidence>,
    /// Headers beside `content-type`.
    pub headers: Vec<ReplyHeader>,
    /// Sent in place of the JSON body, as a degraded reply.
    pub substitute: Option<Substitute>,
}

/// What a client may know of the limit that refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LimitEvidence {
    /// The window's threshold.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// Seconds until a retry can succeed, rounded up.
    pub retry_after: u64,
    /// When the whole limit is there again if nobody draws on it, as wall-clock seconds since the Unix epoch, rounded up;
    /// `None` if no time brings it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<u64>,
}

/// A reply written by the document's author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitute {
    /// HTTP status.
    pub status: u32,
    /// `content-type`.
    pub content_type: Rc<str>,
    /// The body, as it stands in the document.
    pub body: Rc<str>,
}

/// What the reply needs to know of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addressee<'a> {
    /// `x-request-id`.
    pub(crate) request_id: &'a str,
    /// Whether the caller speaks gRPC.
    pub(crate) grpc: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    code: u32,
    reason: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Evidence<'a>>,
    request_id: &'a str,
    timestamp: u64,
}

#[derive(Serialize)]
struct Evidence<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(flatten)]
    limit: Option<LimitEvidence>,
}

const JSON: &[u8] = b"application/json";

// === impl Refusal ===

impl Refusal {
    /// A refusal without policy, evidence or headers.
    #[must_use]
    pub fn new(
        cause: Cause,
        details: impl Into<String>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            cause,
            details: details.into(),
            policy: None,
            message: message.into(),
            limit: None,
            headers: Vec::new(),
            substitute: None,
        }
    }

    /// A refusal by a named policy; `kind` begins its details: `steward_rate_limited{limit-1}`.
    #[must_use]
    pub fn by_policy(
        cause: Cause,
        kind: &str,
        policy: &Rc<str>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let details = format!("{kind}{{{}}}", detail_name(policy));
        Self {
            policy: Some(Rc::clone(policy)),
            ..Self::new(cause, details, message)
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The HTTP status that an HTTP caller will see.
    #[must_use]
    pub fn status(&self) -> u32 {
        self.substitute
            .as_ref()
            .map_or(self.cause.status(), |substitute| substitute.status)
    }

    /// Sends the reply.
    pub(crate) fn send(&self, host: &dyn Host, to: Addressee<'_>) -> Result<(), HostError> {
        let rendered = self.render(to, host.wall_clock());
        let mut headers: Vec<(&str, &[u8])> = Vec::with_capacity(self.headers.len() + 1);
        if !to.grpc {
            let written = self
                .substitute
                .as_ref()
                .map(|substitute| substitute.content_type.as_bytes());
            headers.push(("content-type", written.unwrap_or(JSON)));
        }
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (name.as_ref(), value.as_slice())),
        );
        host.reply(&LocalReply {
            status: self.status(),
            grpc_status: to.grpc.then(|| self.cause.grpc_status()),
            details: &self.details,
            headers: &headers,
            body: &rendered,
        })
    }

    fn render(&self, to: Addressee<'_>, wall_clock: Duration) -> Vec<u8> {
        if let Some(substitute) = &self.substitute {
            return substitute.body.as_bytes().to_vec();
        }
        if to.grpc {
            return self.message.as_bytes().to_vec();
        }
        let evidence = Evidence {
            policy: self.policy.as_deref(),
            limit: self.limit,
        };
        let body = Body {
            code: self.cause.code(),
            reason: self.cause.reason(),
            message: &self.message,
            error: (self.policy.is_some() || self.limit.is_some()).then_some(evidence),
            request_id: to.request_id,
            timestamp: wall_clock.as_secs(),
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

/// A policy's name as access logs can hold it: Envoy itself turns white space into `_`, braces would end the details.
fn detail_name(name: &str) -> String {
    let safe = |c: char| !(c.is_whitespace() || c.is_control() || matches!(c, '{' | '}'));
    name.chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(refusal: &Refusal, grpc: bool) -> String {
        let to = Addressee {
            request_id: "r-1",
            grpc,
        };
        String::from_utf8(refusal.render(to, Duration::from_secs(1_705_734_400))).unwrap()
    }

    #[test]
    fn the_body_is_the_documented_one() {
        let mut refusal = Refusal::by_policy(
            Cause::RateLimited,
            "steward_rate_limited",
            &"limit 1".into(),
            "too many requests",
        );
        refusal.limit = Some(LimitEvidence {
            limit: 100,
            remaining: 0,
            retry_after: 1,
            reset: Some(1_705_734_460),
        });
        assert_eq!(refusal.details, "steward_rate_limited{limit_1}");
        assert_eq!(
            rendered(&refusal, false),
            r#"{"code":42901,"reason":"F42900","message":"too many requests","error":{"policy":"limit 1","limit":100,"remaining":0,"retry_after":1,"reset":1705734460},"request_id":"r-1","timestamp":1705734400}"#
        );
    }

    #[test]
    fn a_grpc_caller_gets_the_bare_message() {
        let refusal = Refusal::new(
            Cause::Unauthenticated,
            "steward_jwt_missing",
            "credentials are needed",
        );
        assert_eq!(rendered(&refusal, true), "credentials are needed");
    }
}
