//! What a node makes of a lane: redirect, then the lane's instances, then the fallback.
//!
//! The lanes that a document names are few, and what a node makes of each does not depend on the request. So it is made
//! when the document is compiled; only a lane that a trusted client brings along has to be thought about later.

use super::space::{Coloured, InLane, Space, Spaces};
use crate::{
    labels::Labels,
    subsets::{Choice, ChoiceId, Lanes, SubsetsBuilder},
};
use policy_model::document::{FallbackType, LanePolicy};
use std::rc::Rc;

/// A node's lane policies, by the space's place in the document.
pub(crate) struct NodeLanes {
    /// `autoLaneEnabled`, inherited.
    auto: Option<bool>,
    policies: Box<[(usize, Rc<LanePolicy>)]>,
    /// By space, then by code.
    known: Box<[Box<[ChoiceId]>]>,
}

// === impl NodeLanes ===

impl NodeLanes {
    pub(crate) fn new(
        auto: Option<bool>,
        policies: Box<[(usize, Rc<LanePolicy>)]>,
        spaces: &Spaces,
        subsets: &mut SubsetsBuilder,
    ) -> Self {
        let mut lanes = Self {
            auto,
            policies,
            known: Box::default(),
        };
        let choices = |(index, space): (usize, &Space)| {
            let codes = space.codes().iter();
            let choices = codes.map(|code| {
                let tried = lanes.tried(index, space, code);
                subsets.choice(index, tried, |tried| labels(space, tried))
            });
            choices.collect()
        };
        lanes.known = spaces.iter().enumerate().map(choices).collect();
        lanes
    }

    /// The instances to try for a request of this lane.
    pub(crate) fn choice(&self, request: &Coloured<'_>) -> Choice {
        match &request.lane {
            InLane::Known(code, _) => {
                let known = self.known.get(request.index);
                let choice = known.and_then(|known| known.get(code.0).copied());
                Choice::Ready(choice.unwrap_or_default())
            }
            InLane::Other(code) => {
                let tried = self.tried(request.index, request.space, code);
                Choice::Made(labels(request.space, &tried))
            }
        }
    }

    /// The lane's own instances after redirects, then those of its fallback.
    fn tried(&self, index: usize, space: &Space, lane: &Rc<str>) -> Lanes {
        let policy = self.policies.iter().find(|(of, _)| *of == index);
        let policy = policy.map(|(_, policy)| policy.as_ref());
        if policy.is_none() && !self.joins(space, lane) {
            return [None, None];
        }
        let redirected = policy.and_then(|policy| policy.lanes.get(&**lane));
        let target = redirected.map_or_else(|| Rc::clone(lane), |lane| lane.as_str().into());
        let fallback = fallback(space, policy, &target);
        let known = space.lane(&target).is_some();
        if !known && fallback.is_some() {
            return [fallback, None];
        }
        let other = fallback.filter(|lane| *lane != target);
        [Some(target), other]
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
        FallbackType::Default => space.default_lane().cloned(),
        FallbackType::Custom => custom()
            .map(|lane| lane.as_str().into())
            .or_else(|| space.default_lane().cloned()),
    }
}

fn labels(space: &Space, lanes: &Lanes) -> Vec<Labels> {
    let labels = |lane: &Rc<str>| {
        let mut labels = Labels::default();
        labels.set(super::space::SPACE_HEADER.into(), Rc::clone(&space.id));
        labels.set(super::space::LANE_HEADER.into(), Rc::clone(lane));
        labels
    };
    lanes.iter().flatten().map(labels).collect()
}
