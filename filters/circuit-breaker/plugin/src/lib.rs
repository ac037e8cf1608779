//! Circuit breaking with degraded replies, as a module of its own.

host::plugin!(circuit_breaker::CircuitBreaker);
