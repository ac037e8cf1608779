//! Lanes: isolated versions of many services at once, side by side.
//!
//! A request gets its lane once, at the edge, and carries it in `x-lane-space-id` and `x-lane-code`. Each service on its
//! way then looks for instances of that lane, after the redirects of its own lane policy, and falls back as it or the lane
//! says.

mod domain;
mod node;
mod space;

pub(crate) use node::NodeLanes;
pub(crate) use space::{Coloured, LANE_HEADER, SPACE_HEADER, Spaces};
