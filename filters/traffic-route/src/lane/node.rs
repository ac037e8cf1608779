//! What a node makes of a lane: redirect, then the lane's instances, then the fallback.

use super::space::{Coloured, Space};
use crate::labels::Labels;
use policy_model::document::{FallbackType, LanePolicy};
use std::rc::Rc;

/// A node's lane policies, by the space's place in the document.
#[derive(Default)]
pub(crate) struct NodeLanes {
    /// `autoLaneEnabled`, inherited.
    auto: Option<bool>,
    policies: Vec<(usize, Rc<LanePolicy>)>,
}

// === impl NodeLanes ===

impl NodeLanes {
    pub(crate) fn new(auto: Option<bool>, policies: Vec<(usize, Rc<LanePolicy>)>) -> Self {
        Self { auto, policies }
    }

    /// The instances to try for a request of this lane, first choice first. Empty: lanes do not matter here.
    pub(crate) fn choices(&self, request: &Coloured<'_>) -> Vec<Labels> {
        let space = request.space;
        let policy = self
            .policies
            .iter()
            .find(|(index, _)| *index == request.index);
        let policy = policy.map(|(_, policy)| policy.as_ref());
        if policy.is_none() && !self.joins(space, &request.lane) {
            return Vec::new();
        }
        let redirected = policy.and_then(|policy| policy.lanes.get(&*request.lane));
        let target =
            redirected.map_or_else(|| Rc::clone(&request.lane), |lane| lane.as_str().into());
        let fallback = fallback(space, policy, &target);
        let known = space.lane(&target).is_some();
        let mut lanes = Vec::with_capacity(2);
        if known || fallback.is_none() {
            lanes.push(Rc::clone(&target));
        }
        lanes.extend(fallback.filter(|lane| !lanes.contains(lane)));
        lanes.into_iter().map(|lane| labels(space, lane)).collect()
    }

    /// Whether the service takes part without a lane policy of its own.
    fn joins(&self, space: &Space, lane: &str) -> bool {
        let lane_says = || space.lane(lane).is_none_or(|lane| lane.auto_join);
        self.auto.unwrap_or_else(lane_says)
    }
}

/// The lane that takes over where `target` has no instance; `None` where it must be refused.
fn fallback(space: &Space, policy: Option<&LanePolicy>, target: &str) -> Option<Rc<str>> {
    let lane = space.lane(target);
    let stated = policy.and_then(|policy| {
        // Fallback lanes without a type say what they say.
        let implied = (!policy.fallback_lanes.is_empty()).then_some(FallbackType::Custom);
        policy.fallback_type.or(implied)
    });
    let from_lane = || lane.and_then(|lane| lane.fallback_type).unwrap_or_default();
    let custom = || match policy.filter(|_| stated.is_some()) {
        Some(policy) => policy.fallback_lanes.get(target),
        None => lane.and_then(|lane| lane.fallback_lane.as_ref()),
    };
    match stated.unwrap_or_else(from_lane) {
        FallbackType::Reject => None,
        FallbackType::Default => space.default_lane.clone(),
        FallbackType::Custom => custom()
            .map(|lane| lane.as_str().into())
            .or_else(|| space.default_lane.clone()),
    }
}

fn labels(space: &Space, lane: Rc<str>) -> Labels {
    let mut labels = Labels::default();
    labels.set(super::space::SPACE_HEADER.into(), Rc::clone(&space.id));
    labels.set(super::space::LANE_HEADER.into(), lane);
    labels
}
