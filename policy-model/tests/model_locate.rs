//! From a request to the node that governs it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests"
)]

use policy_model::model::Target;
use policy_model::target::NormalPath;
use policy_model::{Document, Model, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn compile(document: &Value) -> Model {
    let (document, mut report) = Document::read(document.to_string().as_bytes());
    let model = Model::compile(&document.unwrap(), &mut report);
    let errors: Vec<_> = report
        .findings()
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    model
}

fn sample(text: &str) -> Model {
    compile(&serde_json::from_str(text).unwrap())
}

/// A request in short: `GET host/path`, and what it says besides.
#[derive(Clone, Copy, Default)]
struct Request<'a> {
    method: &'a str,
    host: &'a str,
    path: Option<&'a str>,
    group: Option<&'a str>,
}

const GET: Request = Request {
    method: "GET",
    host: "s",
    path: Some("/"),
    group: None,
};

/// The address of the request's node; `-` if no service matches.
fn locate(model: &Model, request: Request<'_>) -> String {
    let raw = request.path.map(str::as_bytes);
    let path = NormalPath::of_request(request.method.as_bytes(), raw).unwrap();
    let located = model.locate(&Target {
        host: request.host.as_bytes(),
        path: path.as_ref(),
        method: request.method.as_bytes(),
        group: request.group.map(str::as_bytes),
    });
    assert_eq!(located.service.is_some(), located.node.is_some());
    located.node.map_or("-".to_owned(), |id| {
        let node = model.node(id).unwrap();
        assert_eq!(Some(node.service), located.service);
        node.address.to_string()
    })
}

fn get<'a>(host: &'a str, path: &'a str) -> Request<'a> {
    Request {
        host,
        path: Some(path),
        ..GET
    }
}

fn call<'a>(host: &'a str, path: &'a str) -> Request<'a> {
    Request {
        method: "POST",
        ..get(host, path)
    }
}

#[test]
fn the_requirements_skeleton() {
    let model = sample(include_str!(
        "../fixtures/joylive/requirement/3-skeleton.json"
    ));
    let at = |method, path| {
        locate(
            &model,
            Request {
                method,
                ..get("service-provider", path)
            },
        )
    };
    assert_eq!(
        at("GET", "/echo"),
        "service-provider/default EQUAL /echo GET"
    );
    assert_eq!(
        at("POST", "/echo?x=1"),
        "service-provider/default EQUAL /echo"
    );
    assert_eq!(at("get", "/echo"), "service-provider/default EQUAL /echo");
    assert_eq!(at("GET", "/echo/abc"), "service-provider/default");
    assert_eq!(at("GET", "/"), "service-provider/default");
}

#[test]
fn the_samples_of_joylive() {
    let model = sample(include_str!(
        "../fixtures/joylive/policies/microservice.package.json"
    ));
    assert_eq!(model.services().len(), 8);
    for (id, node) in model.nodes() {
        assert_eq!(model.node(id).unwrap().address, node.address);
    }
}

#[test]
fn no_spelling_of_a_target_is_another_target() {
    let model = compile(&json!([{
        "name": "s.example",
        "aliases": ["Other.Example", "s.example."],
        "groups": [{"name": "default", "paths": [{"path": "/admin"}, {"path": "/public"}]}]
    }]));
    let admin = "s.example/default PREFIX /admin";
    for host in [
        "s.example",
        "S.EXAMPLE",
        "s.example.",
        "s.example:8080",
        "S.example.:80",
        "other.example",
    ] {
        assert_eq!(locate(&model, get(host, "/admin")), admin, "{host}");
    }
    for path in [
        "/admin/",
        "//admin",
        "/public/../admin",
        "/public/%2e%2e/admin",
        "/%61dmin",
        "/admin/.",
        "/./admin",
        "/admin/x",
        "/admin?/public",
        "/../admin",
        "/admin//x",
    ] {
        assert_eq!(locate(&model, get("s.example", path)), admin, "{path}");
    }
    assert_eq!(
        locate(&model, get("s.example", "/adminx")),
        "s.example/default"
    );
    assert_eq!(locate(&model, get("example", "/admin")), "-");
}

