//! Tags, then lanes, then one header.

use crate::{
    draw::Draw,
    labels::{SUBSET_HEADER, subset_header},
    lane::{Coloured, LANE_HEADER, NodeLanes, SPACE_HEADER, Spaces},
    refuse::Refuse,
    tag::TagRoutes,
};
use engine::{CompileContext, Position, RequestContext, Stage, Verdict};
use policy_model::{document::LaneSpace, model::Node};

/// The routing stage.
pub struct Route {
    spaces: Spaces,
    nodes: Vec<NodeRoutes>,
    draw: Draw,
}

struct NodeRoutes {
    tags: TagRoutes,
    lanes: NodeLanes,
}

// === impl Route ===

impl Stage for Route {
    type State = ();

    const POSITION: Position = Position::Route;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        let mut refused = Vec::new();
        let mut refuse =
            |pointer: &str, why: &str| refused.push((pointer.to_owned(), why.to_owned()));
        let spaces = Spaces::compile(cx.document, &mut refuse);
        let model = cx.model;
        let mut nodes = Vec::new();
        for (_, node) in model.nodes() {
            nodes.push(NodeRoutes {
                tags: tag_routes(cx, node, &mut refuse),
                lanes: node_lanes(&cx.document.lane_spaces, node),
            });
        }
        refused.sort();
        refused.dedup();
        for (pointer, why) in refused {
            cx.report.error(pointer, why);
        }
        // Workers configure at different nanoseconds.
        Self {
            spaces,
            nodes,
            draw: Draw::new(cx.host.now().0),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let node = cx.node.and_then(|node| self.nodes.get(node.index()));
        let tag = node.and_then(|node| node.tags.choose(cx, &self.draw));
        let coloured = self.spaces.colour(cx, &self.draw);
        let mut choices = match (node, &coloured) {
            (Some(node), Some(coloured)) => node.lanes.choices(coloured),
            _ => Vec::new(),
        };
        if let Some(tag) = tag {
            match choices.is_empty() {
                true => choices.push(tag.clone()),
                false => choices.iter_mut().for_each(|lane| *lane = tag.and(lane)),
            }
        }
        if let Some(coloured) = &coloured {
            carry(cx, coloured);
        }
        if let Some(choice) = subset_header(&choices) {
            cx.changes.set_request(SUBSET_HEADER, choice);
        }
        Verdict::Continue
    }
}

/// Tells the services behind which lane the request is in.
fn carry(cx: &mut RequestContext<'_>, coloured: &Coloured<'_>) {
    cx.changes
        .set_request(SPACE_HEADER, coloured.space.id.as_bytes());
    cx.changes
        .set_request(LANE_HEADER, coloured.lane.as_bytes());
}

fn tag_routes(cx: &mut CompileContext<'_>, node: &Node, refuse: &mut Refuse<'_>) -> TagRoutes {
    let mut tags = TagRoutes::default();
    for inherited in node.policy.route_policies.iter() {
        let policy = &inherited.policy;
        let service = node.address.service.as_ref();
        let routed = cx
            .metrics
            .decisions(service, &inherited.label(), "route", "routed");
        tags.add(policy, routed, refuse);
    }
    tags
}

fn node_lanes(spaces: &[LaneSpace], node: &Node) -> NodeLanes {
    let policies = node.policy.lane_policies.iter().filter_map(|inherited| {
        let id = &inherited.policy.lane_space_id;
        let named = |space: &LaneSpace| {
            if id.is_empty() {
                space.default_space
            } else {
                space.id == *id
            }
        };
        Some((
            spaces.iter().position(named)?,
            std::rc::Rc::clone(&inherited.policy),
        ))
    });
    NodeLanes::new(node.policy.auto_lane_enabled, policies.collect())
}
