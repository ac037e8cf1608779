//! The SDK's host functions over a small model of Envoy: whole filters run in process.
//!
//! Unit tests with a fake host cannot find a misread host, and a test with a real Envoy takes seconds and shows nothing of
//! what went on inside. This crate defines the functions that a filter imports (proxy-wasm ABI 0.2.1) as native symbols, so
//! the same filter, SDK included, runs under a debugger, a profiler or a property test, thousands of requests a second.
//!
//! **One thread is one worker VM**: the SDK keeps its contexts per thread, as it does per VM. All workers of one [`Envoy`]
//! share its data, metrics, clocks and log; two `Envoy`s share nothing, so tests may run side by side. Time is virtual and
//! moves only when a test says so.
//!
//! ```no_run
//! # struct JwtAuth;
//! # impl host::Plugin for JwtAuth {
//! #     type Stream = Never;
//! #     fn configure(_: &dyn host::Host, _: &[u8]) -> Option<Self> { None }
//! #     fn open(self: &std::rc::Rc<Self>) -> Never { Never }
//! # }
//! # struct Never;
//! # impl host::Stream for Never {
//! #     fn request_headers(&mut self, _: &dyn host::Host, _: bool) -> host::Flow { host::Flow::Continue }
//! # }
//! use host_model::{Envoy, Request};
//!
//! let envoy = Envoy::new();
//! let mut worker = envoy.worker::<JwtAuth>(b"{}").unwrap();
//! let response = worker.request(Request::get("/orders").header("authorization", "Bearer x"));
//! assert_eq!(response.status, 401);
//! ```
//!
//! What it is true to, checked against Envoy 1.40: compare-and-swap and tombstones of shared data, phases (which header map
//! can be read and written when), repeated headers, local replies that pass through the response callbacks, gRPC replies,
//! metrics, the order of callbacks, `on_configure` in a canary, on the main thread and on every worker, timers,
//! `verify_signature`, calls to other clusters, which the test answers. What it has not: gRPC calls, queues, a response's trailers, a second filter in the chain, and the main
//! thread's VM, which is configured and then let go. A panic in a callback ends the whole process, since it cannot cross
//! the ABI; panics belong to tests with a real Envoy.
#![allow(
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::panic,
    reason = "a native test tool: threads need a mutex, and a broken test should stop at once"
)]

mod abi;
mod callout;
mod calls;
mod envoy;
mod foreign;
mod message;
mod metrics;
mod process;
mod shared_data;
mod spki;
mod state;
mod stream;
mod turns;
mod vm;
mod worker;

pub use callout::Callout;
pub use calls::Calls;
pub use envoy::{Envoy, Refused};
pub use message::{HeaderMap, Request, Response, Upstream};
pub use metrics::Kind;
pub use process::LogLine;
pub use vm::{Exchange, Progress, Vm};
pub use worker::Worker;
