//! Reading, whatever is read.

use super::{assert_found, report};
use policy_model::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON at all.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        let name = prop_oneof![
            prop::sample::select(NAMES).prop_map(String::from),
            "[a-z/~]{0,4}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const NAMES: &[&str] = &[
    "services",
    "groups",
    "paths",
    "methods",
    "servicePolicy",
    "rateLimitPolicies",
    "slidingWindows",
    "threshold",
    "key",
    "conditions",
    "values",
    "type",
    "opType",
    "laneSpaces",
    "lanes",
    "liveSpaces",
    "spec",
    "units",
    "unitRules",
    "ranges",
    "authentication",
    "providers",
    "localJwks",
    "keys",
    "name",
    "routePolicies",
    "tagRules",
    "destinations",
    "circuitBreakPolicies",
    "degradeConfig",
    "cost",
    "path",
];

/// Every object of a document, by pointer.
fn objects(json: &Value, at: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            found.push(at.to_owned());
            for (name, value) in members {
                objects(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Objects whose names are data.
const OPEN: [&str; 6] = [
    "parameters",
    "actionParameters",
    "attributes",
    "labels",
    "metadata",
    "providers",
];

proptest! {
    #[test]
    fn reading_never_panics(json in any_json()) {
        let _ = report(&json);
        let _ = report(&json!({"services": [{"groups": [{"servicePolicy": json}]}]}));
    }

    #[test]
    fn reading_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::read(&bytes);
    }

    #[test]
    fn an_unknown_member_is_found_wherever_it_is(place in any::<prop::sample::Index>(), sample in 0..4_usize) {
        let files = ["microservice.package", "microservice.service-file-test", "lanes", "livespaces"];
        let path = format!("{}/fixtures/joylive/policies/{}.json", env!("CARGO_MANIFEST_DIR"), files[sample]);
        let mut json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut all = Vec::new();
        objects(&json, "", &mut all);
        all.retain(|at| !OPEN.contains(&at.rsplit('/').next().unwrap()) && !at.contains("/authPolicy/params") && !at.ends_with("servicePolicy/authPolicy"));
        let at = place.get(&all);
        json.pointer_mut(at).unwrap().as_object_mut().unwrap().insert("qqqqq".to_owned(), json!(1));
        assert_found(&report(&json), &format!("warning at {at}/qqqqq: unknown field `qqqqq`"));
    }
}
