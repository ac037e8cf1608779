//! Units, cells and hosts of live spaces.

use super::live_rule;
use super::refer::{Names, once};
use crate::document::{Document, LiveDomain, LiveSpec, UnitType};
use crate::finding::{Report, Severity};

pub(super) fn check(document: &Document, report: &mut Report) {
    let specs = document.live_spaces.iter().map(|space| &space.spec);
    once(
        "live space",
        Severity::Error,
        specs.clone().map(|spec| (spec.id.as_str(), &*spec.pointer)),
        report,
    );
    for spec in specs {
        if spec.id.is_empty() {
            report.error(
                &*spec.pointer,
                "`id` is missing: no request can be in this space",
            );
        }
        units(spec, report);
        live_rule::check(spec, report);
        domains(spec, report);
    }
    location(document, report);
}

fn units(spec: &LiveSpec, report: &mut Report) {
    once(
        "unit",
        Severity::Error,
        spec.units
            .iter()
            .map(|unit| (unit.code.as_str(), &*unit.pointer)),
        report,
    );
    let cells = spec.units.iter().flat_map(|unit| &unit.cells);
    once(
        "cell",
        Severity::Error,
        cells
            .clone()
            .map(|cell| (cell.code.as_str(), &*cell.pointer)),
        report,
    );
    for unit in spec.units.iter().filter(|unit| unit.code.is_empty()) {
        report.error(
            &*unit.pointer,
            "`code` is missing: no request can be in this unit",
        );
    }
    for cell in cells.filter(|cell| cell.code.is_empty()) {
        report.error(
            &*cell.pointer,
            "`code` is missing: no request can be in this cell",
        );
    }
    let mut centers = spec
        .units
        .iter()
        .filter(|unit| unit.unit_type == Some(UnitType::Center));
    if let (Some(first), Some(second)) = (centers.next(), centers.next()) {
        let at = format!("{}/type", second.pointer);
        report.error(at, format!("the center is already {}", first.pointer));
    }
}

fn domains(spec: &LiveSpec, report: &mut Report) {
    let hosts = spec
        .domains
        .iter()
        .map(|domain| (domain.host.to_ascii_lowercase(), &*domain.pointer));
    once("host", Severity::Error, hosts, report);
    for domain in &spec.domains {
        unit_domains(spec, domain, report);
        paths(spec, domain, report);
    }
}

fn unit_domains(spec: &LiveSpec, domain: &LiveDomain, report: &mut Report) {
    let units = Names::new("unit", spec.units.iter().map(|unit| unit.code.as_str()));
    for own in &domain.unit_domains {
        units.must_have(
            &own.unit,
            Severity::Error,
            format!("{}/unit", own.pointer),
            report,
        );
    }
}

fn paths(spec: &LiveSpec, domain: &LiveDomain, report: &mut Report) {
    let paths = domain.paths.iter();
    let paths = paths.map(|path| (path.path.trim_end_matches('/'), &*path.pointer));
    once("path", Severity::Error, paths, report);
    let rules = Names::new(
        "unit rule",
        spec.unit_rules.iter().map(|rule| rule.id.as_str()),
    );
    for path in &domain.paths {
        if let Some(rule) = &path.rule_id {
            rules.must_have(
                rule,
                Severity::Error,
                format!("{}/ruleId", path.pointer),
                report,
            );
        }
        for (index, biz) in path.biz_variable_rules.iter().enumerate() {
            if let Some(rule) = &biz.rule_id {
                let at = format!("{}/bizVariableRules/{index}/ruleId", path.pointer);
                rules.must_have(rule, Severity::Error, at, report);
            }
        }
        if path.custom_variable_source {
            let (variable, source) = (&path.variable, &path.variable_source);
            live_rule::variable(
                spec,
                variable.as_deref(),
                source.as_deref(),
                &path.pointer,
                report,
            );
        }
        if path.biz_variable_enabled
            && (path.biz_variable_name.is_none() || path.biz_variable_scope.is_none())
        {
            let message = "`bizVariableEnabled` needs `bizVariableName` and `bizVariableScope`";
            report.warning(&*path.pointer, message);
        }
    }
}

fn location(document: &Document, report: &mut Report) {
    let location = &document.location;
    let Some(id) = &location.live_space_id else {
        return;
    };
    let specs = document.live_spaces.iter().map(|space| &space.spec);
    let Some(spec) = specs.clone().find(|spec| spec.id == *id) else {
        let ids = Names::new("live space", specs.map(|spec| spec.id.as_str()));
        return ids.must_have(id, Severity::Warning, "/location/liveSpaceId", report);
    };
    let Some(code) = &location.unit else { return };
    let units = Names::new("unit", spec.units.iter().map(|unit| unit.code.as_str()));
    units.must_have(code, Severity::Warning, "/location/unit", report);
    let unit = spec.units.iter().find(|unit| unit.code == *code);
    if let (Some(unit), Some(cell)) = (unit, &location.cell) {
        let cells = Names::new(
            "cell of this unit",
            unit.cells.iter().map(|cell| cell.code.as_str()),
        );
        cells.must_have(cell, Severity::Warning, "/location/cell", report);
    }
}
