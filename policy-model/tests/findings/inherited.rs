//! What is seen only after inheritance: who is asked, and whom a list lets pass.

use super::assert_found;
use super::authentication::secret;
use policy_model::{Document, Model, Report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn compiled(document: &Value) -> Report {
    let (document, mut report) = Document::read(document.to_string().as_bytes());
    let _ = Model::compile(&document.unwrap(), &mut report);
    report
}

#[track_caller]
fn assert_not_found(report: &Report, words: &str) {
    let found = report.findings().iter().map(ToString::to_string);
    let found: Vec<_> = found.filter(|said| said.contains(words)).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// A service of which `/admin` asks, with this beside `providers`.
fn one_path_asks(more: &Value) -> Value {
    let mut authentication = json!({"providers": {"corp": {"issuer": "https://i", "audiences": ["a"], "localJwks": {"keys": [secret(32)]}}}});
    authentication
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({
        "authentication": authentication,
        "services": [{"name": "s", "groups": [{"name": "default", "defaultGroup": true, "paths": [
            {"path": "/admin", "servicePolicy": {"authentication": {"requirement": {"anyOf": ["corp"]}}}},
            {"path": "/orders"}
        ]}]}]
    })
}

const OPEN: &str = "no default requirement";

#[test]
fn nodes_of_which_nothing_says_who_may_come_are_told() {
    let wanted = "warning at /authentication: no default requirement: nobody is asked for a token or key at 2 of 3 nodes, such \
                  as s/default (write `\"requirement\": {\"anyOf\": [\"corp\"]}` here, or `{\"anyOf\": []}` if it is meant)";
    assert_found(&compiled(&one_path_asks(&json!({}))), wanted);
    assert_found(
        &compiled(&one_path_asks(&json!({"requirement": {}}))),
        wanted,
    );
    let lenient = json!({"requirement": {"allowMissing": true}});
    assert_found(&compiled(&one_path_asks(&lenient)), wanted);

    let keys =
        json!({"fromHeaders": ["x-api-key"], "clients": [{"id": "a", "sha256": "ab".repeat(32)}]});
    let mut by_key = one_path_asks(&json!({"apiKeys": keys, "providers": {}}));
    by_key["services"][0]["groups"][0]["paths"][0]["servicePolicy"]["authentication"]["requirement"] =
        json!({"anyOf": ["apiKeys"]});
    assert_found(
        &compiled(&by_key),
        "warning at /authentication: write `\"requirement\": {\"anyOf\": [\"apiKeys\"]}`",
    );
}

#[test]
fn a_default_requirement_says_it_even_if_it_asks_nobody() {
    for requirement in [
        json!({"anyOf": []}),
        json!({"anyOf": ["corp"]}),
        json!({"allOf": ["corp"]}),
    ] {
        let document = one_path_asks(&json!({"requirement": requirement}));
        assert_not_found(&compiled(&document), OPEN);
    }
}

#[test]
fn nodes_that_all_say_it_need_no_default() {
    let mut document = one_path_asks(&json!({}));
    document["services"][0]["groups"][0]["servicePolicy"] =
        json!({"authentication": {"requirement": {"anyOf": []}}});
    assert_not_found(&compiled(&document), OPEN);
}

#[test]
fn without_providers_and_keys_there_is_nobody_to_ask() {
    let group = json!({"name": "default", "defaultGroup": true});
    let document = json!({"services": [{"name": "s", "groups": [group]}]});
    assert_not_found(&compiled(&document), OPEN);
}

#[test]
fn services_that_ask_applications_are_not_open() {
    let mut document = one_path_asks(&json!({}));
    document["services"][0]["authorized"] = json!(true);
    assert_not_found(&compiled(&document), OPEN);
}

fn permissions(group: &Value, path: &Value) -> Report {
    compiled(
        &json!({"services": [{"name": "s", "groups": [{"name": "default", "defaultGroup": true,
            "servicePolicy": {"permissionPolicies": group},
            "paths": [{"path": "/a", "servicePolicy": {"permissionPolicies": path}}]
        }]}]}),
    )
}

const LETS_PASS: &str = "what a DENY refuses there passes here";

#[test]
fn a_list_that_hides_a_denial_is_warned_of() {
    let ip = json!([{"type": "ip", "opType": "IN", "values": ["192.0.2.0/24"]}]);
    let deny = json!({"name": "blocked", "type": "DENY", "conditions": ip});
    let watch = json!({"name": "blocked", "type": "DENY", "conditions": ip, "mode": "shadow"});
    let get = json!([{"type": "method", "values": ["GET"]}]);
    let allow = json!({"name": "reads", "type": "ALLOW", "conditions": get});
    let other = json!({"name": "writes", "type": "DENY", "conditions": get});
    let off = json!({"name": "blocked", "enabled": false});
    let at = "/services/0/groups/0/paths/0/servicePolicy/permissionPolicies";

    let wanted =
        format!("warning at {at}: hides \"blocked\", inherited from s/default: {LETS_PASS}");
    assert_found(&permissions(&json!([deny]), &json!([allow])), &wanted);
    assert_found(&permissions(&json!([deny]), &json!([other])), &wanted);
    for kept in [
        permissions(&json!([deny]), &json!([deny, allow])),
        permissions(&json!([deny]), &json!([off, allow])),
        permissions(&json!([deny]), &json!([off])),
        permissions(&json!([deny]), &json!([])),
        permissions(&json!([watch]), &json!([allow])),
        permissions(&json!([allow]), &json!([other])),
    ] {
        assert_not_found(&kept, LETS_PASS);
    }
    assert_found(
        &permissions(&json!([allow]), &json!([other])),
        &format!("info at {at}: hides \"reads\", inherited from s/default"),
    );
}
