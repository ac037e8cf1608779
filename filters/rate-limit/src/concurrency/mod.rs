//! So many at once: concurrency limits.
//!
//! A request takes a permit of every limit of its node and holds it as long as its stream lives, an upload, a WebSocket or a
//! gRPC stream as well as a short call. The engine tells a stage of a stream's end exactly once, however it ends; a VM that
//! traps cannot tell, and what it held is free when its id is no longer renewed ([`engine::state::Presence`]).
//!
//! The stage stands before the rate limits: a request that waits for its rate is in the house already.

mod compile;
mod held;
mod limiter;
mod queue;
mod stage;

pub use held::Held;
pub use stage::Concurrency;
