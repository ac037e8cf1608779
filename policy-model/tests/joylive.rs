//! JoyLive's own files and the requirement's own examples are read as they are.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end where it fails"
)]

use policy_model::document::{
    BreakerLevel, ClusterType, FallbackType, LimitAlgorithm, PathMatchType, ServicePolicy,
    ServiceType, UnitPolicy, WindowType,
};
use policy_model::{Document, Model, Report, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Compiled in: the tests also run where there are no files.
macro_rules! fixtures {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../fixtures/joylive/", $name)))),*]
    };
}

const FIXTURES: &[(&str, &[u8])] = fixtures! {
    "requirement/2.1-live.json"
    "requirement/2.2-lane.json"
    "requirement/2.3-cluster.json"
    "requirement/2.4-loadbalance.json"
    "requirement/2.5-ratelimit.json"
    "requirement/2.6-concurrency.json"
    "requirement/2.7-route.json"
    "requirement/2.8-circuitbreak.json"
    "requirement/3-skeleton.json"
    "policies/lanes.json"
    "policies/livespaces.json"
    "policies/microservice.package.json"
    "policies/microservice.service-file-test.json"
};

fn fixture(name: &str) -> &'static [u8] {
    let found = FIXTURES.iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("{name} is not listed")).1
}

/// Reads and compiles a document that a proxy must take.
fn accepted(name: &str, text: &[u8]) -> (Document, Report) {
    let (document, mut report) = Document::read(text);
    let document = document.unwrap();
    let _ = Model::compile(&document, &mut report);
    for finding in report.findings() {
        assert_ne!(finding.severity, Severity::Error, "{name}: {finding}");
    }
    (document, report)
}

/// A block of the requirement, where it belongs.
fn requirement(name: &str) -> (ServicePolicy, Report) {
    let block: Value = serde_json::from_slice(fixture(&format!("requirement/{name}"))).unwrap();
    // The block of section 2.1 is the policy itself, without its name around it.
    let policy = if name == "2.1-live.json" {
        json!({"livePolicy": block})
    } else {
        block
    };
    let document = json!([
        {"name": "s", "groups": [{"name": "default", "defaultGroup": true, "servicePolicy": policy}]}
    ]);
    let (mut document, report) = accepted(name, document.to_string().as_bytes());
    (
        document.services.remove(0).groups.remove(0).service_policy,
        report,
    )
}

#[test]
fn the_packaged_services_load() {
    let (document, report) = accepted("package", fixture("policies/microservice.package.json"));
    let types: Vec<_> = document
        .services
        .iter()
        .map(|service| service.service_type)
        .collect();
    let of = |kind| types.iter().filter(|other| **other == kind).count();
    assert_eq!(of(ServiceType::Http), 3);
    assert_eq!(of(ServiceType::RpcApp), 4);
    assert_eq!(of(ServiceType::RpcInterface), 1);
    let unknown = report
        .findings()
        .iter()
        .filter(|f| f.message.contains("unknown field"));
    assert_eq!(unknown.count(), 0);
}

#[test]
fn the_packaged_provider_is_read_whole() {
    let (document, _) = accepted("package", fixture("policies/microservice.package.json"));
    let provider = document
        .services
        .iter()
        .find(|service| service.name == "service-provider");
    let provider = provider.unwrap();
    assert_eq!(provider.authorized, Some(false));
    let group = provider.groups.first().unwrap();
    let policy = &group.service_policy;
    let levels: Vec<_> = policy
        .circuit_break_policies
        .iter()
        .map(|b| b.level)
        .collect();
    assert_eq!(
        levels,
        [
            BreakerLevel::Service,
            BreakerLevel::Api,
            BreakerLevel::Instance
        ]
    );
    let cb1 = policy.circuit_break_policies.first().unwrap();
    assert_eq!(cb1.sliding_window_type, WindowType::Time);
    assert_eq!(cb1.wait_duration_in_open_state_s.get(), 50);
    assert_eq!(cb1.degrade_config.as_ref().unwrap().response_code, 200);
    let names: Vec<_> = policy
        .route_policies
        .iter()
        .map(|r| r.meta.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["route1", "route2"],
        "the list's order, whatever `order` says"
    );
    let echo = group.paths.first().unwrap();
    assert_eq!(
        (echo.path.as_str(), echo.match_type),
        ("/echo", Some(PathMatchType::Equal))
    );
    assert_eq!(&*echo.pointer, "/1/groups/0/paths/0");
    let remotes = &echo
        .methods
        .first()
        .unwrap()
        .service_policy
        .live_policy
        .as_ref()
        .unwrap();
    assert_eq!(
        remotes
            .unit_remotes
            .first()
            .unwrap()
            .threshold
            .unwrap()
            .get(),
        1
    );
}

