//! The one crate that touches proxy-wasm: bytes in, Result out.
//!
//! A filter is written against three traits: [`Host`] is what it may ask, [`Plugin`] and [`Stream`] are what it is asked.
//! What lies behind `Host` is Envoy, a [fake] in memory, or an in-process model of Envoy; the filter cannot tell.

mod adapter;
mod api;
mod call;
mod envoy;
mod ffi;
mod headers;
mod parking;
mod plugin;
pub mod protobuf;
mod timer;
mod values;
mod versions;

pub mod fake;

pub use adapter::start;
pub use api::{Expected, Flow, Host, MetricId, MetricKind, Plugin, Stream, Versioned, Wait};
pub use call::{CallAnswer, CallId, HttpCall, MAX_ANSWER_BODY};
pub use envoy::EnvoyHost;
pub use headers::{Headers, Iter};
pub use values::{HostError, LocalReply, Nanos};

/// For [`plugin!`], so that the crates that use it need not name the SDK.
#[doc(hidden)]
pub use proxy_wasm as __sdk;
