//! What a request is aimed at, in one spelling.
//!
//! A policy is found by comparing a request's host and path with the document's. Every spelling of the same target that
//! is compared as another one is a way past a policy: `/public/%2e%2e/admin` is `/admin` to the service behind the
//! proxy and must be `/admin` here. So both sides of every comparison go through this module, and what has no single
//! safe reading is refused instead of guessed at.

mod grpc;
mod host;
mod path;
mod unit;

pub use grpc::GrpcMethod;
pub(crate) use host::host_of;
pub use host::normal_host;
pub use path::{NormalPath, UnsafePath};
