//! What the fuzzers call, and what must hold whatever bytes they come up with.
//!
//! "It does not panic" is the least of it: each target holds its parser against a naive reading of the same bytes, written
//! apart from the code under test and slow, or against a promise (a token that was not issued does not pass; what was taken
//! out of a request is not in it any more). A broken promise panics, which is what a fuzzer looks for.
//!
//! The bodies lie here rather than in the fuzzers' own programs so that an ordinary test can run them over the seeds
//! (`tests/seeds.rs`): a target that no longer compiles or holds fails there, whoever has a fuzzer.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a target says that it found something"
)]

mod claims;
mod cookie;
mod document;
mod gate;
mod header;
mod jwk;
mod jwks;
mod keys;
mod path;
mod query;
mod reference;
mod request;
mod token;

/// A target: takes any bytes, and panics if something does not hold for them.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its program and of its folder of seeds.
pub const TARGETS: [(&str, Target); 9] = [
    ("claims", claims::run),
    ("cookie", cookie::run),
    ("document", document::run),
    ("header", header::run),
    ("jwk", jwk::run),
    ("jwks", jwks::run),
    ("path", path::run),
    ("query", query::run),
    ("token", token::run),
];

/// Runs the target of this name.
///
/// # Panics
///
/// If there is none, and if something does not hold for these bytes.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(own, _)| *own == name);
    let (_, target) = target.unwrap_or_else(|| panic!("no target {name}"));
    target(data);
}