#[test]
fn which_group_is_the_default_one() {
    let group = |name: &str, flag: bool| json!({"name": name, "defaultGroup": flag});
    let default = |groups: &[Value]| {
        locate(
            &compile(
                &json!({"services": [{"name": "s", "groups": groups}], "settings": {"trustedClientHeaders": true}}),
            ),
            GET,
        )
    };
    // The last one with the flag, else the one of the name, else one that says nothing.
    assert_eq!(
        default(&[group("a", true), group("b", true), group("default", false)]),
        "s/b"
    );
    assert_eq!(
        default(&[group("a", false), group("Default", false)]),
        "s/Default"
    );
    assert_eq!(default(&[group("a", false)]), "s/default");
    assert_eq!(default(&[]), "s/default");
}

#[test]
fn which_group_a_request_falls_under() {
    let services = json!([{"name": "s", "groups": [{"name": "default"}, {"name": "Gray"}]}]);
    let model = compile(&json!({"services": services}));
    let at = |model: &Model, group| locate(model, Request { group, ..GET });
    assert_eq!(at(&model, Some("gray")), "s/Gray");
    assert_eq!(at(&model, Some("GRAY")), "s/Gray");
    for group in [None, Some(""), Some("unknown")] {
        assert_eq!(at(&model, group), "s/default");
    }
    // What the document says is not for a request to change.
    let model = compile(&json!({"services": services, "settings": {"group": "gray"}}));
    assert_eq!(at(&model, Some("default")), "s/Gray");
    assert_eq!(at(&model, None), "s/Gray");
}

#[test]
fn the_service_that_the_document_names_wins_over_the_host() {
    let services = json!([{"name": "a"}, {"name": "b", "aliases": ["beta"]}]);
    let model = compile(&json!({"service": "Beta", "services": services}));
    assert_eq!(locate(&model, get("a", "/")), "b/default");
    assert_eq!(locate(&model, get("unknown", "/")), "b/default");
}

#[test]
fn what_has_no_path_is_governed_by_the_group() {
    let model =
        compile(&json!([{"name": "s", "groups": [{"name": "default", "paths": [{"path": "/"}]}]}]));
    let at = |method, path| {
        locate(
            &model,
            Request {
                method,
                path,
                ..GET
            },
        )
    };
    assert_eq!(at("CONNECT", None), "s/default");
    assert_eq!(at("OPTIONS", Some("*")), "s/default");
    assert_eq!(at("OPTIONS", Some("/x")), "s/default PREFIX /");
}

fn rpc() -> Model {
    compile(&json!([
        {"name": "web", "groups": [{"name": "default", "paths": [{"path": "/shop.Cart", "methods": [{"name": "POST"}]}]}]},
        {"name": "app", "serviceType": "RPC_APP", "groups": [{"name": "default", "paths": [
            {"path": "shop.Cart", "methods": [{"name": "Add"}]}
        ]}]},
        {"name": "shop.Orders", "serviceType": "RPC_INTERFACE", "groups": [{"name": "default", "paths": [
            {"path": "/", "methods": [{"name": "Create"}]}
        ]}]}
    ]))
}

#[test]
fn grpc_by_application() {
    let model = rpc();
    assert_eq!(
        locate(&model, call("app", "/shop.Cart/Add")),
        "app/default EQUAL shop.Cart Add"
    );
    assert_eq!(
        locate(&model, call("app", "/shop.Cart/add")),
        "app/default EQUAL shop.Cart"
    );
    assert_eq!(
        locate(&model, call("app", "/shop.Cart.X/Add")),
        "app/default"
    );
    assert_eq!(locate(&model, call("app", "/shop.Cart")), "app/default");
    assert_eq!(
        locate(&model, call("web", "/shop.Cart/Add")),
        "web/default PREFIX /shop.Cart POST"
    );
}

