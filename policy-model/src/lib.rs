//! The governance document: types, validation, inheritance, matching.
//!
//! No I/O, no clock, no host: the same code runs in the Wasm filters, in the `steward` command and in a browser.

pub mod condition;
pub mod document;
pub mod finding;
pub mod json;
pub mod map;
pub mod model;
mod order;
pub mod pattern;
pub mod read;
pub mod sort;
pub mod target;
pub mod validate;

pub use document::Document;
pub use finding::{Finding, Report, Severity};
pub use model::Model;
