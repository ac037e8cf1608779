//! Who calls, and how it is proved: token issuers, API keys, and what a request must bring.

use super::{ClaimRule, Jwks, JwtAlgorithm, RemoteJwks, authorization::Permission, meta::Mode};
use std::num::NonZeroU32;
use std::rc::Rc;

/// The document's providers of identity and its default requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Authentication {
    /// Issuers of tokens, in the order of the document.
    pub providers: Vec<Provider>,
    /// Clients that bring a key.
    pub api_keys: Option<ApiKeys>,
    /// What a request must bring where no policy says otherwise.
    pub requirement: Option<Requirement>,
    /// How many verified tokens each worker remembers; none = every request's token is verified anew.
    pub cached_tokens: u32,
}

// === impl Authentication ===

impl Authentication {
    /// Verified tokens that a worker remembers, unless the document says otherwise: 4 MiB of memory.
    pub const DEFAULT_CACHED_TOKENS: u32 = 10_000;
    /// The most it can: 400 MiB.
    pub const MAX_CACHED_TOKENS: u32 = 1_000_000;
}

impl Default for Authentication {
    fn default() -> Self {
        Self {
            providers: Vec::new(),
            api_keys: None,
            requirement: None,
            cached_tokens: Self::DEFAULT_CACHED_TOKENS,
        }
    }
}

/// What a service policy says about authentication. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationPolicy {
    /// What a request must bring.
    pub requirement: Requirement,
    /// Whether it acts or only watches.
    pub mode: Option<Mode>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}

/// What a request must bring. Nothing to bring (`anyOf` empty) makes a node public. Of `anyOf` and `allOf` both must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// One of these providers must vouch for it.
    pub any_of: Option<Vec<String>>,
    /// All of these must.
    pub all_of: Option<Vec<String>>,
    /// Whether a request without any credential passes.
    pub allow_missing: Option<bool>,
    /// Whether a request passes that brings none, or bad ones: as if it had brought none.
    pub allow_missing_or_failed: Option<bool>,
    /// Whether a browser's preflight request passes without credentials.
    pub pass_preflight: Option<bool>,
    /// JSON pointer of the requirement; empty if there is none.
    pub pointer: Rc<str>,
}

/// An issuer of JSON Web Tokens (RFC 7519).
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its name in requirements.
    pub name: String,
    /// `iss`; not stated = any.
    pub issuer: Option<String>,
    /// `aud` must be one of these; empty = any.
    pub audiences: Vec<String>,
    /// The signatures that count. Not stated in the document = those that its local keys are for, else RS256 and ES256.
    pub algorithms: Vec<JwtAlgorithm>,
    /// Its keys.
    pub local_jwks: Option<Jwks>,
    /// Where its keys are.
    pub remote_jwks: Option<RemoteJwks>,
    /// Headers that may carry the token. `authorization: Bearer` if the document names no place at all.
    pub from_headers: Vec<TokenHeader>,
    /// Query parameters that may carry it.
    pub from_params: Vec<String>,
    /// Cookies that may carry it.
    pub from_cookies: Vec<String>,
    /// Claims that go on as request headers.
    pub claim_to_headers: Vec<ClaimToHeader>,
    /// Whether the token itself goes on (the default).
    pub forward: bool,
    /// Seconds that clocks may differ.
    pub clock_skew_seconds: u32,
    /// Whether a token must have `exp` (the default).
    pub require_expiration: bool,
    /// The longest life, `exp` - `iat`, that is believed.
    pub max_lifetime_seconds: Option<NonZeroU32>,
    /// What `sub` must be; not stated = anything.
    pub subjects: Option<ClaimRule>,
    /// Claims that must be there, and what they must be.
    pub required_claims: Vec<ClaimRule>,
    /// `typ` must be one of these media types; empty = any or none.
    pub types: Vec<String>,
    /// The request header that takes the payload, in lower case.
    pub payload_header: Option<String>,
    /// JSON pointer of the provider.
    pub pointer: Rc<str>,
}

/// A header that may carry a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHeader {
    /// Its name, in lower case.
    pub name: String,
    /// What stands before the token, `"Bearer "`.
    pub prefix: String,
}

/// A claim that goes on as a request header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimToHeader {
    /// Path of the claim.
    pub claim: String,
    /// The header, in lower case.
    pub header: String,
}

/// Clients that bring a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiKeys {
    /// Headers that may carry it, in lower case.
    pub from_headers: Vec<String>,
    /// Query parameters that may carry it.
    pub from_params: Vec<String>,
    /// Cookies that may carry it.
    pub from_cookies: Vec<String>,
    /// The request header that takes the client's id, in lower case.
    pub client_header: Option<String>,
    /// Whether the key itself goes on. Not if the document does not say so: a key is a password, and no service needs it.
    pub forward: bool,
    /// The clients.
    pub clients: Vec<ApiKeyClient>,
    /// JSON pointer of the object.
    pub pointer: Rc<str>,
}

/// A client that brings a key. The key itself is never in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyClient {
    /// What it is called in conditions, limits and logs.
    pub id: String,
    /// SHA-256 of its key.
    pub sha256: [u8; 32],
    /// Its roles.
    pub roles: Vec<String>,
    /// What it may do beside what its roles may.
    pub permissions: Vec<Permission>,
    /// The key counts from this second of the Unix epoch on.
    pub not_before: Option<u64>,
    /// The key counts before this second of the Unix epoch.
    pub expires: Option<u64>,
    /// Whether the key counts at all (the default).
    pub enabled: bool,
    /// JSON pointer of the client.
    pub pointer: Rc<str>,
}

// === impl ApiKeys ===

impl ApiKeys {
    /// How requirements name the clients that bring a key, beside the names of providers.
    pub const NAME: &'static str = "apiKeys";

    /// What stands before the key in a header of this name: its scheme in `authorization`, else nothing.
    #[must_use]
    pub fn prefix(header: &str) -> &'static str {
        match header {
            "authorization" => "ApiKey ",
            _ => "",
        }
    }
}

// === impl Provider ===

impl Provider {
    /// Seconds that clocks may differ, unless the document says otherwise.
    pub const DEFAULT_CLOCK_SKEW_SECONDS: u32 = 60;
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            name: String::new(),
            issuer: None,
            audiences: Vec::new(),
            algorithms: Vec::new(),
            local_jwks: None,
            remote_jwks: None,
            from_headers: Vec::new(),
            from_params: Vec::new(),
            from_cookies: Vec::new(),
            claim_to_headers: Vec::new(),
            forward: true,
            clock_skew_seconds: Self::DEFAULT_CLOCK_SKEW_SECONDS,
            require_expiration: true,
            max_lifetime_seconds: None,
            subjects: None,
            required_claims: Vec::new(),
            types: Vec::new(),
            payload_header: None,
            pointer: Rc::default(),
        }
    }
}

// === impl TokenHeader ===

impl TokenHeader {
    /// Where a token is if the document names no place (RFC 6750, section 2.1).
    #[must_use]
    pub fn bearer() -> Self {
        Self {
            name: "authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        }
    }
}
