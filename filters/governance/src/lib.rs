//! All stages in one pipeline: what `governance.wasm` runs for requests, and what the command line asks about documents.
//!
//! It is written down once, so that a document that `steward validate` takes is one that the module takes.

/// All stages, in the model's order.
pub type Stages = (
    rate_limit::EarlyLimit,
    jwt_auth::Authenticate,
    jwt_auth::Permit,
    rate_limit::concurrency::Concurrency,
    rate_limit::Limit,
    traffic_route::Route,
    circuit_breaker::Break,
);
