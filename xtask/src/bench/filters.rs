//! Filter configurations: Envoy's own that do a like work, and our modules.

use super::traffic::USERS;
use benches::document::{DAY_MS, LIMITED_USER, UNREACHABLE};
use serde_json::{Value, json};
use testkit::tokens;

/// The header that our routing writes for `header_to_metadata`; shipped configurations have the same rule.
const SUBSET: &str = "x-steward-subset";

/// A module of ours, with its document.
pub(super) fn wasm(module: &str, document: &Value) -> Value {
    module_with(module, &document.to_string())
}

/// A module with its configuration as text.
pub(super) fn module_with(module: &str, configuration: &str) -> Value {
    json!({
        "name": module,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": module,
                "failure_policy": "FAIL_RELOAD",
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration,
                },
                "vm_config": {
                    "vm_id": "steward",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": format!("/etc/steward/{module}.wasm") } },
                },
            },
        },
    })
}

/// `jwt_authn`; with a cache it holds every token of the load.
pub(super) fn jwt_authn(cached: bool) -> Value {
    let mut provider = json!({
        "issuer": tokens::ISSUER,
        "audiences": [tokens::AUDIENCE],
        "forward": true,
        "local_jwks": { "inline_string": tokens::public_jwks().unwrap_or_default().to_string() },
        "payload_in_metadata": "claims",
        "claim_to_headers": [{ "claim_name": "sub", "header_name": "x-user-id" }],
    });
    if let Some(provider) = provider.as_object_mut().filter(|_| cached) {
        let cache = json!({ "jwt_cache_size": 2 * USERS, "jwt_max_token_size": 4_096 });
        provider.insert("jwt_cache_config".into(), cache);
    }
    filter(
        "jwt_authn",
        "JwtAuthentication",
        json!({
            "providers": { "corp": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "corp" } }],
        }),
    )
}

/// `rbac`: whoever has a subject.
pub(super) fn rbac() -> Value {
    let subject = json!({ "metadata": {
        "filter": "envoy.filters.http.jwt_authn",
        "path": [{ "key": "claims" }, { "key": "sub" }],
        "value": { "string_match": { "safe_regex": { "regex": ".+" } } },
    } });
    filter(
        "rbac",
        "RBAC",
        json!({ "rules": { "action": "ALLOW", "policies": { "users": {
            "permissions": [{ "any": true }],
            "principals": [subject],
        } } } }),
    )
}

/// `local_ratelimit`: a bucket for each value of a header, made when it first comes.
pub(super) fn local_ratelimit(header: &str) -> Value {
    let always = json!({ "default_value": { "numerator": 100, "denominator": "HUNDRED" } });
    let bucket = |tokens: u32, fill: String| json!({ "max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": fill });
    let (second, day) = (|| "1s".to_owned(), || format!("{}s", DAY_MS / 1_000));
    filter(
        "local_ratelimit",
        "LocalRateLimit",
        json!({
            "stat_prefix": "limit",
            "token_bucket": bucket(UNREACHABLE, second()),
            "filter_enabled": always.clone(),
            "filter_enforced": always,
            "always_consume_default_token_bucket": false,
            "max_dynamic_descriptors": 2 * USERS,
            "rate_limits": [{ "actions": [{ "request_headers": { "header_name": header, "descriptor_key": "user" } }] }],
            "descriptors": [
                { "entries": [{ "key": "user", "value": LIMITED_USER }], "token_bucket": bucket(1, day()) },
                { "entries": [{ "key": "user" }], "token_bucket": bucket(UNREACHABLE, second()) },
            ],
        }),
    )
}

/// `header_to_metadata` with the lane as the client's header names it.
pub(super) fn lane_to_metadata() -> Value {
    to_metadata(json!({
        "header": "x-lane",
        "on_header_present": { "metadata_namespace": "envoy.lb", "key": "lane", "type": "STRING" },
        "on_header_missing": { "metadata_namespace": "envoy.lb", "key": "lane", "value": "base", "type": "STRING" },
        "remove": true,
    }))
}

/// `header_to_metadata` as it stands behind our routing in the shipped configuration.
pub(super) fn subset_to_metadata() -> Value {
    to_metadata(json!({
        "header": SUBSET,
        "on_header_present": { "metadata_namespace": "envoy.lb", "key": "fallback_list", "type": "PROTOBUF_VALUE", "encode": "BASE64" },
        "on_header_missing": { "metadata_namespace": "envoy.lb", "key": "steward", "value": "any", "type": "STRING" },
        "remove": true,
    }))
}

/// The last of every chain.
pub(super) fn router() -> Value {
    filter("router", "Router", json!({}))
}

#[expect(clippy::needless_pass_by_value, reason = "it is built in the call")]
fn to_metadata(rule: Value) -> Value {
    filter(
        "header_to_metadata",
        "Config",
        json!({ "request_rules": [rule] }),
    )
}

fn filter(name: &str, message: &str, mut config: Value) -> Value {
    let kind = format!("type.googleapis.com/envoy.extensions.filters.http.{name}.v3.{message}");
    if let Some(config) = config.as_object_mut() {
        config.insert("@type".into(), kind.into());
    }
    json!({ "name": format!("envoy.filters.http.{name}"), "typed_config": config })
}