#[test]
fn grpc_by_interface() {
    let model = rpc();
    let create = "shop.Orders/default EQUAL / Create";
    for host in ["shop.orders", "app", "web", "unknown"] {
        assert_eq!(
            locate(&model, call(host, "/shop.Orders/Create")),
            create,
            "{host}"
        );
    }
    assert_eq!(
        locate(&model, call("unknown", "/shop.Orders/List")),
        "shop.Orders/default EQUAL /"
    );
    // Another interface behind the same name shares the path's policies, not the method's.
    assert_eq!(
        locate(&model, call("shop.orders", "/shop.Other/Create")),
        "shop.Orders/default EQUAL /"
    );
}

/// The same call as JSON, as gRPC-Web, or under any host.
#[test]
fn nothing_that_a_client_may_say_leads_past_an_interface() {
    let model = rpc();
    for host in ["web", "app", "unknown"] {
        for method in ["POST", "GET"] {
            let request = Request {
                method,
                ..call(host, "/shop.Orders/Create")
            };
            assert_eq!(
                locate(&model, request),
                "shop.Orders/default EQUAL / Create",
                "{method} {host}"
            );
        }
    }
    assert_eq!(
        locate(&model, call("web", "/shop.Orders/Create/more")),
        "web/default"
    );
}

#[test]
fn what_no_service_matches_needs_what_the_document_asks_for() {
    let model = compile(&json!({
        "authentication": {
            "providers": {"corp": {"issuer": "i", "algorithms": ["HS256"], "localJwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldCE"}]}}},
            "requirement": {"anyOf": ["corp"]}
        },
        "services": [{"name": "s", "groups": [{
            "name": "default",
            "paths": [
                {"path": "/public", "servicePolicy": {"authentication": {"requirement": {"anyOf": []}}}},
                {"path": "/maybe", "servicePolicy": {"authentication": {"requirement": {"allowMissing": true}}}}
            ]
        }]}]
    }));
    let unmatched = model.unmatched_authentication().unwrap();
    assert_eq!(
        unmatched.requirement.any_of.as_deref(),
        Some(&["corp".to_owned()][..])
    );
    let requirement = |address: &str| {
        let (_, node) = model
            .nodes()
            .find(|(_, node)| node.address.to_string() == address)
            .unwrap();
        node.policy
            .authentication
            .as_ref()
            .unwrap()
            .requirement
            .clone()
    };
    assert_eq!(requirement("s/default"), unmatched.requirement);
    assert_eq!(requirement("s/default PREFIX /public").any_of, Some(vec![]));
    let maybe = requirement("s/default PREFIX /maybe");
    assert_eq!(
        (maybe.any_of, maybe.allow_missing),
        (unmatched.requirement.any_of.clone(), Some(true))
    );
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_can_be_located(
            host: Vec<u8>, raw: Vec<u8>, method: Vec<u8>, group: Option<Vec<u8>>,
        ) {
            let model = rpc();
            let path = NormalPath::of_request(&method, Some(&raw)).ok().flatten();
            for host in [&host[..], b"web", b"app", b"shop.orders"] {
                let located = model.locate(&Target {
                    host, path: path.as_ref(), method: &method, group: group.as_deref(),
                });
                prop_assert_eq!(located.service.is_some(), located.node.is_some());
            }
        }

        #[test]
        fn calls_to_any_interface_are_located(service in "[a-c.]{0,6}", method in "[A-Ca-z]{0,3}") {
            let path = format!("/{service}/{method}");
            for host in ["web", "app", "shop.orders", "x"] {
                let found = locate(&rpc(), call(host, &path));
                prop_assert!(found.starts_with(host) || found.starts_with("shop.Orders") || found == "-");
            }
        }
    }
}
