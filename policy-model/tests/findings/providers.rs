//! What a provider demands of its tokens.

use super::{assert_found, report};
use policy_model::{Report, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn provider(more: &Value) -> Report {
    let mut provider = json!({
        "issuer": "i", "audiences": ["a"],
        "localJwks": {"keys": [{"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]},
    });
    let members = provider.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    report(&json!({
        "authentication": {"providers": {"corp": provider}, "requirement": {"anyOf": ["corp"]}},
        "services": [],
    }))
}

const CORP: &str = "/authentication/providers/corp";

#[test]
fn rules_for_claims_have_a_short_and_a_long_spelling() {
    for rule in [
        json!("a"),
        json!(["a", 7, true]),
        json!([]),
        json!(null),
        json!({"opType": "PREFIX", "value": ["a"]}),
        json!({"opType": "REGULAR", "values": ["a.*"]}),
        json!({"opType": "NOT_IN", "values": ["a"]}),
    ] {
        let found = provider(&json!({"requiredClaims": {"a/b": rule}}));
        assert_eq!(found.count(Severity::Error), 0, "{rule}: {found:?}");
    }
}

#[test]
fn rules_that_say_nothing_or_cannot_be_compared_are_refused() {
    for (rule, wanted) in [
        (
            json!({"opType": "SUFFIX", "values": ["a"]}),
            "/requiredClaims/a~1b/opType: `SUFFIX` is none of",
        ),
        (
            json!({"opType": "REGULAR", "values": ["("]}),
            "/requiredClaims/a~1b: not a regular expression",
        ),
        (
            json!({"opType": "PREFIX"}),
            "/requiredClaims/a~1b: a rule has `opType` and `values`",
        ),
        (
            json!({"op": "PREFIX", "values": ["a"]}),
            "/requiredClaims/a~1b: a rule has `opType` and `values`",
        ),
        (
            json!({"opType": "NOT_IN", "values": []}),
            "/requiredClaims/a~1b: no value to compare by NOT_IN",
        ),
        (json!([["a"]]), "/requiredClaims/a~1b: "),
    ] {
        let found = provider(&json!({"requiredClaims": {"a/b": rule}}));
        assert_found(&found, &format!("error at {CORP}{wanted}"));
    }
    assert_found(
        &provider(&json!({"requiredClaims": {"": ["a"]}})),
        &format!("error at {CORP}/requiredClaims: a claim without a name"),
    );
}

#[test]
fn subjects_types_and_the_payloads_header_say_something() {
    for (more, wanted) in [
        (json!({"subjects": []}), "/subjects: no subject could pass"),
        (
            json!({"subjects": {"opType": "REGULAR", "values": ["["]}}),
            "/subjects: not a regular expression",
        ),
        (
            json!({"types": ["JWT", ""]}),
            "/types/1: `` is no media type",
        ),
        (
            json!({"payloadHeader": "x payload"}),
            "/payloadHeader: `x payload` is no header's name",
        ),
        (
            json!({"payloadHeader": "Host"}),
            "/payloadHeader: `host` is not a claim's to set",
        ),
        (
            json!({"payloadHeader": "X-User", "claimToHeaders": [{"claim": "sub", "header": "x-user"}]}),
            ": header of claims `x-user`",
        ),
    ] {
        assert_found(&provider(&more), &format!("error at {CORP}{wanted}"));
    }
    let good = json!({"subjects": ["ann"], "types": ["at+jwt"], "payloadHeader": "X-Payload"});
    assert_eq!(provider(&good).count(Severity::Error), 0);
}
