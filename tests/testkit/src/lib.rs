//! A real Envoy as a library call.
