//! The module `governance.wasm`: all stages in one module and one pass, the one that most users load.
//!
//! A second filter in the chain costs more than a second stage: Envoy pays for every context, and the headers are read
//! once.

/// All stages, in the model's order.
type Governance = engine::Engine<(
    rate_limit::EarlyLimit,
    jwt_auth::Authenticate,
    jwt_auth::Permit,
    rate_limit::concurrency::Concurrency,
    rate_limit::Limit,
    traffic_route::Route,
    circuit_breaker::Break,
)>;

host::plugin!(Governance);
