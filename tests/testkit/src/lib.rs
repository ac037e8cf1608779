//! A real Envoy as a library call.
//!
//! The configuration that users copy is the one that tests run: [`Envoy::shipped`] takes `envoy/envoy.yaml` and the watched
//! policy file beside it, changes only what a test must change (ports, upstream addresses, the paths of the policy file and
//! of the module), and starts Envoy with two workers and two [`echo`] upstreams. What Envoy then says is part of the verdict:
//! a test fails on any unexpected `critical` or `error` line and on any reload of a VM, so no test passes while a filter
//! crashes behind it.
//!
//! ```no_run
//! use testkit::{Envoy, Request};
//! # fn main() -> anyhow::Result<()> {
//! let envoy = Envoy::shipped()?.start()?;
//! let reply = envoy.send(&Request::get("/echo").host("service-provider"))?;
//! assert_eq!(reply.status, 401);
//! envoy.finish()
//! # }
//! ```

mod config;
mod envoy;
pub mod grpc;
mod http;
mod poll;
mod setup;
pub mod tokens;
pub mod websocket;

pub use crate::config::Bootstrap;
pub use crate::envoy::{Builder, Envoy, Sample, Stats, Update};
pub use crate::http::{Client, Request, Response};
pub use crate::poll::until;
pub use crate::setup::{dist, envoy_binary, module, repository};
pub use echo::{Behaviour, Echo};
