//! Reads who calls, and how it is proved.

use super::api_keys::api_keys;
use super::claim_rule::{required_claims, subjects};
use super::jwks::jwks;
use super::object::Obj;
use crate::document::{
    Authentication, AuthenticationPolicy, ClaimToHeader, JwtAlgorithm, Provider, RemoteJwks,
    Requirement, TokenHeader,
};
use crate::finding::Severity;
use crate::json::Json;
use crate::sort::sort;
use std::num::NonZeroU64;

/// Milliseconds to wait for an issuer's keys, unless the document says otherwise.
const TIMEOUT_MS: NonZeroU64 = NonZeroU64::MIN.saturating_add(1_999);
/// Milliseconds to keep an issuer's keys, unless the document says otherwise.
const CACHE_DURATION_MS: NonZeroU64 = NonZeroU64::MIN.saturating_add(599_999);

/// Without the object around them they would make everything public.
const REQUIREMENT: [&str; 5] = [
    "anyOf",
    "allOf",
    "allowMissing",
    "allowMissingOrFailed",
    "passPreflight",
];

pub(super) fn authentication(o: &mut Obj) -> Authentication {
    o.guard();
    o.belong(&REQUIREMENT, "`requirement`");
    Authentication {
        providers: o.objects("providers", provider),
        api_keys: o.object("apiKeys", api_keys),
        requirement: o.object("requirement", requirement),
        cached_tokens: cached_tokens(o),
    }
}

fn cached_tokens(o: &mut Obj) -> u32 {
    let stated = o.whole("cachedTokens");
    let stated = stated.unwrap_or(Authentication::DEFAULT_CACHED_TOKENS);
    if stated > Authentication::MAX_CACHED_TOKENS {
        let most = Authentication::MAX_CACHED_TOKENS;
        o.error(
            "cachedTokens",
            format!("a worker remembers at most {most} tokens"),
        );
    }
    stated.min(Authentication::MAX_CACHED_TOKENS)
}

pub(super) fn authentication_policy(o: &mut Obj) -> AuthenticationPolicy {
    o.guard();
    o.belong(
        &["providers", "apiKeys"],
        "the document's own authentication",
    );
    o.belong(&REQUIREMENT, "`requirement`");
    AuthenticationPolicy {
        requirement: o.object("requirement", requirement).unwrap_or_default(),
        mode: o.word("mode"),
        pointer: o.pointer(),
    }
}

fn requirement(o: &mut Obj) -> Requirement {
    o.guard();
    Requirement {
        any_of: o.texts("anyOf"),
        all_of: o.texts("allOf"),
        allow_missing: o.flag("allowMissing"),
        allow_missing_or_failed: o.flag("allowMissingOrFailed"),
        pass_preflight: o.flag("passPreflight"),
        pointer: o.pointer(),
    }
}

fn provider(name: &str, o: &mut Obj) -> Option<Provider> {
    o.guard();
    unsaid(o);
    let local_jwks = o.object("localJwks", jwks);
    let stated: Vec<JwtAlgorithm> = o.words("algorithms").unwrap_or_default();
    let mut provider = Provider {
        name: name.to_owned(),
        issuer: o.filled("issuer"),
        audiences: o.texts("audiences").unwrap_or_default(),
        algorithms: stated,
        local_jwks,
        remote_jwks: o.object("remoteJwks", remote_jwks).flatten(),
        from_headers: o.list("fromHeaders", token_header),
        from_params: o.texts("fromParams").unwrap_or_default(),
        from_cookies: o.texts("fromCookies").unwrap_or_default(),
        claim_to_headers: o.list("claimToHeaders", claim_to_header),
        forward: o.flag("forward").unwrap_or(true),
        clock_skew_seconds: o
            .whole("clockSkewSeconds")
            .unwrap_or(Provider::DEFAULT_CLOCK_SKEW_SECONDS),
        require_expiration: o.flag("requireExpiration").unwrap_or(true),
        max_lifetime_seconds: o.whole("maxLifetimeSeconds"),
        subjects: subjects(o),
        required_claims: required_claims(o),
        types: o.texts("types").unwrap_or_default(),
        payload_header: o
            .text("payloadHeader")
            .map(|name| name.to_ascii_lowercase()),
        pointer: o.pointer(),
    };
    provider.fill_in();
    Some(provider)
}

/// What is stated and cannot be read has a finding of its own, so it is here that nothing is missed but what is not stated.
fn unsaid(o: &mut Obj) {
    if o.value("localJwks").is_none() && o.value("remoteJwks").is_none() {
        o.error(
            "",
            "neither `localJwks` nor `remoteJwks`: no token could ever be verified",
        );
    }
    let audiences = o.value("audiences");
    if audiences.is_none_or(|(_, stated)| *stated == Json::Array(Vec::new())) {
        let message = "`audiences` is not stated: tokens made for other services pass";
        o.find(Severity::Info, "", message, None);
    }
}

// === impl Provider ===

impl Provider {
    /// Takes what is not stated from what is: algorithms from the keys, and the usual place of a token.
    fn fill_in(&mut self) {
        if self.algorithms.is_empty() {
            let keys = self.local_jwks.iter().flat_map(|set| &set.keys);
            self.algorithms = keys
                .filter_map(|key| key.alg.or(key.material.usual()))
                .collect();
            sort(&mut self.algorithms);
            self.algorithms.dedup();
        }
        if self.algorithms.is_empty() {
            self.algorithms = vec![JwtAlgorithm::Rs256, JwtAlgorithm::Es256];
        }
        if self.from_headers.is_empty()
            && self.from_params.is_empty()
            && self.from_cookies.is_empty()
        {
            self.from_headers.push(TokenHeader::bearer());
        }
    }
}

fn token_header(o: &mut Obj) -> Option<TokenHeader> {
    o.guard();
    let name = o.text("name").unwrap_or_default().to_ascii_lowercase();
    let usual = TokenHeader::bearer();
    let prefix = o.text("prefix");
    let prefix = prefix.unwrap_or_else(|| {
        if name == usual.name {
            usual.prefix
        } else {
            String::new()
        }
    });
    Some(TokenHeader { name, prefix })
}

fn claim_to_header(o: &mut Obj) -> Option<ClaimToHeader> {
    o.guard();
    Some(ClaimToHeader {
        claim: o.text("claim").unwrap_or_default(),
        header: o.text("header").unwrap_or_default().to_ascii_lowercase(),
    })
}

fn remote_jwks(o: &mut Obj) -> Option<RemoteJwks> {
    o.guard();
    let (cluster, uri) = (o.filled("cluster"), o.filled("uri"));
    let timeout_ms = o.whole("timeoutMs").unwrap_or(TIMEOUT_MS);
    let cache_duration_ms = o.whole("cacheDurationMs").unwrap_or(CACHE_DURATION_MS);
    let wait_ms = o.whole("waitMs").unwrap_or_default();
    let (Some(cluster), Some(uri)) = (cluster, uri) else {
        o.error("", "`cluster` and `uri` are needed to fetch keys");
        return None;
    };
    Some(RemoteJwks {
        cluster,
        uri,
        timeout_ms,
        cache_duration_ms,
        wait_ms,
    })
}
