//! Reads live spaces.

use super::live_domain::{domain, variable};
use super::live_rule::unit_rule;
use super::object::Obj;
use super::value;
use crate::document::{Cell, LiveSpace, LiveSpec, Unit};
use crate::json::Json;
use std::collections::BTreeMap;

/// Reads a live space with or without the wrapper of its registry.
pub(super) fn live_space(o: &mut Obj) -> Option<LiveSpace> {
    if o.names().all(|name| name != "spec") {
        return Some(LiveSpace {
            spec: spec(o),
            ..LiveSpace::default()
        });
    }
    Some(LiveSpace {
        api_version: o.text("apiVersion"),
        kind: o.text("kind"),
        metadata: notes(o),
        spec: o.object("spec", spec).unwrap_or_default(),
    })
}

/// The texts of the wrapper's notes. What else is there has no effect either.
fn notes(o: &mut Obj) -> BTreeMap<String, String> {
    let mut notes = BTreeMap::new();
    if let Some((_, Json::Object(members))) = o.value("metadata") {
        let texts = members.iter();
        notes
            .extend(texts.filter_map(|(name, json)| Some((name.clone(), value::text(json).ok()?))));
    }
    notes
}

fn spec(o: &mut Obj) -> LiveSpec {
    LiveSpec {
        id: o.text("id|workspaceId").unwrap_or_default(),
        code: o.text("code"),
        name: o.text("name").unwrap_or_default(),
        version: o.whole("version").unwrap_or_default(),
        tenant_id: o.text("tenantId"),
        units: o.list("units", unit),
        domains: o.list("domains", domain),
        unit_rules: o.list("unitRules", unit_rule),
        variables: o.list("variables", variable),
        topics: o.texts("topics").unwrap_or_default(),
        pointer: o.pointer(),
    }
}

fn unit(o: &mut Obj) -> Option<Unit> {
    Some(Unit {
        code: o.text("code").unwrap_or_default(),
        decorator: o.text("decorator"),
        name: o.text("name").unwrap_or_default(),
        unit_type: o.word("type"),
        access_mode: o.word("accessMode").unwrap_or_default(),
        labels: o.map("labels"),
        cells: o.list("cells", cell),
        pointer: o.pointer(),
    })
}

fn cell(o: &mut Obj) -> Option<Cell> {
    Some(Cell {
        code: o.text("code").unwrap_or_default(),
        name: o.text("name").unwrap_or_default(),
        role: o.text("role"),
        access_mode: o.word("accessMode").unwrap_or_default(),
        labels: o.map("labels"),
        pointer: o.pointer(),
    })
}
