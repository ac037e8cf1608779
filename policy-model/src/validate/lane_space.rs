//! Lanes and the rules that put requests into them.

use super::condition;
use super::refer::{Names, once};
use crate::document::{Document, FallbackType, LaneRule, LaneSpace};
use crate::finding::{Report, Severity};
use crate::json::written;

pub(super) fn check(document: &Document, report: &mut Report) {
    let ids = document
        .lane_spaces
        .iter()
        .map(|space| (space.id.as_str(), &*space.pointer));
    once("lane space", Severity::Error, ids, report);
    let mut defaults = document
        .lane_spaces
        .iter()
        .filter(|space| space.default_space);
    if let (Some(first), Some(second)) = (defaults.next(), defaults.next()) {
        let at = format!("{}/defaultSpace", second.pointer);
        report.error(
            at,
            format!("the default space is already {}", first.pointer),
        );
    }
    for space in &document.lane_spaces {
        if space.id.is_empty() {
            report.error(
                &*space.pointer,
                "`id` is missing: no request can be in this space",
            );
        }
        lanes(space, report);
        rules(space, report);
        domains(space, report);
    }
    location(document, report);
}

fn lanes(space: &LaneSpace, report: &mut Report) {
    let codes = space
        .lanes
        .iter()
        .map(|lane| (lane.code.as_str(), &*lane.pointer));
    once("lane", Severity::Error, codes, report);
    let mut defaults = space.lanes.iter().filter(|lane| lane.default_lane);
    match (defaults.next(), defaults.next()) {
        (Some(first), Some(second)) => {
            let at = format!("{}/defaultLane", second.pointer);
            report.error(at, format!("the default lane is already {}", first.pointer));
        }
        (None, _) => report.warning(
            &*space.pointer,
            "no default lane: nothing to fall back to, and requests without a lane have none",
        ),
        _ => {}
    }
    let codes = Names::new(
        "lane of this space",
        space.lanes.iter().map(|lane| lane.code.as_str()),
    );
    for lane in &space.lanes {
        if lane.code.is_empty() {
            report.error(
                &*lane.pointer,
                "`code` is missing: no request can be in this lane",
            );
        }
        match (&lane.fallback_lane, lane.fallback_type) {
            (Some(to), Some(FallbackType::Custom)) => {
                codes.must_have(
                    to,
                    Severity::Error,
                    format!("{}/fallbackLane", lane.pointer),
                    report,
                );
            }
            (None, Some(FallbackType::Custom)) => report.warning(
                &*lane.pointer,
                "CUSTOM without `fallbackLane`: the default lane is taken",
            ),
            (Some(_), _) => report.warning(
                format!("{}/fallbackLane", lane.pointer),
                "no effect: `fallbackType` is not CUSTOM",
            ),
            (None, _) => {}
        }
    }
}

fn rules(space: &LaneSpace, report: &mut Report) {
    let ids = space
        .rules
        .iter()
        .map(|rule| (rule.id.as_str(), &*rule.pointer));
    once("lane rule", Severity::Error, ids, report);
    let codes = Names::new(
        "lane of this space",
        space.lanes.iter().map(|lane| lane.code.as_str()),
    );
    for rule in &space.rules {
        let at = format!("{}/laneCode", rule.pointer);
        codes.must_have(&rule.lane_code, Severity::Error, at, report);
        condition::list(&rule.conditions, report);
        ratio(rule, report);
    }
}

fn ratio(rule: &LaneRule, report: &mut Report) {
    let at = format!("{}/ratio", rule.pointer);
    match rule.ratio {
        Some(ratio) if ratio < 0.0 => report.error(at, "a share cannot be below 0"),
        Some(0.0) => report.warning(at, "0: nobody is put into the lane"),
        Some(ratio) if ratio > 1.0 => report.add(
            Severity::Error,
            at,
            format!("{} is more than all", written(ratio)),
            Some(format!(
                "a share is from 0 to 1: {} is {} per cent",
                written(ratio / 100.0),
                written(ratio)
            )),
        ),
        _ => {}
    }
}

fn domains(space: &LaneSpace, report: &mut Report) {
    let hosts = space
        .domains
        .iter()
        .map(|domain| (domain.host.to_ascii_lowercase(), &*domain.pointer));
    once("host", Severity::Error, hosts, report);
    let ids = Names::new("lane rule", space.rules.iter().map(|rule| rule.id.as_str()));
    for domain in &space.domains {
        if domain.host.is_empty() {
            report.error(
                &*domain.pointer,
                "`host` is missing: no request is for this domain",
            );
        }
        refer(&ids, &domain.rules, &domain.pointer, report);
        let paths = domain.paths.iter();
        let paths = paths.map(|path| (path.path.trim_end_matches('/'), &*path.pointer));
        once("path", Severity::Error, paths, report);
        for path in &domain.paths {
            refer(&ids, &path.rules, &path.pointer, report);
        }
    }
}

fn refer(ids: &Names<'_>, rules: &[String], at: &str, report: &mut Report) {
    for (index, rule) in rules.iter().enumerate() {
        ids.must_have(rule, Severity::Error, format!("{at}/rules/{index}"), report);
    }
}

fn location(document: &Document, report: &mut Report) {
    let location = &document.location;
    let Some(id) = &location.lane_space_id else {
        return;
    };
    let Some(space) = document.lane_spaces.iter().find(|space| space.id == *id) else {
        let ids = document.lane_spaces.iter().map(|space| space.id.as_str());
        let at = "/location/laneSpaceId";
        return Names::new("lane space", ids).must_have(id, Severity::Warning, at, report);
    };
    if let Some(lane) = &location.lane {
        let codes = space.lanes.iter().map(|lane| lane.code.as_str());
        let codes = Names::new("lane of this space", codes);
        codes.must_have(lane, Severity::Warning, "/location/lane", report);
    }
}
