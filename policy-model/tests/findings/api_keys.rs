//! Clients that bring a key.

use super::{GROUP, assert_found, assert_sound, at_group, authentication::secret, report};
use policy_model::{Document, Report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn api_keys_belong_to_one_client_each() {
    let digest = "ab".repeat(32);
    let said = report(&json!({"authentication": {"apiKeys": {"clients": [
        {"id": "a", "sha256": digest}, {"id": "a", "sha256": digest}, {"sha256": "cd".repeat(32)}
    ]}}}));
    let at = "/authentication/apiKeys";
    assert_found(
        &said,
        &format!("error at {at}: nothing says where a key is"),
    );
    assert_found(
        &said,
        &format!("error at {at}/clients/1: client `a` is already"),
    );
    assert_found(
        &said,
        &format!("error at {at}/clients/1: another client has the same key"),
    );
    assert_found(&said, &format!("error at {at}/clients/2: `id` is missing"));
}

fn api_keys(more: &Value, client: &Value) -> Report {
    let with = |mut object: Value, more: &Value| {
        let members = object.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        object
    };
    let client = with(json!({"id": "a", "sha256": "ab".repeat(32)}), client);
    let keys = json!({"fromHeaders": ["x-api-key"], "clients": [client]});
    let keys = with(keys, more);
    report(&json!({"authentication": {"apiKeys": keys, "requirement": {"anyOf": ["apiKeys"]}}}))
}

#[test]
fn a_sound_client_has_its_defaults_and_its_times() {
    let sound = json!({"notBefore": "2026-01-01T00:00:00+08:00", "expires": 1_800_000_000, "permissions": ["READ"]});
    let text = json!({"authentication": {
        "apiKeys": {"fromHeaders": ["X-Api-Key"], "clients": [{"id": "a", "sha256": "aB".repeat(32)}]},
        "requirement": {"anyOf": ["apiKeys"]}
    }});
    let (document, said) = Document::read(text.to_string().as_bytes());
    assert_sound(&said);
    let keys = document.unwrap().authentication.api_keys.unwrap();
    let client = keys.clients.first().unwrap();
    assert_eq!(
        (keys.from_headers, keys.forward, client.enabled),
        (vec!["x-api-key".to_owned()], false, true)
    );
    assert_eq!(
        (client.sha256, client.not_before, client.expires),
        ([0xab; 32], None, None)
    );
    assert_sound(&api_keys(&json!({}), &sound));
}

#[test]
fn a_key_that_would_count_otherwise_than_meant_is_refused() {
    let at = "/authentication/apiKeys";
    for (client, wanted) in [
        (
            json!({"expires": "2027-01-01"}),
            "/expires: expected a time such as",
        ),
        (
            json!({"notBefore": 1_700_000_000_000u64}),
            "/notBefore: expected a time",
        ),
        (
            json!({"notBefore": 9, "expires": 9}),
            "/expires: ends before it starts",
        ),
        (
            json!({"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}),
            "/sha256: the SHA-256 of an empty key",
        ),
        (
            json!({"sha256": "ab".repeat(33)}),
            "/sha256: expected the 64",
        ),
        (
            json!({"permissions": ["LOOK"]}),
            "/permissions/0: `LOOK` is none of READ",
        ),
        (json!({"expire": 9}), "/expire: did you mean `expires`?"),
    ] {
        assert_found(
            &api_keys(&json!({}), &client),
            &format!("error at {at}/clients/0{wanted}"),
        );
    }
    for name in ["x key", "content-length", ":path", "host"] {
        assert_found(
            &api_keys(&json!({"fromHeaders": [name]}), &json!({})),
            &format!("error at {at}/fromHeaders/0: `{name}` is no header's name"),
        );
    }
}

#[test]
fn a_header_that_says_who_calls_says_nothing_else() {
    for (header, id, wanted) in [
        ("X_User", "a", "clientHeader: has a claim in it"),
        ("host", "a", "clientHeader: `host` is not"),
        ("x-client", " a", "clients/0/id: no header can hold"),
    ] {
        let rules = json!([{"claim": "sub", "header": "x-user"}]);
        let said = report(&json!({"authentication": {
            "providers": {"corp": {"localJwks": {"keys": [secret(32)]}, "claimToHeaders": rules}},
            "apiKeys": {"clientHeader": header, "clients": [{"id": id, "sha256": "ab".repeat(32)}]}
        }}));
        assert_found(&said, &format!("error at /authentication/apiKeys/{wanted}"));
    }
}

#[test]
fn requirements_name_keys_and_no_provider_takes_their_name() {
    let keys = json!({"fromHeaders": ["x"], "clients": [{"id": "a", "sha256": "ab".repeat(32)}]});
    assert_found(
        &report(&json!({"authentication": {"apiKeys": keys}})),
        "warning at /authentication/apiKeys: no requirement names `apiKeys`",
    );
    assert_found(
        &report(&json!({"authentication": {"requirement": {"anyOf": ["apiKeys"]}}})),
        "error at /authentication/requirement/anyOf/0: no provider is called `apiKeys`",
    );
    let provider = json!({"apiKeys": {"localJwks": {"keys": [secret(32)]}}});
    let clash = report(&json!({"authentication": {
        "providers": provider, "apiKeys": keys, "requirement": {"anyOf": ["apiKeys"]}
    }}));
    assert_found(
        &clash,
        "error at /authentication/providers/apiKeys: call the provider something else",
    );
}

#[test]
fn conditions_and_limits_by_key_are_for_a_document_with_keys() {
    let window = json!([{"threshold": 1, "timeWindowInMs": 1000}]);
    let policy = json!({
        "rateLimitPolicies": [{
            "name": "r", "key": [{"type": "apiKey"}], "slidingWindows": window,
            "conditions": [{"type": "apiKey", "values": ["a"]}]
        }],
        "concurrencyLimitPolicies": [{"name": "c", "key": [{"type": "apiKey"}], "maxConcurrency": 2}]
    });
    let said = at_group(&policy);
    for place in [
        "rateLimitPolicies/0/key/0",
        "rateLimitPolicies/0/conditions/0",
        "concurrencyLimitPolicies/0/key/0",
    ] {
        let wanted = format!("warning at {GROUP}/{place}: no request has an API key");
        assert_found(&said, &wanted);
    }
    let group = json!({"name": "default", "defaultGroup": true, "servicePolicy": policy});
    let client = json!({"id": "a", "sha256": "ab".repeat(32)});
    assert_sound(&report(&json!({
        "authentication": {
            "apiKeys": {"fromHeaders": ["x-api-key"], "clients": [client]},
            "requirement": {"anyOf": ["apiKeys"]}
        },
        "services": [{"name": "s", "groups": [group]}]
    })));
}
