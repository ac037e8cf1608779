//! Unit rules: users that belong to no unit, or to two.

use super::refer::{Names, once};
use crate::document::{LiveSpec, Unit, UnitRange, UnitRoute, UnitRule};
use crate::finding::{Report, Severity};
use crate::sort::sort_by_key;

/// The one function that JoyLive knows. Under any other no hash is in any range.
const FUNCTION: &str = "BKDRHash";

pub(super) fn check(spec: &LiveSpec, report: &mut Report) {
    once(
        "unit rule",
        Severity::Error,
        spec.unit_rules
            .iter()
            .map(|rule| (rule.id.as_str(), &*rule.pointer)),
        report,
    );
    for rule in &spec.unit_rules {
        routes(spec, rule, report);
        ranges(rule, report);
        hash(rule, report);
        let (variable_name, source) = (rule.variable.as_deref(), rule.variable_source.as_deref());
        variable(spec, variable_name, source, &rule.pointer, report);
    }
}

fn routes(spec: &LiveSpec, rule: &UnitRule, report: &mut Report) {
    let codes = rule
        .unit_routes
        .iter()
        .map(|route| (route.code.as_str(), &*route.pointer));
    once("unit", Severity::Error, codes, report);
    let units = Names::new("unit", spec.units.iter().map(|unit| unit.code.as_str()));
    for route in &rule.unit_routes {
        let at = &route.pointer;
        units.must_have(&route.code, Severity::Error, format!("{at}/code"), report);
        if let Some(other) = &route.failover_unit {
            units.must_have(other, Severity::Error, format!("{at}/failoverUnit"), report);
        }
        if let Some(unit) = spec.units.iter().find(|unit| unit.code == route.code) {
            cells(unit, route, report);
        }
    }
}

fn cells(unit: &Unit, route: &UnitRoute, report: &mut Report) {
    let routes = route.cells.as_deref().unwrap_or_default();
    let codes = routes
        .iter()
        .map(|cell| (cell.code.as_str(), &*cell.pointer));
    once("cell", Severity::Error, codes, report);
    let cells = Names::new(
        "cell of this unit",
        unit.cells.iter().map(|cell| cell.code.as_str()),
    );
    for cell in routes {
        cells.must_have(
            &cell.code,
            Severity::Error,
            format!("{}/code", cell.pointer),
            report,
        );
    }
}

fn ranges(rule: &UnitRule, report: &mut Report) {
    let mut all: Vec<(UnitRange, String)> = Vec::new();
    for route in &rule.unit_routes {
        for (index, range) in route.ranges.iter().enumerate() {
            all.push((*range, format!("{}/ranges/{index}", route.pointer)));
        }
    }
    for (range, at) in &all {
        if range.from >= range.to {
            report.error(
                at,
                format!(
                    "empty: no number is from {} to before {}",
                    range.from, range.to
                ),
            );
        } else if range.to > rule.modulo && rule.modulo > 0 {
            report.warning(
                at,
                format!("`modulo` is {}: no hash is beyond", rule.modulo),
            );
        }
    }
    all.retain(|(range, _)| range.from < range.to);
    sort_by_key(&mut all, |(range, _)| *range);
    overlaps(&all, report);
    gaps(rule, &all, report);
}

fn overlaps(sorted: &[(UnitRange, String)], report: &mut Report) {
    for pair in sorted.windows(2) {
        if let [(before, first), (after, at)] = pair
            && after.from < before.to
        {
            report.error(
                at,
                format!("overlaps with the range at {first}: whose users are these?"),
            );
        }
    }
}

fn gaps(rule: &UnitRule, sorted: &[(UnitRange, String)], report: &mut Report) {
    if sorted.is_empty() {
        return;
    }
    let mut reached = 0;
    for (range, _) in sorted {
        if range.from > reached {
            gap(rule, reached, range.from, report);
        }
        reached = reached.max(range.to);
    }
    if reached < rule.modulo {
        gap(rule, reached, rule.modulo, report);
    }
}

fn gap(rule: &UnitRule, from: u32, to: u32, report: &mut Report) {
    let message = format!("users whose hash is from {from} to before {to} belong to no unit");
    report.warning(&*rule.pointer, message);
}

fn hash(rule: &UnitRule, report: &mut Report) {
    let at = &rule.pointer;
    let ranged = rule
        .unit_routes
        .iter()
        .any(|route| !route.ranges.is_empty());
    match rule.variable_function.as_deref() {
        Some(FUNCTION) => {}
        Some(other) if ranged => {
            let meant = Some(format!("the only one is `{FUNCTION}`"));
            let at = format!("{at}/variableFunction");
            report.add(
                Severity::Error,
                at,
                format!("unknown function `{other}`"),
                meant,
            );
        }
        None if ranged => report.error(
            &**at,
            "ranges without `variableFunction`: nobody is in them",
        ),
        _ => {}
    }
    if ranged && rule.modulo == 0 {
        report.error(format!("{at}/modulo"), "0: everybody's hash is 0");
    }
}

/// A variable and its source must exist in the space.
pub(super) fn variable(
    spec: &LiveSpec,
    variable: Option<&str>,
    source: Option<&str>,
    at: &str,
    report: &mut Report,
) {
    let Some(name) = variable else { return };
    let Some(declared) = spec.variables.iter().find(|variable| variable.name == name) else {
        let names = Names::new(
            "variable",
            spec.variables.iter().map(|variable| variable.name.as_str()),
        );
        return names.must_have(name, Severity::Warning, format!("{at}/variable"), report);
    };
    if let Some(source) = source {
        let names = declared.sources.iter().map(|source| source.name.as_str());
        let names = Names::new("source of this variable", names);
        names.must_have(
            source,
            Severity::Warning,
            format!("{at}/variableSource"),
            report,
        );
    }
}
