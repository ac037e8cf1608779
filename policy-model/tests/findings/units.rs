//! Units, cells and the rules that spread users over them.

use super::{assert_found, report};
use policy_model::{Report, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The sample live space of JoyLive with one value put in.
fn space(pointer: &str, value: Value) -> Report {
    let sample = include_str!("../../fixtures/joylive/policies/livespaces.json");
    let mut json: Value = serde_json::from_str(sample).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = json.pointer_mut(&format!("/0/spec{parent}")).unwrap();
    match parent.as_array_mut() {
        Some(items) => items.push(value),
        None => drop(
            parent
                .as_object_mut()
                .unwrap()
                .insert(name.to_owned(), value),
        ),
    }
    report(&json)
}

#[test]
fn the_sample_has_one_thing_to_say() {
    let said = space("/name", json!("Test"));
    assert_eq!(said.findings().len(), 1, "{:?}", said.findings());
    assert_found(
        &said,
        "warning at /0/spec: units and cells are not carried out yet",
    );
}

#[test]
fn what_is_named_must_exist() {
    for (pointer, value, wanted) in [
        (
            "/domains/0/paths/0/ruleId",
            json!(1004),
            "error at /0/spec/domains/0/paths/0/ruleId: no unit rule is called `1004` (did you mean `1003`?)",
        ),
        (
            "/domains/0/unitDomains/0/unit",
            json!("x"),
            "error at /0/spec/domains/0/unitDomains/0/unit: no unit is called `x`",
        ),
        (
            "/unitRules/0/units/0/code",
            json!("x"),
            "error at /0/spec/unitRules/0/units/0/code: no unit is called `x`",
        ),
        (
            "/unitRules/0/units/0/failoverUnit",
            json!("x"),
            "error at /0/spec/unitRules/0/units/0/failoverUnit: no unit",
        ),
        (
            "/unitRules/0/units/0/cells/0/code",
            json!("cell4"),
            "error at /0/spec/unitRules/0/units/0/cells/0/code: no cell of this unit",
        ),
        (
            "/unitRules/0/variable",
            json!("pin"),
            "warning at /0/spec/unitRules/0/variable: no variable is called `pin`",
        ),
        (
            "/unitRules/0/variableSource",
            json!("x"),
            "warning at /0/spec/unitRules/0/variableSource: no source of this variable",
        ),
        (
            "/units/0/type",
            json!("CENTRE"),
            "error at /0/spec/units/0/type: `CENTRE` is none of CENTER, UNIT",
        ),
        (
            "/units/0/accessMode",
            json!("READ_ONLY"),
            "error at /0/spec/units/0/accessMode: `READ_ONLY` is none of",
        ),
    ] {
        assert_found(&space(pointer, value), wanted);
    }
}

#[test]
fn names_are_unique() {
    let unit = space(
        "/units/-",
        json!({"code": "unit1", "cells": [{"code": "cell4"}]}),
    );
    assert_found(
        &unit,
        "error at /0/spec/units/2: unit `unit1` is already at /0/spec/units/0",
    );
    assert_found(
        &unit,
        "error at /0/spec/units/2/cells/0: cell `cell4` is already",
    );
    let rule = space("/unitRules/-", json!({"id": "1003"}));
    assert_found(
        &rule,
        "error at /0/spec/unitRules/1: unit rule `1003` is already",
    );
}

#[test]
fn every_user_belongs_to_one_unit() {
    let ranges = |from: u32, to: u32| {
        space(
            "/unitRules/0/units/0/ranges",
            json!([{"from": from, "to": to}]),
        )
    };
    let at = "/0/spec/unitRules/0";
    assert_found(
        &ranges(0, 7000),
        &format!("warning at {at}: from 7000 to before 8000 belong to no unit"),
    );
    assert_found(
        &ranges(0, 8001),
        &format!(
            "error at {at}/units/1/ranges/0: overlaps with the range at {at}/units/0/ranges/0"
        ),
    );
    assert_found(
        &ranges(5, 5),
        &format!("error at {at}/units/0/ranges/0: empty"),
    );
    let short = space("/unitRules/0/modulo", json!(9000));
    assert_found(
        &short,
        &format!("warning at {at}/units/1/ranges/0: `modulo` is 9000"),
    );
    let none = space("/unitRules/0/modulo", json!(0));
    assert_found(&none, &format!("error at {at}/modulo: 0"));
    let other = space("/unitRules/0/variableFunction", json!("BKDR"));
    assert_found(
        &other,
        &format!("error at {at}/variableFunction: unknown function `BKDR`"),
    );
}

#[test]
fn a_spec_needs_no_wrapper() {
    let bare =
        report(&json!({"liveSpaces": [{"id": "1", "units": [{"code": "u", "type": "CENTER"}]}]}));
    assert_eq!(bare.count(Severity::Error), 0, "{:?}", bare.findings());
    let two = json!({"liveSpaces": [{"id": "1", "units": [
        {"code": "u", "type": "CENTER"}, {"code": "v", "type": "center"}
    ]}]});
    assert_found(
        &report(&two),
        "error at /liveSpaces/0/units/1/type: the center is already /liveSpaces/0/units/0",
    );
}
