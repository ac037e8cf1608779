//! Reads authentication as JoyLive states it.

use super::object::{Obj, texts_of};
use crate::document::{AuthPolicy, JwtPolicy, TokenPolicy};

pub(super) fn auth_policy(o: &mut Obj) -> AuthPolicy {
    o.guard();
    AuthPolicy {
        application: o.filled("application"),
        auth_type: o.word_or_blank("type"),
        token_policies: o.list("tokenPolicies", token),
        jwt_policies: o.list("jwtPolicies", jwt),
        params: o.list("params", |o| Some(texts_of(o))),
        pointer: o.pointer(),
    }
}

fn token(o: &mut Obj) -> Option<TokenPolicy> {
    o.guard();
    Some(TokenPolicy {
        key: o.filled("key"),
        token: o.text("token").unwrap_or_default(),
        start_time_ms: o.whole("startTime").unwrap_or_default(),
        end_time_ms: o.whole("endTime").unwrap_or_default(),
    })
}

fn jwt(o: &mut Obj) -> Option<JwtPolicy> {
    o.guard();
    Some(JwtPolicy {
        key: o.filled("key"),
        algorithm: o.filled("algorithm"),
        key_store: o.filled("keyStore"),
        private_key: o.filled("privateKey"),
        public_key: o.filled("publicKey"),
        secret_key: o.filled("secretKey"),
        expire_time_ms: o.whole("expireTime").unwrap_or_default(),
        start_time_ms: o.whole("startTime").unwrap_or_default(),
        end_time_ms: o.whole("endTime").unwrap_or_default(),
    })
}
