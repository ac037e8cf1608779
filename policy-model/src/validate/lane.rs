//! What services do with lanes: lanes and spaces that the document has.

use super::refer::Names;
use crate::document::{Document, FallbackType, LanePolicy, LaneSpace, ServicePolicy};
use crate::finding::{Report, Severity};

pub(super) fn check(document: &Document, policy: &ServicePolicy, report: &mut Report) {
    for lane in policy.lane_policies.iter().filter(|lane| lane.meta.enabled) {
        own(lane, report);
        match space(document, lane) {
            Some(space) => lanes(lane, space, report),
            None => missing(document, lane, report),
        }
    }
}

fn space<'d>(document: &'d Document, lane: &LanePolicy) -> Option<&'d LaneSpace> {
    let own = |space: &&LaneSpace| match lane.lane_space_id.as_str() {
        "" => space.default_space,
        id => space.id == id,
    };
    document.lane_spaces.iter().find(own)
}

fn missing(document: &Document, lane: &LanePolicy, report: &mut Report) {
    let at = &*lane.meta.pointer;
    if lane.lane_space_id.is_empty() {
        report.warning(at, "no `laneSpaceId`, and no lane space is the default one");
        return;
    }
    let ids = document.lane_spaces.iter().map(|space| space.id.as_str());
    Names::new("lane space", ids).must_have(
        &lane.lane_space_id,
        Severity::Warning,
        format!("{at}/laneSpaceId"),
        report,
    );
}

/// What a policy says without regard to any space.
fn own(lane: &LanePolicy, report: &mut Report) {
    let at = &*lane.meta.pointer;
    for (from, to) in &lane.lanes {
        if from == to {
            report.info(
                format!("{at}/lanes"),
                format!("lane `{from}` is redirected to itself"),
            );
        } else if lane.lanes.contains_key(to) {
            let message = format!("`{from}` goes to `{to}` and not on to where that is redirected");
            report.info(format!("{at}/lanes"), message);
        }
    }
    match lane.fallback_type {
        Some(FallbackType::Custom) if lane.fallback_lanes.is_empty() => report.warning(
            format!("{at}/fallbackType"),
            "CUSTOM without `fallbackLanes`: the default lane is taken",
        ),
        Some(FallbackType::Default | FallbackType::Reject) if !lane.fallback_lanes.is_empty() => {
            report.warning(
                format!("{at}/fallbackLanes"),
                "no effect: `fallbackType` is not CUSTOM",
            );
        }
        _ => {}
    }
}

fn lanes(lane: &LanePolicy, space: &LaneSpace, report: &mut Report) {
    let codes = space.lanes.iter().map(|lane| lane.code.as_str());
    let codes = Names::new("lane of this space", codes);
    for (name, map) in [
        ("lanes", &lane.lanes),
        ("fallbackLanes", &lane.fallback_lanes),
    ] {
        let at = format!("{}/{name}", lane.meta.pointer);
        for code in map.iter().flat_map(|(from, to)| [from, to]) {
            codes.must_have(code, Severity::Warning, &*at, report);
        }
    }
}
