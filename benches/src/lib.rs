//! What speed is measured with.
//!
//! Here are the load generator and the policy documents of `cargo xtask bench`; beside it, in `benches/`, what single
//! decisions cost natively (`cargo bench -p benches`), and in `tests/` what must not grow and needs no clock to be counted:
//! host calls and allocations of a request.
#![allow(
    clippy::disallowed_types,
    reason = "it measures how long an answer took; no Wasm module contains it"
)]

mod answer;
pub mod document;
mod load;

pub use answer::{Answer, Unreadable};
pub use load::{Load, Shot, Tally, Wrong};
