//! How JoyLive's own classes bind a document, against how it is read here: 95 recorded cases.
//!
//! Every member that JoyLive binds must be bound to the same value here. Where that is not so on purpose, the case is
//! named below with its reason, which docs/joylive.md repeats; a difference that is not named fails the test, and so does
//! a name without a difference.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may end where it fails"
)]

#[path = "binding/project.rs"]
mod project;

use policy_model::{Document, Report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// JoyLive fails on these; here they are read.
const READ_HERE: [(&str, &str); 2] = [
    (
        "LiveDomain livetype_CrossRegionLive",
        "words are taken in any case, everywhere",
    ),
    (
        "UnitRule vma_center",
        "words are taken in any case, everywhere",
    ),
];

/// JoyLive takes these; here they are refused.
const REFUSED_HERE: [(&str, &str); 7] = [
    (
        "Service auth",
        "an empty token, a key without an algorithm: nothing fails open",
    ),
    (
        "Service empty_list_override",
        "one path three times: which one governs?",
    ),
    (
        "ServicePolicy cb_outofrange",
        "more than 100 per cent, less than no calls",
    ),
    (
        "ServicePolicy concurrency_actionParameters",
        "it limits nothing",
    ),
    (
        "ServicePolicy ratelimit_actionParameters",
        "it limits nothing",
    ),
    ("ServicePolicy ratelimit_coercion", "a window of 0 in 0 ms"),
    (
        "TagCondition values_numbers",
        "null is no value to compare with",
    ),
];

/// These are bound otherwise.
const BOUND_OTHERWISE: [(&str, &str); 4] = [
    (
        "ServicePolicy cb_outofrange",
        "what is out of range is refused, not cut to size",
    ),
    (
        "ServicePolicy ratelimit_coercion",
        "a window of 0 in 0 ms has its defaults, beside the error",
    ),
    (
        "ServicePolicy retry_seed_names",
        "`FailOver` is failover: words are taken in any case",
    ),
    (
        "TagCondition values_numbers",
        "null is left out, beside the error",
    ),
];

struct Case {
    name: String,
    kind: String,
    input: Value,
    bound: Option<Value>,
}

fn cases() -> Vec<Case> {
    let golden = include_str!("../fixtures/joylive/golden/json-binding-and-inheritance.json");
    let golden: Vec<Value> = serde_json::from_str(golden).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let case = |case: Value| Case {
        name: format!("{} {}", text(&case["type"]), text(&case["case"])),
        kind: text(&case["type"]),
        input: case["input"].clone(),
        bound: Some(case["parsed"].clone()).filter(|parsed| !parsed.is_null()),
    };
    golden.into_iter().map(case).collect()
}

impl Case {
    /// A document that holds the input where it belongs.
    fn document(&self) -> Value {
        let input = &self.input;
        match self.kind.as_str() {
            "Service" => json!({"services": [input]}),
            "ServicePolicy" => json!({"services": [
                {"name": "s", "groups": [{"name": "default", "servicePolicy": input}]}
            ]}),
            "TagCondition" => json!({"services": [{"name": "s", "groups": [{
                "name": "default",
                "servicePolicy": {"routePolicies": [{"tagRules": [{"conditions": [input]}]}]}
            }]}]}),
            "LaneSpace" => json!({"laneSpaces": [input]}),
            "Unit" => json!({"liveSpaces": [{"spec": {"id": "1", "units": [input]}}]}),
            "LiveDomain" => json!({"liveSpaces": [{"spec": {"id": "1", "domains": [input]}}]}),
            "UnitRule" => json!({"liveSpaces": [{"spec": {"id": "1", "unitRules": [input]}}]}),
            other => panic!("what is a {other}?"),
        }
    }

    fn read(&self) -> (Document, Report) {
        let (document, report) = Document::read(self.document().to_string().as_bytes());
        (document.unwrap(), report)
    }

    /// What became of the input here, in JoyLive's names.
    fn projected(&self, document: &Document) -> Option<Value> {
        let service = document.services.first();
        let policy = service.and_then(|service| service.groups.first());
        let policy = policy.map(|group| &group.service_policy);
        let spec = document.live_spaces.first().map(|space| &space.spec);
        match self.kind.as_str() {
            "ServicePolicy" => Some(project::policy(policy?)),
            "TagCondition" => {
                let rule = policy?.route_policies.first()?.tag_rules.first()?;
                Some(project::condition(rule.conditions.list.first()?))
            }
            "LaneSpace" => Some(project::lane_space(document.lane_spaces.first()?)),
            "Unit" => Some(project::unit(spec?.units.first()?)),
            "LiveDomain" => Some(project::live_domain(spec?.domains.first()?)),
            "UnitRule" => Some(project::unit_rule(spec?.unit_rules.first()?)),
            _ => None,
        }
    }

    /// Units and rules that a single domain or rule names are not there in its document.
    fn is_whole(&self) -> bool {
        !["LiveDomain", "UnitRule"].contains(&self.kind.as_str())
    }
}

/// Whether everything in `bound` is in `here` as well.
fn holds(bound: &Value, here: &Value) -> bool {
    match (bound, here) {
        (Value::Object(bound), Value::Object(here)) => bound
            .iter()
            .all(|(name, value)| here.get(name).is_some_and(|here| holds(value, here))),
        (Value::Array(bound), Value::Array(here)) => {
            bound.len() == here.len()
                && bound
                    .iter()
                    .zip(here)
                    .all(|(bound, here)| holds(bound, here))
        }
        (Value::Number(bound), Value::Number(here)) => bound.as_f64() == here.as_f64(),
        (bound, here) => bound == here,
    }
}

fn is_named(list: &[(&str, &str)], case: &Case) -> bool {
    list.iter().any(|(name, _)| *name == case.name)
}

/// The cases in which `differs` is not what `named` says.
fn unexpected(named: &[(&str, &str)], differs: impl Fn(&Case) -> Option<bool>) -> Vec<String> {
    let surprising = |case: &Case| Some(differs(case)? != is_named(named, case));
    let all = cases().into_iter();
    let odd = all.filter(|case| surprising(case) == Some(true));
    odd.map(|case| format!("{}: {:?}", case.name, case.read().1.findings()))
        .collect()
}

fn assert_none(unexpected: &[String]) {
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

#[test]
fn what_joylive_binds_is_bound_alike_but_for_the_named() {
    assert_none(&unexpected(&BOUND_OTHERWISE, |case| {
        let bound = case.bound.as_ref()?;
        let (document, _) = case.read();
        let here = case.projected(&document)?;
        Some(!holds(bound, &here))
    }));
}

#[test]
fn what_joylive_takes_is_taken_but_for_the_named() {
    assert_none(&unexpected(&REFUSED_HERE, |case| {
        let whole = case.bound.is_some() && case.is_whole();
        whole.then(|| case.read().1.is_refusal())
    }));
}

#[test]
fn what_joylive_fails_on_is_refused_but_for_the_named() {
    assert_none(&unexpected(&READ_HERE, |case| {
        let (_, report) = case.read();
        let mistyped = report.findings().iter().any(|finding| {
            finding.message.contains("is none of") || finding.message.starts_with("expected")
        });
        case.bound.is_none().then_some(!mistyped)
    }));
}

#[test]
fn every_named_case_exists() {
    let names: Vec<String> = cases().into_iter().map(|case| case.name).collect();
    assert_eq!(names.len(), 95);
    for (name, _) in READ_HERE
        .iter()
        .chain(&REFUSED_HERE)
        .chain(&BOUND_OTHERWISE)
    {
        assert!(names.iter().any(|case| case == name), "{name}");
    }
}
