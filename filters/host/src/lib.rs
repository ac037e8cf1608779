//! The one crate that touches proxy-wasm: bytes in, Result out.
//!
//! A filter is written against three traits: [`Host`] is what it may ask, [`Plugin`] and [`Stream`] are what it is asked.
//! What lies behind `Host` is Envoy, a [fake] in memory, or an in-process model of Envoy; the filter cannot tell.

mod api;
mod headers;
mod values;

pub mod fake;

pub use api::{Expected, Flow, Host, MetricId, MetricKind, Plugin, Stream, Versioned};
pub use headers::{Headers, Iter};
pub use values::{HostError, LocalReply, Nanos};
