//! Unknown, doubled, misplaced and mistyped members.

use super::{GROUP, assert_found, assert_sound, at_group, report};
use policy_model::{Document, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn an_unknown_member_is_a_warning_with_what_was_meant() {
    let said = report(&json!({"services": [{"name": "s", "groups": [], "zone": 1}]}));
    assert_found(&said, "warning at /services/0/zone: unknown field `zone`");
    let live = at_group(&json!({"livePolicy": {"unitPolcy": "NONE"}}));
    assert_found(
        &live,
        &format!(
            "warning at {GROUP}/livePolicy/unitPolcy: unknown field `unitPolcy` (did you mean `unitPolicy`?)"
        ),
    );
}

#[test]
fn a_slip_where_it_protects_is_an_error() {
    for (policy, slip) in [
        (json!({"rateLimitPolices": []}), "rateLimitPolices"),
        (
            json!({"authentication": {"requirment": {"anyOf": []}}}),
            "authentication/requirment",
        ),
        (
            json!({"authentication": {"requirement": {"anyof": []}}}),
            "authentication/requirement/anyof",
        ),
    ] {
        assert_found(
            &at_group(&policy),
            &format!("error at {GROUP}/{slip}: unknown field"),
        );
    }
}

#[test]
fn a_member_in_the_wrong_place_is_an_error_that_says_the_right_one() {
    let limits = json!([{"name": "r", "slidingWindows": [{"threshold": 1, "timeWindowInMs": 1}]}]);
    let service = report(&json!([{"name": "s", "groups": [], "rateLimitPolicies": limits}]));
    assert_found(
        &service,
        "error at /0/rateLimitPolicies: `rateLimitPolicies` does nothing here (it belongs in groups[].servicePolicy)",
    );
    let group =
        report(&json!([{"name": "s", "groups": [{"name": "default", "authentication": {}}]}]));
    assert_found(
        &group,
        "error at /0/groups/0/authentication: `authentication` does nothing here",
    );
    let policy = at_group(&json!({"authentication": {"providers": {}}}));
    assert_found(
        &policy,
        &format!("error at {GROUP}/authentication/providers: `providers` does nothing"),
    );
}

#[test]
fn a_doubled_member_is_an_error() {
    let (document, said) = Document::read(br#"[{"name": "a", "groups": [], "name": "b"}]"#);
    assert_found(&said, "error at /0/name: `name` is given twice");
    assert_eq!(document.unwrap().services.first().unwrap().name, "b");
    let (_, said) = Document::read(br#"{"authentication": {"providers": {"a": {}, "a": {}}}}"#);
    assert_found(
        &said,
        "error at /authentication/providers/a: `a` is given twice",
    );
}

#[test]
fn two_spellings_of_one_field_may_not_differ() {
    let retry = |more: Value| {
        let mut retry = json!({"retry": 1, "interval": 5});
        retry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        at_group(&json!({"clusterPolicy": {"type": "failover", "retryPolicy": retry}}))
    };
    let other = retry(json!({"retryInterval": 6}));
    let place = format!("{GROUP}/clusterPolicy/retryPolicy/retryInterval");
    assert_found(
        &other,
        &format!("error at {place}: `retryInterval` is another name of `interval`"),
    );
    assert_eq!(retry(json!({"retryInterval": 5})).count(Severity::Error), 0);
}

#[test]
fn wrong_types_are_all_found_at_once() {
    let said = report(&json!({"services": [
        {"name": [], "version": "x", "aliases": "a", "groups": [{"defaultGroup": "maybe"}, 7]}
    ]}));
    for wanted in [
        "error at /services/0/name: expected a string, found an array",
        "error at /services/0/version: expected a whole number, found `x`",
        "error at /services/0/aliases: expected an array, found a string",
        "error at /services/0/groups/0/defaultGroup: expected true or false, found a string",
        "error at /services/0/groups/1: expected an object, found a number",
    ] {
        assert_found(&said, wanted);
    }
}

#[test]
fn a_document_of_the_wrong_shape_is_refused() {
    for text in ["7", "\"services\"", "null", "[1]", ""] {
        assert!(Document::read(text.as_bytes()).1.is_refusal(), "{text}");
    }
}

#[test]
fn a_protobuf_struct_is_recognized() {
    let mut bytes = b"\n\x1c\n\x08services\x12\x10".to_vec();
    bytes.extend([0x32; 16]);
    let (document, said) = Document::read(&bytes);
    assert!(document.is_none());
    let suggestion = said.findings().first().unwrap().suggestion.clone().unwrap();
    assert!(
        suggestion.contains("google.protobuf.StringValue"),
        "{suggestion}"
    );
    let (_, said) = Document::read(b"\n{,}");
    assert_eq!(said.findings().first().unwrap().suggestion, None);
}

#[test]
fn a_whole_document_is_never_taken_for_a_part() {
    for part in ["spec", "lanes", "groups"] {
        let text = json!({"services": [{"name": "s", "groups": []}], part: {}}).to_string();
        let (document, said) = Document::read(text.as_bytes());
        assert_eq!(document.unwrap().services.len(), 1);
        assert_found(
            &said,
            &format!("warning at /{part}: unknown field `{part}`"),
        );
    }
}

#[test]
fn a_document_that_governs_nothing_is_said() {
    for document in [json!({}), json!([]), json!({"policies": []})] {
        assert_found(&report(&document), "warning at /: governs nothing");
    }
}

#[test]
fn every_form_of_joylives_files_is_taken() {
    let service = json!({"name": "s", "groups": []});
    let lanes = json!({"id": "1", "lanes": []});
    let live = json!({"spec": {"id": "1"}});
    let counts = |document: Value| {
        let document = Document::read(document.to_string().as_bytes()).0.unwrap();
        let Document {
            services,
            lane_spaces,
            live_spaces,
            ..
        } = document;
        (services.len(), lane_spaces.len(), live_spaces.len())
    };
    assert_eq!(counts(json!([service, service])), (2, 0, 0));
    assert_eq!(counts(service), (1, 0, 0));
    assert_eq!(counts(json!([lanes])), (0, 1, 0));
    assert_eq!(counts(lanes), (0, 1, 0));
    assert_eq!(counts(json!([live])), (0, 0, 1));
    assert_eq!(counts(live), (0, 0, 1));
    assert_eq!(counts(json!([])), (0, 0, 0));
}

#[test]
fn a_whole_sound_document_has_no_findings() {
    assert_sound(&report(&json!({
        "$schema": "https://example.org/steward.json",
        "service": "Orders",
        "services": [{
            "name": "orders", "serviceType": "HTTP", "version": 7, "aliases": ["orders.example"],
            "groups": [{
                "name": "default", "defaultGroup": true,
                "servicePolicy": {
                    "rateLimitPolicies": [{
                        "name": "all", "realizeType": "TokenBucket", "parameters": {"maxBurstSeconds": "1"},
                        "slidingWindows": [{"threshold": 10, "timeWindowInMs": 1000}],
                        "key": [{"type": "ip", "prefixV6": 56}]
                    }],
                    "circuitBreakPolicies": [{
                        "name": "open", "level": "SERVICE", "slidingWindowType": "count",
                        "slidingWindowSize": 10, "minCallsThreshold": 5, "errorCodes": [500],
                        "degradeConfig": {"responseCode": 200, "attributes": {"x-a": "b"}, "responseBody": "{}"}
                    }]
                },
                "paths": [{
                    "path": "/orders/{id}", "matchType": "EQUAL",
                    "methods": [{"name": "GET"}, {"name": "DELETE"}]
                }]
            }]
        }],
        "settings": {"group": "default", "rateLimitHeaders": "ietf", "rateLimitHeadersOnSuccess": true}
    })));
}
