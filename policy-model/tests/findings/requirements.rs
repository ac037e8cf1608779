//! What a request must bring.

use super::{assert_found, report};
use policy_model::{Document, Model, Report, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn provider(issuer: &str, more: &Value) -> Value {
    let mut provider = json!({
        "issuer": issuer, "audiences": ["a"],
        "localJwks": {"keys": [{"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]},
    });
    let members = provider.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    provider
}

/// A document with providers `corp` and `device`, keys in `keys`, and this requirement.
fn with(device: &Value, keys: &Value, requirement: &Value) -> Report {
    let mut api_keys = json!({"clients": [{"id": "c", "sha256": "ab".repeat(32)}]});
    let members = api_keys.as_object_mut().unwrap();
    members.extend(keys.as_object().unwrap().clone());
    report(&json!({
        "authentication": {
            "providers": {"corp": provider("i", &json!({})), "device": provider("d", device)},
            "apiKeys": api_keys, "requirement": requirement,
        },
        "services": [],
    }))
}

const AT: &str = "/authentication/requirement";

#[test]
fn what_lets_more_pass_than_it_seems_is_said() {
    let own_place = json!({"fromHeaders": [{"name": "x-device"}]});
    let keys = json!({"fromHeaders": ["x-api-key"]});
    let said = |requirement: Value| with(&own_place, &keys, &requirement);
    let good = said(json!({"allOf": ["corp", "device", "apiKeys"], "passPreflight": true}));
    let findings: Vec<_> = good.findings().iter().map(ToString::to_string).collect();
    assert_eq!(findings, Vec::<String>::new());
    assert_found(
        &said(json!({"anyOf": ["corp", "device", "apiKeys"], "allowMissingOrFailed": true})),
        &format!("warning at {AT}/allowMissingOrFailed: forged and expired tokens pass too"),
    );
    assert_found(
        &said(json!({"anyOf": ["corp"], "allowMissing": false, "allowMissingOrFailed": true})),
        &format!("error at {AT}/allowMissingOrFailed: lets pass what `allowMissing` does not"),
    );
    assert_found(
        &said(json!({"anyOf": [], "allOf": ["corp"]})),
        &format!("warning at {AT}/anyOf: makes nothing public"),
    );
    assert_found(
        &said(json!({"allOf": ["crop"]})),
        &format!("error at {AT}/allOf/0: did you mean `corp`?"),
    );
}

#[test]
fn two_issuers_cannot_have_made_one_token() {
    let keys = json!({"fromHeaders": ["x-api-key"]});
    let both = json!({"allOf": ["corp", "device"]});
    let clash = format!("warning at {AT}/allOf: `corp` and `device` look into one place");
    assert_found(&with(&json!({}), &keys, &both), &clash);
    let has = |device: &Value, requirement: &Value| {
        let found = with(device, &keys, requirement);
        found
            .findings()
            .iter()
            .any(|finding| finding.to_string().contains("one place"))
    };
    assert!(has(&json!({}), &both));
    assert!(!has(&json!({"issuer": "i"}), &both));
    assert!(!has(&json!({"fromParams": ["t"]}), &both));
    assert!(!has(&json!({}), &json!({"anyOf": ["corp", "device"]})));
}

#[test]
fn a_place_for_keys_and_tokens_refuses_who_brings_a_token() {
    let device = json!({
        "fromHeaders": [{"name": "x-device", "prefix": "Token "}], "fromParams": ["t"], "fromCookies": ["s"]
    });
    let shared = |keys: &Value, requirement: &Value| {
        let found = with(&device, keys, requirement);
        let findings = found.findings().iter().map(ToString::to_string);
        findings
            .filter_map(|finding| {
                Some(
                    finding
                        .split_once("share ")?
                        .1
                        .split_once(':')?
                        .0
                        .to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let any = json!({"anyOf": ["corp", "device", "apiKeys"]});
    let all = json!({"allOf": ["device", "apiKeys"]});
    for requirement in [&any, &all] {
        assert_eq!(
            shared(&json!({"fromHeaders": ["X-Device"]}), requirement),
            ["the header `x-device`"]
        );
        assert_eq!(
            shared(&json!({"fromParams": ["t"]}), requirement),
            ["the parameter `t`"]
        );
        assert_eq!(
            shared(&json!({"fromCookies": ["s"]}), requirement),
            ["the cookie `s`"]
        );
    }
    // In `authorization` a key has a scheme of its own.
    assert!(shared(&json!({"fromHeaders": ["authorization", "x-key"]}), &any).is_empty());
    let apart = json!({"anyOf": ["device"]});
    assert!(shared(&json!({"fromHeaders": ["x-device"]}), &apart).is_empty());
}

#[test]
fn roles_where_nobody_can_have_one_are_said() {
    let roles = json!({"roles": {"reader": ["READ"]}, "methods": {"GET": "READ"}});
    let said = |group: Value, path: Value| {
        let document = json!({
            "authentication": {"providers": {"corp": provider("i", &json!({}))}, "requirement": {"anyOf": ["corp"]}},
            "services": [{"name": "s", "groups": [{"name": "default", "defaultGroup": true,
                "servicePolicy": group, "paths": [{"path": "/p", "servicePolicy": path}]}]}],
        });
        let (document, mut found) = Document::read(document.to_string().as_bytes());
        let _ = Model::compile(&document.unwrap(), &mut found);
        assert_eq!(found.count(Severity::Error), 0, "{found:?}");
        let findings = found.findings().iter().map(ToString::to_string);
        let nobody = |finding: &String| finding.contains("nobody is asked for a token or key here");
        findings.filter(nobody).count()
    };
    let guarded = json!({"authorization": roles});
    let public = json!({"authentication": {"requirement": {"anyOf": []}}});
    assert_eq!(said(guarded.clone(), json!({})), 0);
    assert_eq!(said(guarded.clone(), public.clone()), 1);
    assert_eq!(said(json!({}), public.clone()), 0);
    let freed = json!({
        "authentication": {"requirement": {"anyOf": []}},
        "authorization": {"roles": {}, "methods": {}, "ownership": []},
    });
    assert_eq!(said(guarded, freed), 0);
    let both = json!({"authentication": {"requirement": {"anyOf": []}}, "authorization": roles});
    // The group and its path.
    assert_eq!(said(both, json!({})), 2);
}

/// Field by field, so that a path which names its own issuer is as open as its service, unless it says otherwise.
#[test]
fn who_must_vouch_and_need_not_be_there_is_said() {
    let said = |path: Value| {
        let document = json!({
            "authentication": {
                "providers": {"corp": provider("i", &json!({})), "staff": provider("s", &json!({}))},
                "requirement": {"anyOf": ["corp"], "allowMissing": true},
            },
            "services": [{"name": "s", "groups": [
                {"name": "default", "defaultGroup": true, "paths": [
                    {"path": "/p", "servicePolicy": {"authentication": {"requirement": path}}},
                ]},
                {"name": "other"},
            ]}],
        });
        let (document, mut found) = Document::read(document.to_string().as_bytes());
        let _ = Model::compile(&document.unwrap(), &mut found);
        let findings = found.findings().iter().map(ToString::to_string);
        let inherited = |finding: &String| finding.contains("that is inherited");
        findings.filter(inherited).collect::<Vec<_>>()
    };
    for open in [
        json!({"anyOf": ["staff"]}),
        json!({"allOf": ["staff"]}),
        json!({"anyOf": ["staff"], "allowMissingOrFailed": false}),
    ] {
        let found = said(open);
        let at = "/services/0/groups/0/paths/0/servicePolicy/authentication/requirement";
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with(&format!("warning at {at}: ")),
            "{found:?}"
        );
    }
    for meant in [
        json!({"anyOf": []}),
        json!({"passPreflight": true}),
        json!({"anyOf": ["staff"], "allowMissing": true}),
        json!({"anyOf": ["staff"], "allowMissing": false}),
        json!({"anyOf": ["staff"], "allowMissingOrFailed": true}),
    ] {
        assert_eq!(said(meant), Vec::<String>::new());
    }
}
