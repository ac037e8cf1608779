//! What a refused caller gets, and what the operator reads.
//!
//! RFC 6750 section 3: 401 with a `Bearer` challenge; without a token no error code, with a bad one `invalid_token` and not a
//! word more. The reason is in the response-code details, `steward_jwt_expired{corp}`, and with its evidence in a debug line,
//! where the token is named by the first bytes of its SHA-256. Keys are answered likewise: `steward_api_key_expired{client}`.

use crate::{
    AuthError,
    api_key::{KeyError, RefusedKey},
    authenticate::Refused,
    token::Token,
};
use engine::{Cause, Refusal, RequestContext};
use serde_json::{Value, json};

/// What becomes of a request that does not bring what its node requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is refused.
    Refused,
    /// It passes, and nothing of it is changed: shadow mode.
    WouldRefuse,
    /// It passes as nobody, without its credentials: `allowMissingOrFailed`.
    Failed,
}

/// What a refused caller may bring instead: a challenge for each kind of credential that its node asks for, in one field
/// (RFC 9110 section 11.6.1). `ApiKey` is no registered scheme, but the name that is in use; a 401 must have one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Challenge<'a> {
    pub(crate) realm: &'a str,
    pub(crate) tokens: bool,
    pub(crate) keys: bool,
}

/// The reply to a request without a token that counts. `provider` comes from the document.
pub(crate) fn refusal(
    refused: &Refused<'_>,
    provider: Option<&str>,
    challenge: Challenge<'_>,
    key_would_do: bool,
) -> Refusal {
    let (message, error) = match refused.error {
        AuthError::Missing if key_would_do => ("a token or an API key is needed", ""),
        AuthError::Missing => ("a token is needed", ""),
        _ => ("the token is not valid", ", error=\"invalid_token\""),
    };
    let details = details(refused.error.reason(), provider);
    match refused.error {
        AuthError::KeysUnavailable => keys_unavailable(details),
        _ => challenge.refusal(details, message, error),
    }
}

/// The caller may be who he says: nobody here can tell yet, so he is not told that his token is bad, and may come again.
fn keys_unavailable(details: String) -> Refusal {
    let message = "the keys to check the token with have not come yet";
    Refusal::new(Cause::KeysUnavailable, details, message).header("retry-after", "1")
}

/// The reply to a request without a key that counts.
pub(crate) fn key_refusal(
    refused: &RefusedKey<'_>,
    challenge: Challenge<'_>,
    token_too: bool,
) -> Refusal {
    let message = match refused.error {
        KeyError::Missing if token_too => "a token and an API key are needed",
        KeyError::Missing => "an API key is needed",
        _ => "the API key is not valid",
    };
    let details = details(refused.error.reason(), refused.client.as_deref());
    challenge.refusal(details, message, "")
}

/// The response-code details: the reason, and whose refusal it is.
pub(crate) fn details(reason: &str, whose: Option<&str>) -> String {
    match whose {
        Some(whose) => format!("{reason}{{{}}}", plain(whose)),
        None => reason.to_owned(),
    }
}

/// A name that can stand in response-code details and in a quoted string: visible ASCII without `"`, `\` and braces.
pub(crate) fn plain(name: &str) -> String {
    let safe = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '{' | '}');
    name.chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect()
}

/// Writes the debug line, if anybody reads it.
pub(crate) fn log(
    cx: &RequestContext<'_>,
    refused: &Refused<'_>,
    provider: Option<&str>,
    outcome: Outcome,
) {
    write_line(cx, &|| {
        outcome.told(json!({
            "steward": "jwt_refused",
            "request_id": cx.view.request_id(),
            "provider": provider,
            "reason": refused.error.to_string(),
            "token": refused.token.as_ref().map(Token::to_string),
        }))
    });
}

/// As [`log`], of a key.
pub(crate) fn log_key(cx: &RequestContext<'_>, refused: &RefusedKey<'_>, outcome: Outcome) {
    write_line(cx, &|| {
        outcome.told(json!({
            "steward": "api_key_refused",
            "request_id": cx.view.request_id(),
            "client": refused.client.as_deref(),
            "reason": refused.error.to_string(),
            "key": refused.key.as_ref().map(Token::to_string),
        }))
    });
}

/// Writes a debug line, if anybody reads it.
pub(crate) fn write_line(cx: &RequestContext<'_>, line: &dyn Fn() -> Value) {
    if cx.host.log_enabled(log::Level::Debug) {
        cx.host.log(log::Level::Debug, &line().to_string());
    }
}

// === impl Outcome ===

impl Outcome {
    /// The line, with the outcome where it is not the usual one.
    fn told(self, mut line: Value) -> Value {
        let word = match self {
            Self::Refused => return line,
            Self::WouldRefuse => "would_refuse",
            Self::Failed => "failed",
        };
        if let Some(members) = line.as_object_mut() {
            members.insert("outcome".to_owned(), word.into());
        }
        line
    }
}

// === impl Challenge ===

impl Challenge<'_> {
    fn refusal(self, details: String, message: &'static str, bearer_error: &str) -> Refusal {
        let refusal = Refusal::new(Cause::Unauthenticated, details, message);
        self.put_on(refusal, bearer_error)
    }

    /// Adds the header.
    pub(crate) fn put_on(self, refusal: Refusal, bearer_error: &str) -> Refusal {
        let realm = plain(self.realm);
        let bearer = || format!("Bearer realm=\"{realm}\"{bearer_error}");
        let key = || format!("ApiKey realm=\"{realm}\"");
        let challenge = match (self.tokens, self.keys) {
            (true, true) => format!("{}, {}", bearer(), key()),
            (false, true) => key(),
            (_, false) => bearer(),
        };
        refusal.header("www-authenticate", challenge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_a_quoted_string() {
        assert_eq!(plain("a\"b\\c{d} e\n\u{e9}"), "a_b_c_d__e__");
    }
}
