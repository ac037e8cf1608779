//! Inheritance against what JoyLive makes of the same services (`fixtures/joylive/golden/json-binding-and-inheritance.json`),
//! and every place where we differ on purpose.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use policy_model::document::Spelled;
use policy_model::model::{EffectivePolicy, Inherited, NodeAddress};
use policy_model::{Document, Model, Report};
use serde_json::Value;
use std::collections::BTreeMap;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Case, node, field, what JoyLive has there, what we have there, and why.
const DIFFERENCES: &[(&str, &str, &str, &str, &str, &str)] = &[
    (
        "group_named_default_without_flag",
        "s/default",
        "limits",
        "",
        "X",
        "a group named default is the default group",
    ),
    (
        "groups_inherit",
        "s/g2 /x",
        "balance",
        "RANDOM",
        "LEAST_ACTIVE",
        OWN_GROUP,
    ),
    ("groups_inherit", "s/g2 /x", "limits", "D", "G2", OWN_GROUP),
    (
        "groups_inherit",
        "s/g2 /x GET",
        "balance",
        "ROUND_ROBIN",
        "LEAST_ACTIVE",
        OWN_GROUP,
    ),
    (
        "groups_inherit",
        "s/g2 /x GET",
        "limits",
        "D",
        "G2",
        OWN_GROUP,
    ),
    (
        "groups_inherit",
        "s/g2 /y",
        "balance",
        "RANDOM",
        "LEAST_ACTIVE",
        OWN_GROUP,
    ),
    ("groups_inherit", "s/g2 /y", "limits", "DY", "G2", OWN_GROUP),
    (
        "partial_objects",
        "s/default /x",
        "sticky",
        "",
        "FIXED",
        STICKY,
    ),
    (
        "partial_objects",
        "s/default /x",
        "unit remotes",
        "",
        "u",
        REMOTES,
    ),
    (
        "partial_objects",
        "s/default /y",
        "sticky",
        "",
        "FIXED",
        STICKY,
    ),
    (
        "partial_objects",
        "s/default /y",
        "unit remotes",
        "",
        "u",
        REMOTES,
    ),
];

const OWN_GROUP: &str = "a group's own policies are nearer than the default group's path";
const STICKY: &str =
    "JoyLive's default is not null, so never inherits; not stated is not stated here";
const REMOTES: &str = "JoyLive inherits nulls: its remotes cannot be cloned";

/// A node's fields as texts; empty ones are left out.
type Fields = BTreeMap<&'static str, String>;

