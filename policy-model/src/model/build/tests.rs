//! The rules of inheritance that single cases show best.

use super::*;
use crate::document::{
    PathMatchType, PolicyMeta, RateLimitPolicy, ServiceMethod, ServicePath, ServicePolicy, StateAt,
};
use crate::finding::Severity;
use crate::model::PolicyKind;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod reference;

fn limit(name: &str, enabled: bool, removal: bool) -> RateLimitPolicy {
    let (name, pointer) = (name.to_owned(), format!("/limits/{name}").into());
    let meta = PolicyMeta {
        pointer,
        name,
        enabled,
        removal,
        ..PolicyMeta::default()
    };
    RateLimitPolicy {
        meta,
        ..RateLimitPolicy::default()
    }
}

fn saying(limits: &[RateLimitPolicy]) -> ServicePolicy {
    ServicePolicy {
        rate_limit_policies: limits.to_vec(),
        ..ServicePolicy::default()
    }
}

fn group(name: &str, policy: ServicePolicy, paths: Vec<ServicePath>) -> ServiceGroup {
    let pointer = format!("/{name}").into();
    ServiceGroup {
        name: name.into(),
        service_policy: policy,
        paths,
        pointer,
        ..Default::default()
    }
}

fn path(path: &str, policy: ServicePolicy, methods: Vec<ServiceMethod>) -> ServicePath {
    let pointer = format!("/at{path}").into();
    ServicePath {
        path: path.into(),
        service_policy: policy,
        methods,
        pointer,
        ..Default::default()
    }
}

fn method(name: &str, policy: ServicePolicy) -> ServiceMethod {
    let pointer = format!("/at/{name}").into();
    ServiceMethod {
        name: name.into(),
        service_policy: policy,
        pointer,
        id: None,
    }
}

fn document(groups: Vec<ServiceGroup>) -> Document {
    let service = Service {
        name: "s".into(),
        groups,
        ..Service::default()
    };
    Document {
        services: vec![service],
        ..Document::default()
    }
}

fn compile(groups: Vec<ServiceGroup>) -> (Model, Report) {
    let mut report = Report::default();
    (Model::compile(&document(groups), &mut report), report)
}

fn node<'m>(model: &'m Model, address: &str) -> (NodeId, &'m Node) {
    model
        .nodes()
        .find(|(_, node)| node.address.to_string() == address)
        .unwrap()
}

/// The names of the limits that hold at a node.
fn limits(model: &Model, address: &str) -> Vec<String> {
    let (_, node) = node(model, address);
    node.policy
        .rate_limit_policies
        .iter()
        .map(|limit| limit.policy.meta.name.clone())
        .collect()
}

#[test]
fn a_list_replaces_and_an_empty_one_inherits() {
    let paths = vec![path(
        "/a",
        saying(&[limit("p", true, false)]),
        vec![
            method("GET", saying(&[])),
            method("POST", saying(&[limit("m", true, false)])),
        ],
    )];
    let (model, report) = compile(vec![group(
        "default",
        saying(&[limit("g", true, false)]),
        paths,
    )]);
    assert_eq!(limits(&model, "s/default"), ["g"]);
    assert_eq!(limits(&model, "s/default PREFIX /a"), ["p"]);
    assert_eq!(limits(&model, "s/default PREFIX /a GET"), ["p"]);
    assert_eq!(limits(&model, "s/default PREFIX /a POST"), ["m"]);
    let told: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(report.count(Severity::Info), 2, "{told:?}");
    assert!(
        told[0].contains("/at/a/servicePolicy/rateLimitPolicies"),
        "{told:?}"
    );
    assert!(
        told[0].contains("hides \"g\", inherited from s/default"),
        "{told:?}"
    );
    assert!(
        told[1].contains("hides \"p\", inherited from s/default PREFIX /a"),
        "{told:?}"
    );
}

#[test]
fn a_list_of_removals_takes_away() {
    let two = saying(&[limit("a", true, false), limit("b", true, false)]);
    let paths = vec![
        path("/x", saying(&[limit("a", false, true)]), vec![]),
        path("/y", saying(&[limit("typo", false, true)]), vec![]),
        path(
            "/z",
            saying(&[limit("a", false, true), limit("c", true, false)]),
            vec![],
        ),
        path("/off", saying(&[limit("a", false, false)]), vec![]),
    ];
    let (model, report) = compile(vec![group("default", two, paths)]);
    assert_eq!(limits(&model, "s/default PREFIX /x"), ["b"]);
    assert_eq!(limits(&model, "s/default PREFIX /y"), ["a", "b"]);
    assert_eq!(limits(&model, "s/default PREFIX /z"), ["c"]);
    assert!(limits(&model, "s/default PREFIX /off").is_empty());
    let warnings: Vec<_> = report
        .findings()
        .iter()
        .filter(|f| f.severity == Severity::Warning)
        .collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].message.contains("\"typo\""));
}

