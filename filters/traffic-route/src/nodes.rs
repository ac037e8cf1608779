//! What each node of a document does, kept once for all nodes that do the same.

use crate::{
    lane::{NodeLanes, Spaces},
    refuse::Refuse,
    subsets::{Subsets, SubsetsBuilder},
    tag::TagRoutes,
};
use engine::Metrics;
use policy_model::{
    document::{LanePolicy, LaneSpace, RoutePolicy},
    map::Map,
    model::{Node, ServiceId},
};
use std::rc::Rc;

/// What a node does.
pub(crate) struct NodeRoutes {
    pub(crate) tags: Rc<TagRoutes>,
    pub(crate) lanes: Rc<NodeLanes>,
}

/// Collects nodes. Nodes inherit policies, and what is inherited is the same policy in memory: by its address the builder
/// sees that it has been compiled already.
pub(crate) struct NodesBuilder<'a> {
    documents: &'a [LaneSpace],
    spaces: &'a Spaces,
    subsets: SubsetsBuilder,
    /// Decisions are counted by service.
    tags: Map<(ServiceId, Vec<*const RoutePolicy>), Rc<TagRoutes>>,
    lanes: Map<(Option<bool>, Vec<*const LanePolicy>), Rc<NodeLanes>>,
}

// === impl NodesBuilder ===

impl<'a> NodesBuilder<'a> {
    /// For nodes of a document with these lane spaces, which are the same once more in `spaces`.
    pub(crate) fn new(documents: &'a [LaneSpace], spaces: &'a Spaces) -> Self {
        Self {
            documents,
            spaces,
            subsets: SubsetsBuilder::new(),
            tags: Map::new(),
            lanes: Map::new(),
        }
    }

    pub(crate) fn node(
        &mut self,
        node: &Node,
        metrics: &mut Metrics<'_>,
        refuse: &mut Refuse<'_>,
    ) -> NodeRoutes {
        NodeRoutes {
            tags: self.tags(node, metrics, refuse),
            lanes: self.lanes(node),
        }
    }

    pub(crate) fn build(self) -> Subsets {
        self.subsets.build()
    }

    fn tags(
        &mut self,
        node: &Node,
        metrics: &mut Metrics<'_>,
        refuse: &mut Refuse<'_>,
    ) -> Rc<TagRoutes> {
        let policies = &node.policy.route_policies;
        let addresses = policies
            .iter()
            .map(|inherited| Rc::as_ptr(&inherited.policy));
        let key = (node.service, addresses.collect());
        if let Some(known) = self.tags.get(&key) {
            return Rc::clone(known);
        }
        let mut tags = TagRoutes::default();
        for inherited in policies.iter() {
            let (service, label) = (node.address.service.as_ref(), inherited.label());
            let routed = metrics.decisions(service, &label, "route", "routed");
            tags.add(&inherited.policy, routed, &mut self.subsets, refuse);
        }
        let tags = Rc::new(tags.finished());
        self.tags.insert(key, Rc::clone(&tags));
        tags
    }

    fn lanes(&mut self, node: &Node) -> Rc<NodeLanes> {
        let policies = &node.policy.lane_policies;
        let auto = node.policy.auto_lane_enabled;
        let addresses = policies
            .iter()
            .map(|inherited| Rc::as_ptr(&inherited.policy));
        let key = (auto, addresses.collect());
        if let Some(known) = self.lanes.get(&key) {
            return Rc::clone(known);
        }
        let policies = policies.iter().map(|inherited| &inherited.policy);
        let policies =
            policies.filter_map(|policy| Some((self.space_of(policy)?, Rc::clone(policy))));
        let policies = policies.collect();
        let lanes = Rc::new(NodeLanes::new(
            auto,
            policies,
            self.spaces,
            &mut self.subsets,
        ));
        self.lanes.insert(key, Rc::clone(&lanes));
        lanes
    }

    /// The place of the space that a policy is about.
    fn space_of(&self, policy: &LanePolicy) -> Option<usize> {
        let id = &policy.lane_space_id;
        self.documents.iter().position(|space| match id.is_empty() {
            true => space.default_space,
            false => space.id == *id,
        })
    }
}