fn fields(all: [(&'static str, String); 11]) -> Fields {
    all.into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

fn names<'v>(list: impl IntoIterator<Item = &'v Value>, field: &str) -> String {
    let names: Vec<_> = list
        .into_iter()
        .map(|item| item[field].as_str().unwrap_or_default())
        .collect();
    names.join(" ")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn theirs(policy: &Value) -> Fields {
    let (live, balance) = (&policy["livePolicy"], &policy["loadBalancePolicy"]);
    let (cluster, retry) = (
        &policy["clusterPolicy"],
        &policy["clusterPolicy"]["retryPolicy"],
    );
    let sticky = text(&balance["stickyType"]);
    fields([
        ("limits", names(list(policy, "rateLimitPolicies"), "name")),
        (
            "breakers",
            names(list(policy, "circuitBreakPolicies"), "name"),
        ),
        ("balance", text(&balance["policyType"])),
        (
            "sticky",
            if sticky == "NONE" {
                String::new()
            } else {
                sticky
            },
        ),
        ("candidates", text(&balance["maxCandidates"])),
        ("cluster", text(&cluster["type"])),
        (
            "retry",
            format!("{}{}", text(&retry["retry"]), text(&retry["interval"])),
        ),
        (
            "healthy",
            text(&policy["healthPolicy"]["healthyMinPercent"]),
        ),
        (
            "unit",
            format!(
                "{}{}",
                text(&live["unitPolicy"]),
                text(&live["defaultUnitThreshold"])
            ),
        ),
        (
            "unit remotes",
            names(list(live, "unitRemotes"), "name").trim().to_owned(),
        ),
        (
            "writes",
            format!(
                "{}{}",
                text(&live["writeProtect"]),
                list(live, "methods").iter().map(text).collect::<String>()
            ),
        ),
    ])
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn ours(policy: &EffectivePolicy) -> Fields {
    let live = policy.live_policy.as_deref().cloned().unwrap_or_default();
    let balance = policy
        .load_balance_policy
        .as_deref()
        .cloned()
        .unwrap_or_default();
    let cluster = policy
        .cluster_policy
        .as_deref()
        .cloned()
        .unwrap_or_default();
    let retry = cluster.retry_policy.unwrap_or_default();
    let health = policy.health_policy.as_deref().cloned().unwrap_or_default();
    let limits: Vec<_> = policy
        .rate_limit_policies
        .iter()
        .map(Inherited::label)
        .collect();
    let breakers: Vec<_> = policy
        .circuit_break_policies
        .iter()
        .map(Inherited::label)
        .collect();
    let remotes: Vec<_> = live
        .unit_remotes
        .iter()
        .map(|remote| remote.name.clone())
        .collect();
    fields([
        ("limits", limits.join(" ")),
        ("breakers", breakers.join(" ")),
        ("balance", shown(balance.policy_type)),
        ("sticky", shown(balance.sticky_type)),
        ("candidates", shown(balance.max_candidates)),
        ("cluster", shown(cluster.cluster_type)),
        (
            "retry",
            format!("{}{}", shown(retry.retry), shown(retry.interval_ms)),
        ),
        ("healthy", shown(health.healthy_min_percent)),
        (
            "unit",
            format!(
                "{}{}",
                shown(live.unit_policy.map(Spelled::name)),
                shown(live.default_unit_threshold)
            ),
        ),
        ("unit remotes", remotes.join(" ")),
        (
            "writes",
            format!("{}{}", shown(live.write_protect), live.methods.concat()),
        ),
    ])
}

/// All nodes of JoyLive's answer. Of two with the same name the later counts, as in its look-up.
fn their_nodes(service: &Value) -> BTreeMap<String, Fields> {
    let mut nodes = BTreeMap::new();
    for group in list(service, "groups") {
        let at = format!("{}/{}", text(&service["name"]), text(&group["name"]));
        for path in list(group, "paths") {
            let at = format!("{at} {}", text(&path["path"]));
            for method in list(path, "methods") {
                let at = format!("{at} {}", text(&method["name"]));
                nodes.insert(at, theirs(&method["servicePolicy"]));
            }
            nodes.insert(at, theirs(&path["servicePolicy"]));
        }
        nodes.insert(at, theirs(&group["servicePolicy"]));
    }
    nodes
}

/// An address as JoyLive would have it, which knows no kinds of paths.
fn plain(address: &NodeAddress) -> String {
    let path = address
        .path
        .as_ref()
        .map(|path| format!(" {}", path.as_str()));
    let method = address.method.as_ref().map(|method| format!(" {method}"));
    let (path, method) = (path.unwrap_or_default(), method.unwrap_or_default());
    format!("{}/{}{path}{method}", address.service, address.group)
}

fn our_nodes(service: &Value) -> BTreeMap<String, Fields> {
    let (document, _) = Document::read(Value::Array(vec![service.clone()]).to_string().as_bytes());
    let model = Model::compile(&document.unwrap(), &mut Report::default());
    model
        .nodes()
        .map(|(_, node)| (plain(&node.address), ours(&node.policy)))
        .collect()
}

#[test]
fn every_node_is_as_in_joylive_or_differs_on_purpose() {
    let golden = include_str!("../fixtures/joylive/golden/json-binding-and-inheritance.json");
    let cases: Vec<Value> = serde_json::from_str(golden).unwrap();
    let mut differences = Vec::new();
    let mut compared = 0;
    for case in cases
        .iter()
        .filter(|case| case["type"] == "Service" && !case["parsed"].is_null())
    {
        let (theirs, ours) = (their_nodes(&case["parsed"]), our_nodes(&case["input"]));
        let name = case["case"].as_str().unwrap();
        assert_eq!(
            theirs.keys().collect::<Vec<_>>(),
            ours.keys().collect::<Vec<_>>(),
            "{name}"
        );
        for (at, theirs) in &theirs {
            let ours = &ours[at];
            compared += 1;
            let mut all: Vec<_> = theirs.keys().chain(ours.keys()).collect();
            all.sort_unstable();
            all.dedup();
            for field in all
                .into_iter()
                .filter(|field| theirs.get(*field) != ours.get(*field))
            {
                let text = |fields: &Fields| fields.get(field).cloned().unwrap_or_default();
                differences.push((name, at.clone(), *field, text(theirs), text(ours)));
            }
        }
    }
    let expected: Vec<_> = DIFFERENCES
        .iter()
        .map(|(case, at, field, theirs, ours, _)| {
            (
                *case,
                (*at).to_owned(),
                *field,
                (*theirs).to_owned(),
                (*ours).to_owned(),
            )
        })
        .collect();
    assert_eq!(differences, expected);
    assert!(compared > 25, "only {compared} nodes were compared");
}
