//! The upstream of demo and tests: answers with its name and what it saw.
//!
//! A governance filter is judged by what reaches the service behind it, so this service hides nothing: its answer names
//! the instance, its labels, and every request header that arrived. It speaks HTTP/1.1 and HTTP/2 without TLS on one port,
//! and can be told to misbehave, per request by [`x-echo-*` headers](Order) or for all requests by [`Echo::behave`].
//!
//! A gRPC call gets its own messages back, and so does a WebSocket client.
//!
//! An [`Echo`] runs in a thread of its own with its own runtime, so blocking tests use it like a library call.

mod grpc;
mod order;
mod reply;
mod server;
mod websocket;

pub use crate::order::{Behaviour, Order};
pub use crate::server::Echo;
