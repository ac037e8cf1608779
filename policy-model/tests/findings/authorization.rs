//! Roles, permissions, and what belongs to whom.

use super::{GROUP, assert_found, authentication::secret, report};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn roles_and_permissions_meet() {
    let said = report(&json!({
        "services": [{"name": "s", "groups": [{"name": "default", "servicePolicy": {"authorization": {
            "roles": {"reader": ["READ"], "broken": ["SEE"]}, "methods": {"GET": "READ", "PUT": "WRITE"}
        }}}]}],
        "authentication": {"apiKeys": {"fromHeaders": ["x"], "clients": [
            {"id": "a", "sha256": "ab".repeat(32), "roles": ["raeder"]}
        ]}}
    }));
    let at = "/services/0/groups/0/servicePolicy/authorization";
    assert_found(
        &said,
        &format!("error at {at}/roles/broken: `SEE` is none of READ, WRITE"),
    );
    assert_found(
        &said,
        &format!("warning at {at}/methods/PUT: no role has WRITE: nobody can call PUT"),
    );
    assert_found(
        &said,
        "warning at /authentication/apiKeys/clients/0/roles/0: did you mean `reader`?",
    );
}

#[test]
fn what_nobody_could_own_is_refused() {
    let rule = |variable: &str| json!({"authorization": {"ownership": [{"pathVariable": variable, "claim": "sub"}]}});
    let with = |kind: &str, group: &Value, path: &str, own: &Value| {
        let paths = json!([{"path": path, "servicePolicy": own}]);
        let group = json!({"name": "default", "servicePolicy": group, "paths": paths});
        report(&json!({
            "authentication": {"providers": {"corp": {"localJwks": {"keys": [{"kty": "oct", "k": "A".repeat(43)}]}}}},
            "services": [{"name": "s", "serviceType": kind, "groups": [group]}],
        }))
    };
    let has = |report: &Report, what: &str| {
        let found: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
        found.iter().any(|finding| finding.contains(what))
    };
    let (none, path) = (json!({}), "/users/{id}");
    assert!(!has(&with("HTTP", &rule("id"), path, &none), "variable"));
    assert!(!has(&with("HTTP", &none, path, &rule("id")), "variable"));
    let below = "error at /services/0/groups/0/paths/0/servicePolicy/authorization/ownership/0/pathVariable";
    assert_found(
        &with("HTTP", &none, path, &rule("user")),
        &format!("{below}: the path has no variable `{{user}}`"),
    );
    assert_found(
        &with("RPC_APP", &none, "com.{id}.Foo", &rule("id")),
        &format!("{below}: the path has no variable `{{id}}`"),
    );
    let at = format!("{GROUP}/authorization/ownership/0/pathVariable");
    assert_found(
        &with("HTTP", &rule("user"), path, &none),
        &format!("error at {at}: no path here has a variable `{{user}}`"),
    );
}

/// A group inherits by where a variable stands, and a rule finds it by its name.
#[test]
fn an_inherited_owner_must_find_the_variable_by_its_name() {
    let rule = json!({"authorization": {"ownership": [{"pathVariable": "id", "claim": "sub"}]}});
    let with = |path: &str, own: &Value| {
        let default = json!({"name": "default", "defaultGroup": true, "paths": [{"path": "/users/{id}", "servicePolicy": rule}]});
        let gold = json!({"name": "gold", "paths": [{"path": path, "servicePolicy": own}]});
        report(&json!({
            "authentication": {"providers": {"corp": {"localJwks": {"keys": [secret(32)]}}}},
            "services": [{"name": "s", "groups": [default, gold]}],
        }))
    };
    let said = |report: &Report| {
        report
            .findings()
            .iter()
            .any(|finding| finding.message.contains("so too"))
    };
    assert_found(
        &with("/users/{uid}", &json!({})),
        "error at /services/0/groups/1/paths/0/path: about a variable `{id}`: call its own variable so too",
    );
    assert!(!said(&with("/users/{id}", &json!({}))));
    assert!(!said(&with("/orders/{uid}", &json!({}))), "another path");
}
