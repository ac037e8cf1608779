//! Reads lanes.

use super::condition::conditions;
use super::object::Obj;
use crate::document::{Lane, LaneDomain, LaneDomainPath, LaneRule, LaneSpace, PathMatchType};

pub(super) fn lane_space(o: &mut Obj) -> Option<LaneSpace> {
    o.guard();
    Some(LaneSpace {
        id: o.text("id").unwrap_or_default(),
        name: o.text("name").unwrap_or_default(),
        default_space: o.flag("defaultSpace").unwrap_or_default(),
        version: o.whole("version").unwrap_or_default(),
        topics: o.texts("topics").unwrap_or_default(),
        lanes: o.list("lanes", lane),
        domains: o.list("domains", domain),
        rules: o.list("rules", rule),
        pointer: o.pointer(),
    })
}

fn lane(o: &mut Obj) -> Option<Lane> {
    o.guard();
    Some(Lane {
        code: o.text("code").unwrap_or_default(),
        name: o.text("name").unwrap_or_default(),
        decorator: o.text("decorator"),
        default_lane: o.flag("defaultLane").unwrap_or_default(),
        fallback_type: o.word("fallbackType"),
        fallback_lane: o.filled("fallbackLane"),
        auto_join: o.flag("autoJoin").unwrap_or(true),
        pointer: o.pointer(),
    })
}

fn rule(o: &mut Obj) -> Option<LaneRule> {
    o.guard();
    Some(LaneRule {
        id: o.text("id").unwrap_or_default(),
        lane_code: o.text("laneCode").unwrap_or_default(),
        host: o.text("host"),
        ratio: o.number("ratio"),
        conditions: conditions(o),
        order: o.whole("order").unwrap_or_default(),
        pointer: o.pointer(),
    })
}

fn domain(o: &mut Obj) -> Option<LaneDomain> {
    o.guard();
    Some(LaneDomain {
        host: o.text("host").unwrap_or_default(),
        paths: o.list("paths", path),
        rules: o.texts("rules").unwrap_or_default(),
        pointer: o.pointer(),
    })
}

fn path(o: &mut Obj) -> Option<LaneDomainPath> {
    o.guard();
    let _: Option<PathMatchType> = o.word("matchType");
    Some(LaneDomainPath {
        path: o.filled("path").unwrap_or_else(|| "/".to_owned()),
        rules: o.texts("rules").unwrap_or_default(),
        pointer: o.pointer(),
    })
}
