//! Authentication as JoyLive's files state it: per service, by the application that calls.

use super::spelled::spelled;
use std::collections::BTreeMap;
use std::rc::Rc;

spelled! {
    /// How an application proves who it is.
    pub enum AuthType {
        /// By a shared token.
        Token = "token",
        /// By a JSON Web Token.
        Jwt = "jwt",
        /// Not at all.
        None = "none",
    }
}

/// How applications prove who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthPolicy {
    /// The application; not stated = any.
    pub application: Option<String>,
    /// How it proves it.
    pub auth_type: Option<AuthType>,
    /// Shared tokens.
    pub token_policies: Vec<TokenPolicy>,
    /// Keys of tokens.
    pub jwt_policies: Vec<JwtPolicy>,
    /// The same as maps, for where the typed list is empty.
    pub params: Vec<BTreeMap<String, String>>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}

/// A shared token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The header; not stated = `Authorization`.
    pub key: Option<String>,
    /// The token.
    pub token: String,
    /// Milliseconds since the epoch from which it counts.
    pub start_time_ms: i64,
    /// Milliseconds since the epoch until which it counts; 0 or less = for ever.
    pub end_time_ms: i64,
}

/// The key of an application's JSON Web Tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtPolicy {
    /// The header; not stated = `Authorization`.
    pub key: Option<String>,
    /// The signature algorithm, as Java names it.
    pub algorithm: Option<String>,
    /// Where keys are: `file` or `classpath`.
    pub key_store: Option<String>,
    /// Name of the private key.
    pub private_key: Option<String>,
    /// Name of the public key.
    pub public_key: Option<String>,
    /// The shared secret.
    pub secret_key: Option<String>,
    /// Life of tokens that the agent itself makes, in milliseconds.
    pub expire_time_ms: i64,
    /// Milliseconds since the epoch from which it counts.
    pub start_time_ms: i64,
    /// Milliseconds since the epoch until which it counts; 0 or less = for ever.
    pub end_time_ms: i64,
}
