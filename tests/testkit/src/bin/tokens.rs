//! `tokens alice bob`: a shell variable with a good token for each, by the test key that the shipped documents hold.
//!
//! `cargo xtask demo` prints the same; this is for those who run the stack in containers.

#![allow(
    clippy::print_stdout,
    reason = "a command-line program: its output is what it is for"
)]

use std::env;
use testkit::tokens;

fn main() -> anyhow::Result<()> {
    for user in env::args().skip(1) {
        println!("export {}={}", user.to_uppercase(), tokens::token(&user)?);
    }
    Ok(())
}
