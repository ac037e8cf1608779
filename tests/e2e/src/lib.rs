//! End-to-end tests against a real Envoy, a file a behaviour.
//!
//! The tests are in `tests/`; here is only what several of them share: documents, and the shape of what a caller is told.

#![allow(
    clippy::indexing_slicing,
    reason = "reading a missing field of a serde_json::Value gives null"
)]

pub mod documents;
pub mod expect;