#[test]
fn the_own_group_is_nearer_than_the_default_groups_path() {
    let default = group(
        "default",
        saying(&[limit("d", true, false)]),
        vec![path(
            "/x",
            saying(&[limit("dx", true, false)]),
            vec![method("GET", saying(&[limit("dxg", true, false)]))],
        )],
    );
    let silent = group("silent", saying(&[]), vec![]);
    let own = group(
        "own",
        saying(&[limit("o", true, false)]),
        vec![path("/y", saying(&[]), vec![])],
    );
    let (model, _) = compile(vec![silent, default, own]);
    assert_eq!(limits(&model, "s/silent"), ["d"]);
    assert_eq!(limits(&model, "s/silent PREFIX /x"), ["dx"]);
    assert_eq!(limits(&model, "s/silent PREFIX /x GET"), ["dxg"]);
    assert_eq!(limits(&model, "s/own PREFIX /x GET"), ["o"]);
    assert_eq!(limits(&model, "s/own PREFIX /y"), ["o"]);
    // Where a policy comes from is where it is declared, also over groups.
    let (_, inherits) = node(&model, "s/silent PREFIX /x GET");
    let (declares, _) = node(&model, "s/default PREFIX /x GET");
    assert_eq!(inherits.policy.rate_limit_policies[0].declared_at, declares);
    assert!(inherits.pointer.is_none());
}

#[test]
fn a_path_that_matches_otherwise_still_inherits_from_its_shape() {
    let default = group(
        "default",
        saying(&[]),
        vec![path("/x/{a}", saying(&[limit("dx", true, false)]), vec![])],
    );
    let mut equal = path("/x/{b}", saying(&[]), vec![]);
    equal.match_type = Some(PathMatchType::Equal);
    let (model, _) = compile(vec![default, group("g", saying(&[]), vec![equal])]);
    assert_eq!(limits(&model, "s/g EQUAL /x/{b}"), ["dx"]);
    assert_eq!(limits(&model, "s/g PREFIX /x/{a}"), ["dx"]);
}

#[test]
fn state_belongs_to_the_node_that_declares_or_to_each() {
    let mut each = limit("each", true, false);
    each.meta.state_at = StateAt::Node;
    let both = saying(&[
        limit("off", false, false),
        limit("shared", true, false),
        each,
    ]);
    let paths = vec![path("/a", saying(&[]), vec![])];
    let (model, _) = compile(vec![group("default", both, paths)]);
    let (top, _) = node(&model, "s/default");
    let (this, below) = node(&model, "s/default PREFIX /a");
    let [shared, each] = &below.policy.rate_limit_policies[..] else {
        panic!()
    };
    assert_eq!(
        (shared.state_node(this), each.state_node(this)),
        (top, this)
    );
    assert_eq!((shared.index, each.index), (1, 2));
}

#[test]
fn nodes_for_which_the_same_holds_share_it() {
    let methods = vec![method("GET", saying(&[]))];
    let paths = vec![
        path("/a", saying(&[]), methods),
        path("/b", saying(&[limit("b", true, false)]), vec![]),
    ];
    let policy = ServicePolicy {
        permission_policies: vec![Default::default()],
        ..saying(&[limit("g", true, false)])
    };
    let (model, _) = compile(vec![
        group("default", policy, paths),
        group("other", saying(&[]), vec![]),
    ]);
    let policy = |address| &node(&model, address).1.policy;
    for address in [
        "s/default PREFIX /a",
        "s/default PREFIX /a GET",
        "s/other",
        "s/other PREFIX /a GET",
    ] {
        assert!(
            Rc::ptr_eq(policy("s/default"), policy(address)),
            "{address}"
        );
    }
    let (top, below) = (policy("s/default"), policy("s/default PREFIX /b"));
    assert!(Rc::ptr_eq(
        &top.permission_policies,
        &below.permission_policies
    ));
}

#[test]
fn an_alias_never_takes_another_services_name() {
    let service = |name: &str, alias: &str| Service {
        name: name.into(),
        aliases: vec![alias.into()],
        ..Service::default()
    };
    let services = vec![service("a", "b"), service("b", "c"), service("d", "c")];
    let document = Document {
        services,
        ..Document::default()
    };
    let model = Model::compile(&document, &mut Report::default());
    let found = |name: &[u8]| model.names.find(name).map(ServiceId::index);
    assert_eq!((found(b"b"), found(b"c")), (Some(1), Some(1)));
}

#[test]
fn methods_of_http_are_in_capitals_however_they_are_written() {
    let paths = vec![path("/a", saying(&[]), vec![method("get", saying(&[]))])];
    let (model, _) = compile(vec![group("default", saying(&[]), paths)]);
    assert_eq!(
        node(&model, "s/default PREFIX /a GET")
            .1
            .address
            .method
            .as_deref(),
        Some("GET")
    );
}

#[test]
fn a_kind_of_policy_is_named_as_in_the_document() {
    assert_eq!(PolicyKind::CircuitBreak.to_string(), "circuitBreakPolicies");
}
