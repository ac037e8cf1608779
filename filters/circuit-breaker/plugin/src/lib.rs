//! The module `circuit-breaker.wasm`: this filter alone.

host::plugin!(circuit_breaker::CircuitBreaker);