#[test]
fn the_older_dialect_loads_with_a_warning() {
    let text = fixture("policies/microservice.service-file-test.json");
    let (document, report) = accepted("file-test", text);
    assert_eq!(document.services.len(), 8);
    let unknown: Vec<_> = report
        .findings()
        .iter()
        .filter(|f| f.message.contains("unknown"))
        .collect();
    let pointers: Vec<_> = unknown
        .iter()
        .map(|f| (f.severity, f.pointer.as_str()))
        .collect();
    assert_eq!(
        pointers,
        [(Severity::Warning, "/1/groups/0/servicePolicy/authPolicy")]
    );
}

#[test]
fn the_lanes_load_without_a_word() {
    let (document, report) = accepted("lanes", fixture("policies/lanes.json"));
    assert_eq!(report, Report::default());
    let space = document.lane_spaces.first().unwrap();
    assert!(space.default_space);
    let fallbacks: Vec<_> = space
        .lanes
        .iter()
        .map(|lane| lane.fallback_type.unwrap())
        .collect();
    assert_eq!(
        fallbacks,
        [
            FallbackType::Reject,
            FallbackType::Default,
            FallbackType::Custom
        ]
    );
    assert!(space.lanes.iter().all(|lane| lane.auto_join));
}

#[test]
fn the_live_spaces_load() {
    let (document, _) = accepted("livespaces", fixture("policies/livespaces.json"));
    let spec = &document.live_spaces.first().unwrap().spec;
    assert_eq!(spec.version, 2_023_120_609_580_935_201);
    let rule = spec.unit_rules.first().unwrap();
    assert_eq!((rule.id.as_str(), rule.modulo), ("1003", 10_000));
    let prefixes: Vec<_> = rule
        .unit_routes
        .iter()
        .map(|route| &route.prefixes)
        .collect();
    assert_eq!(
        prefixes,
        [&["unit1"], &["unit2"]],
        "`prefixes` and `prefix`"
    );
}

#[test]
fn the_requirements_fields_are_read_by_its_own_names() {
    let (policy, report) = requirement("2.3-cluster.json");
    let cluster = policy.cluster_policy.unwrap();
    assert_eq!(cluster.cluster_type, Some(ClusterType::Failover));
    let retry = cluster.retry_policy.unwrap();
    assert_eq!(retry.interval_ms, Some(1000));
    assert_eq!(retry.error_codes, ["500", "502"]);
    assert_eq!(retry.exceptions, ["java.lang.NullPointException"]);
    assert!(
        report
            .findings()
            .iter()
            .all(|f| !f.message.contains("unknown"))
    );

    let (policy, _) = requirement("2.5-ratelimit.json");
    let limit = policy.rate_limit_policies.first().unwrap();
    assert_eq!(limit.algorithm, LimitAlgorithm::StrictWindow);
    assert_eq!(
        limit.conditions.list.first().unwrap().values,
        ["abc"],
        "`value`"
    );

    let (policy, _) = requirement("2.6-concurrency.json");
    let limit = policy.concurrency_limit_policies.first().unwrap();
    assert_eq!(
        limit.conditions.list.first().unwrap().values,
        ["abc"],
        "`value`"
    );
    assert_eq!(limit.max_concurrency.unwrap().get(), 10);
}

#[test]
fn the_requirements_lanes_and_units_are_read() {
    let (policy, _) = requirement("2.2-lane.json");
    assert_eq!(policy.auto_lane_enabled, Some(true));
    let lanes = policy.lane_policies.first().unwrap();
    assert_eq!(lanes.meta.name, "lane-space-1");
    assert_eq!(lanes.lanes.get("gray").unwrap(), "beta");

    let (policy, _) = requirement("2.1-live.json");
    let live = policy.live_policy.unwrap();
    assert_eq!(live.unit_policy, Some(UnitPolicy::PreferLocalUnit));
    assert_eq!(live.default_cell_threshold, Some(3));
}

#[test]
fn the_requirements_other_blocks_are_taken() {
    for name in [
        "2.4-loadbalance.json",
        "2.7-route.json",
        "2.8-circuitbreak.json",
    ] {
        let (policy, _) = requirement(name);
        assert_ne!(policy, ServicePolicy::default(), "{name}");
    }
    let (document, report) = accepted("skeleton", fixture("requirement/3-skeleton.json"));
    assert_eq!(document.services.len(), 1);
    assert_eq!(
        report.count(Severity::Warning),
        0,
        "{:?}",
        report.findings()
    );
}
