//! Tags, then lanes, then one header.

use crate::{
    draw::Draw,
    labels::SUBSET_HEADER,
    lane::{Coloured, LANE_HEADER, SPACE_HEADER, Spaces},
    nodes::{NodeRoutes, NodesBuilder},
    subsets::{Choice, ChoiceId, Subsets},
};
use engine::{CompileContext, HeaderValue, Position, RequestContext, Stage, Verdict};
use policy_model::sort::sort;
use std::rc::Rc;

/// The routing stage.
pub struct Route {
    spaces: Spaces,
    nodes: Vec<NodeRoutes>,
    subsets: Subsets,
    draw: Draw,
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
        let mut builder = NodesBuilder::new(&cx.document.lane_spaces, &spaces);
        let model = cx.model;
        let nodes = model
            .nodes()
            .map(|(_, node)| builder.node(node, &mut cx.metrics, &mut refuse))
            .collect();
        let subsets = builder.build();
        sort(&mut refused);
        refused.dedup();
        for (pointer, why) in refused {
            cx.report.error(pointer, why);
        }
        // Workers configure at different nanoseconds.
        Self {
            spaces,
            nodes,
            subsets,
            draw: Draw::new(cx.host.now().0),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let node = cx.node.and_then(|node| self.nodes.get(node.index()));
        let tag = node.and_then(|node| node.tags.choose(cx, &self.draw));
        let coloured = self.spaces.colour(cx, &self.draw);
        let lanes = match (node, &coloured) {
            (Some(node), Some(coloured)) => node.lanes.choice(coloured),
            _ => Choice::Ready(ChoiceId::default()),
        };
        if let Some(coloured) = &coloured {
            carry(cx, coloured);
        }
        if let Some(value) = self.subsets.header(tag, &lanes) {
            cx.changes.set_request(SUBSET_HEADER, value);
        }
        Verdict::Continue
    }
}

/// Tells the services behind which lane the request is in, unless it says exactly so itself.
fn carry(cx: &mut RequestContext<'_>, coloured: &Coloured<'_>) {
    for (name, value) in [
        (SPACE_HEADER, &coloured.space.id),
        (LANE_HEADER, coloured.code()),
    ] {
        if !(coloured.said && says(cx, name, value)) {
            let value: Rc<[u8]> = Rc::clone(value).into();
            cx.changes.set_request(name, HeaderValue::Shared(value));
        }
    }
}

/// Whether a header has this value alone. Of several copies a service may read any.
fn says(cx: &RequestContext<'_>, name: &str, value: &str) -> bool {
    if let Some(decided) = cx.changes.request(name) {
        return decided == Some(value.as_bytes());
    }
    let mut copies = cx.view.headers(name);
    copies.next() == Some(value.as_bytes()) && copies.next().is_none()
}
