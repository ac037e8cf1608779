//! What a refused application gets, and what the operator reads: as for tokens of providers.

use super::{
    door::Door,
    error::{CallerError, Denied},
};
use crate::{
    refuse::{details, plain, write_line},
    token::Token,
};
use engine::{Cause, Refusal, RequestContext};
use serde_json::json;

/// The reply. `application` and `service` come from the document.
pub(super) fn refusal(
    denied: &Denied<'_>,
    application: Option<&str>,
    service: &str,
    doors: &[Door],
) -> Refusal {
    let message = match denied.error {
        CallerError::Missing => "a token of the calling application is needed",
        _ => "the calling application's token is not valid",
    };
    let details = details(&denied.error.reason(), application);
    let refusal = Refusal::new(Cause::Unauthenticated, details, message);
    refusal.header("www-authenticate", challenge(service, doors))
}

fn challenge(service: &str, doors: &[Door]) -> String {
    let realm = plain(service);
    let mut schemes: Vec<_> = doors.iter().flat_map(Door::schemes).collect();
    schemes.dedup();
    let challenges = schemes
        .iter()
        .map(|scheme| format!("{scheme} realm=\"{realm}\""));
    challenges.collect::<Vec<_>>().join(", ")
}

/// Writes the debug line, if anybody reads it.
pub(super) fn log(cx: &RequestContext<'_>, denied: &Denied<'_>, application: Option<&str>) {
    write_line(cx, &|| {
        json!({
            "steward": "auth_policy_refused",
            "request_id": cx.view.request_id(),
            "application": application,
            "reason": denied.error.to_string(),
            "token": denied.shown.as_ref().map(Token::to_string),
        })
    });
}
