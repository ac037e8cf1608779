//! Tag and lane routing.
//!
//! The filter does not pick an instance: Envoy's load balancer knows which are alive. It says what an instance must be, as
//! a list of label sets to try in turn, in one header that `header_to_metadata` hands to the subset load balancer.

mod draw;
mod labels;
mod lane;
mod nodes;
mod refuse;
mod stage;
mod subsets;
mod tag;

pub use stage::Route;

/// The module of this stage alone.
pub type TrafficRoute = engine::Engine<(Route,)>;
