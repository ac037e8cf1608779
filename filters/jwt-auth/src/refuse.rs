//! What a refused caller gets, and what the operator reads.
//!
//! RFC 6750 section 3: 401 with a `Bearer` challenge; without a token no error code, with a bad one `invalid_token` and not a
//! word more. The reason is in the response-code details, `steward_jwt_expired{corp}`, and with its evidence in a debug line,
//! where the token is named by the first bytes of its SHA-256.

use crate::{AuthError, authenticate::Refused, token::Token};
use engine::{Cause, Refusal, RequestContext};

/// The reply. `provider` and `realm` come from the document.
pub(crate) fn refusal(refused: &Refused<'_>, provider: Option<&str>, realm: &str) -> Refusal {
    let reason = refused.error.reason();
    let details = match provider {
        Some(provider) => format!("{reason}{{{}}}", plain(provider)),
        None => reason.to_owned(),
    };
    let (message, error) = match refused.error {
        AuthError::Missing => ("a token is needed", ""),
        _ => ("the token is not valid", ", error=\"invalid_token\""),
    };
    let challenge = format!("Bearer realm=\"{}\"{error}", plain(realm));
    Refusal::new(Cause::Unauthenticated, details, message).header("www-authenticate", challenge)
}

/// A name that can stand in response-code details and in a quoted string: visible ASCII without `"`, `\` and braces.
fn plain(name: &str) -> String {
    let safe = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '{' | '}');
    name.chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect()
}

/// Writes the debug line, if anybody reads it.
pub(crate) fn log(cx: &RequestContext<'_>, refused: &Refused<'_>, provider: Option<&str>) {
    if !cx.host.log_enabled(log::Level::Debug) {
        return;
    }
    let line = serde_json::json!({
        "steward": "jwt_refused",
        "request_id": cx.view.request_id(),
        "provider": provider,
        "reason": refused.error.to_string(),
        "token": refused.token.as_ref().map(Token::to_string),
    });
    cx.host.log(log::Level::Debug, &line.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_a_quoted_string() {
        assert_eq!(plain("a\"b\\c{d} e\n\u{e9}"), "a_b_c_d__e__");
    }
}
