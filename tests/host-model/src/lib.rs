//! The SDK's host functions over a small model of Envoy: whole filters run in process.
