//! Reads authentication as JoyLive states it.
//!
//! `params` are the same lists as maps of texts, and scalars are bound from texts anyway: where a typed list is empty,
//! they are read in its place.

use super::object::Obj;
use crate::document::{AuthPolicy, AuthType, JwtPolicy, TokenPolicy};

/// The header that holds a token or key if the document names none.
const HEADER: &str = "authorization";

pub(super) fn auth_policy(o: &mut Obj) -> AuthPolicy {
    o.guard();
    let auth_type = o.word_or_blank("type");
    let mut policy = AuthPolicy {
        application: o.filled("application"),
        auth_type,
        token_policies: o.list("tokenPolicies", token),
        jwt_policies: o.list("jwtPolicies", jwt),
        enabled: o.flag("enabled").unwrap_or(true),
        mode: o.word("mode").unwrap_or_default(),
        pointer: o.pointer(),
    };
    let has_params = o.value("params").is_some();
    let _ = o.value("id");
    match auth_type {
        Some(AuthType::Token) if policy.token_policies.is_empty() => {
            policy.token_policies = o.list("params", token);
        }
        Some(AuthType::Jwt) if policy.jwt_policies.is_empty() => {
            policy.jwt_policies = o.list("params", jwt);
        }
        Some(_) if has_params => {
            o.warning("params", "no effect beside the list of this `type`");
        }
        _ => {}
    }
    policy
}

fn token(o: &mut Obj) -> Option<TokenPolicy> {
    o.guard();
    let _ = o.value("id");
    Some(TokenPolicy {
        key: header(o),
        token: o.text("token").unwrap_or_default(),
        start_time_ms: o.whole("startTime").unwrap_or_default(),
        end_time_ms: o.whole("endTime").unwrap_or_default(),
        pointer: o.pointer(),
    })
}

fn jwt(o: &mut Obj) -> Option<JwtPolicy> {
    o.guard();
    // A proxy signs nothing: neither the private key nor the life of tokens that are made with it concerns it.
    for signing in ["id", "privateKey", "expireTime"] {
        let _ = o.value(signing);
    }
    Some(JwtPolicy {
        key: header(o),
        algorithm: o.word_or_blank("algorithm"),
        key_store: o.filled("keyStore"),
        public_key: o.filled("publicKey"),
        secret_key: o.filled("secretKey"),
        start_time_ms: o.whole("startTime").unwrap_or_default(),
        end_time_ms: o.whole("endTime").unwrap_or_default(),
        pointer: o.pointer(),
    })
}

fn header(o: &mut Obj) -> String {
    let named = o.filled("key").unwrap_or_else(|| HEADER.to_owned());
    named.to_ascii_lowercase()
}
