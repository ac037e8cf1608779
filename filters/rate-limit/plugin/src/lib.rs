//! The module `rate-limit.wasm`: this filter alone.

host::plugin!(rate_limit::RateLimit);
