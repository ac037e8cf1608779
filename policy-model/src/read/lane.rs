//! Reads what a service does with lanes.

use super::meta::lane_meta;
use super::object::Obj;
use crate::document::LanePolicy;

pub(super) fn lane(o: &mut Obj) -> Option<LanePolicy> {
    o.guard();
    Some(LanePolicy {
        meta: lane_meta(o),
        lane_space_id: o.text("laneSpaceId").unwrap_or_default(),
        lanes: o.map("lanes"),
        fallback_type: o.word("fallbackType"),
        fallback_lanes: o.map("fallbackLanes"),
    })
}
