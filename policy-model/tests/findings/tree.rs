//! Services, groups, paths, methods and the names of policies.

use super::{GROUP, assert_found, assert_sound, at_group, report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn service(name: &str, more: &Value) -> Value {
    let mut service = json!({"name": name, "groups": [{"name": "default", "defaultGroup": true}]});
    service
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    service
}

fn paths(paths: &Value) -> policy_model::Report {
    report(
        &json!([{"name": "s", "groups": [{"name": "default", "defaultGroup": true, "paths": paths}]}]),
    )
}

#[test]
fn a_name_belongs_to_one_service() {
    let two = json!([
        service("orders", &json!({})),
        service("b", &json!({"aliases": ["x", "Orders"]}))
    ]);
    assert_found(
        &report(&two),
        "error at /1/aliases/1: `Orders` is already a name of the service at /0",
    );
    assert_sound(&report(&json!([
        service("a", &json!({"aliases": ["b"]})),
        service("c", &json!({}))
    ])));
}

#[test]
fn a_name_is_a_host_in_any_spelling() {
    for other in ["orders.", "Orders:8080", "ORDERS.:80", "[orders]"] {
        let two = json!([service("orders", &json!({})), service(other, &json!({}))]);
        assert_found(
            &report(&two),
            &format!("error at /1/name: `{other}` is already a name of the service at /0"),
        );
    }
}

#[test]
fn groups_that_no_request_can_be_for_are_refused() {
    let services = json!([{"name": "s", "groups": [{"name": "prod"}]}]);
    assert_found(
        &report(&json!({"services": services})),
        "error at /services/0: no default group, and no request may name a group",
    );
    for settings in [
        json!({"trustedClientHeaders": true}),
        json!({"group": "prod"}),
    ] {
        assert_found(
            &report(&json!({"services": services, "settings": settings})),
            "warning at /services/0: no default group",
        );
    }
}

#[test]
fn two_spellings_of_a_path_are_one_path() {
    for (one, other) in [
        ("/a", "/%61"),
        ("/b c", "/b%20c"),
        ("/é", "/%c3%a9"),
        ("/{x}", "/{y}/"),
    ] {
        let said = paths(&json!([{"path": one}, {"path": other}]));
        assert_found(
            &said,
            &format!("error at /0/groups/0/paths/1/path: `{other}` matches the same as `{one}`"),
        );
    }
}

#[test]
fn a_service_without_a_name_is_refused() {
    assert_found(
        &report(&json!([service("", &json!({}))])),
        "error at /0: `name` is missing",
    );
}

#[test]
fn the_own_service_must_exist() {
    let said = report(&json!({"service": "ordrs", "services": [service("orders", &json!({}))]}));
    assert_found(
        &said,
        "error at /service: no service is called `ordrs` (did you mean `orders`?)",
    );
}

#[test]
fn groups_have_names_of_their_own_and_one_default() {
    let groups = |groups: Value| report(&json!([{"name": "s", "groups": groups}]));
    let twice = groups(json!([{"name": "default"}, {"name": "Gray"}, {"name": "gray"}]));
    assert_found(
        &twice,
        "error at /0/groups/2: group `gray` is already at /0/groups/1",
    );
    let flagged =
        groups(json!([{"name": "a", "defaultGroup": true}, {"name": "b", "defaultGroup": true}]));
    assert_found(
        &flagged,
        "warning at /0/groups/0/defaultGroup: the last counts, /0/groups/1",
    );
    assert_found(
        &groups(json!([{"name": "a"}])),
        "error at /0: no default group",
    );
    assert_found(
        &groups(json!([{"name": "default"}, {}])),
        "error at /0/groups/1: `name` is missing",
    );
    assert_sound(&groups(json!([{"name": "Default"}, {"name": "b"}])));
}

#[test]
fn a_path_is_declared_once() {
    for (first, second) in [
        (json!({"path": "/a"}), json!({"path": "/a"})),
        (json!({"path": "/a"}), json!({"path": "/a/"})),
        (
            json!({"path": "/a", "matchType": "PREFIX"}),
            json!({"path": "/a"}),
        ),
        (json!({"path": "/a/{x}"}), json!({"path": "/a/{y}"})),
        (json!({}), json!({"path": "/"})),
        (
            json!({"path": "/[ab]", "matchType": "REGULAR"}),
            json!({"path": "/[ab]", "matchType": "REGULAR"}),
        ),
    ] {
        let said = paths(&json!([first, second]));
        assert_found(
            &said,
            "error at /0/groups/0/paths/1/path: at /0/groups/0/paths/0",
        );
    }
}

#[test]
fn paths_that_differ_are_no_doubles() {
    assert_sound(&paths(&json!([
        {"path": "/a"}, {"path": "/a", "matchType": "EQUAL"}, {"path": "/A"}, {"path": "/a/{x}"},
        {"path": "/a/*"}, {"path": "/a/b"}
    ])));
}

#[test]
fn a_path_that_no_request_has_is_refused() {
    for path in ["/a?b", "/a/../b", "/a/{x", "/a\\b"] {
        let said = paths(&json!([{"path": path}]));
        assert!(said.is_refusal(), "{path}");
    }
    let said = paths(&json!([{"path": "/(", "matchType": "REGULAR"}]));
    assert_found(
        &said,
        "error at /0/groups/0/paths/0/path: regular expression",
    );
    let said = paths(&json!([{"path": "/a", "matchType": "REGEX"}]));
    assert_found(
        &said,
        "error at /0/groups/0/paths/0/matchType: `REGEX` is none of EQUAL, PREFIX, REGULAR",
    );
}

#[test]
fn the_root_alone_is_worth_a_word() {
    let said = paths(&json!([{"path": "/", "matchType": "EQUAL"}]));
    assert_found(
        &said,
        "warning at /0/groups/0/paths/0/matchType: the path `/` alone",
    );
}

#[test]
fn a_method_is_declared_once() {
    let methods = |methods: Value| paths(&json!([{"path": "/a", "methods": methods}]));
    let said = methods(json!([{"name": "GET"}, {"name": "get"}]));
    assert_found(
        &said,
        "error at /0/groups/0/paths/0/methods/1: method `GET` is already",
    );
    assert_found(
        &methods(json!([{}])),
        "error at /0/groups/0/paths/0/methods/0: `name` is missing",
    );
}

#[test]
fn a_policy_has_a_name_of_its_own_in_its_list() {
    let said = at_group(&json!({"routePolicies": [
        {"name": "a", "tagRules": [{}]}, {"name": "b", "tagRules": [{}]}, {"name": "a", "tagRules": [{}]}
    ]}));
    assert_found(
        &said,
        &format!("error at {GROUP}/routePolicies/2: policy `a` is already"),
    );
}

#[test]
fn a_removal_beside_a_policy_removes_nothing() {
    let window = json!({"threshold": 1, "timeWindowInMs": 1000});
    let mixed = at_group(&json!({"rateLimitPolicies": [
        {"name": "a", "slidingWindows": [window]}, {"name": "b", "enabled": false}
    ]}));
    assert_found(
        &mixed,
        &format!("warning at {GROUP}/rateLimitPolicies/1: `b` is not removed"),
    );
    assert_sound(&at_group(
        &json!({"rateLimitPolicies": [{"name": "b", "enabled": false}]}),
    ));
}

#[test]
fn settings_are_checked() {
    let settings = |settings: Value| report(&json!({"services": [], "settings": settings}));
    assert_found(
        &settings(json!({"state": {"entriesPerPolicy": 2_000_000}})),
        "error at /settings/state/entriesPerPolicy: more than 1048576",
    );
    assert_found(
        &settings(json!({"unmatched": "reject"})),
        "error at /settings/unmatched: none of pass, refuse",
    );
    assert_found(
        &settings(json!({"group": "gray"})),
        "warning at /settings/group: no group is called `gray`",
    );
    assert_found(
        &settings(json!({"trustedClientHeaders": true})),
        "info at /settings/trustedClientHeaders: can pick lane",
    );
    assert_found(
        &settings(json!({"rateLimitHeaders": "none", "rateLimitHeadersOnSuccess": true})),
        "warning at /settings/rateLimitHeadersOnSuccess: no effect",
    );
}

#[test]
fn an_expression_below_a_prefix_never_applies() {
    let both = |prefix: &str, regular: &str| {
        paths(
            &json!([{"path": regular, "matchType": "REGULAR"}, {"path": prefix, "matchType": "PREFIX"}]),
        )
    };
    let dead = "error at /0/groups/0/paths/0/path: never applies";
    for (prefix, regular) in [
        ("/", "/orders/[0-9]+"),
        ("/api", r"/api/v\d+"),
        ("/api/", "/api/x*"),
    ] {
        assert_found(&both(prefix, regular), dead);
    }
    for (prefix, regular) in [
        ("/api", "/api.*"),
        ("/api", "/api/?"),
        ("/api", "/api/x|/other"),
        ("/api/v1", r"/api/v\d+"),
        ("/{x}", "/api/v.*"),
    ] {
        let said = both(prefix, regular);
        assert!(
            !said
                .findings()
                .iter()
                .any(|finding| finding.message.contains("never applies")),
            "{prefix} {regular}"
        );
    }
}
