//! End-to-end tests against a real Envoy, a file a behaviour.
