//! `cargo xtask test`: everything that says whether the work is sound.

mod docker;

use crate::{build, cache::Cache, call::Call, envoy, machine::show, node, place, say};
use anyhow::{Result, bail};
use std::{path::Path, time::Instant};

/// What a run leaves out unless asked for it.
const LEFT_OUT: &str =
    "skipped: the end-to-end tests in containers (cargo xtask test --docker, with a Docker engine)";

/// Which tests are run, and how.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run the end-to-end tests with Envoy in containers of its published image; skipped aloud without a Docker engine
    #[arg(long)]
    docker: bool,
    /// Only the tests whose name contains one of these
    filter: Vec<String>,
}

/// Builds the modules, then runs the tests.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.docker {
        return docker::run(&options.filter);
    }
    let dist = build::run(&[])?;
    let envoy = envoy::ready(&Cache::of_user()?)?;
    say::line(format!("testing with {}", envoy.display()));
    let verdict = judged(&tests(&options.filter, &envoy, &dist));
    let in_node = node::tested(&options.filter);
    say::line(LEFT_OUT);
    verdict.and(in_node)
}

/// Runs tests, and says in the end whether they passed.
fn judged(tests: &Call) -> Result<()> {
    let begun = Instant::now();
    let passed = show(tests).is_ok();
    let took = say::duration(begun.elapsed());
    if !passed {
        bail!("the tests did not pass, after {took}; cargo says which above");
    }
    say::line(format!("all tests passed, in {took}"));
    Ok(())
}

/// The call that runs all of them.
fn tests(filters: &[String], envoy: &Path, dist: &Path) -> Call {
    cargo_test(["--workspace"], filters, envoy, dist)
}

/// One failure does not hide another, and the end of the output lists what failed.
fn cargo_test<'a>(
    which: impl IntoIterator<Item = &'a str>,
    filters: &[String],
    envoy: &Path,
    dist: &Path,
) -> Call {
    Call::cargo()
        .arg("test")
        .args(which)
        .args(["--no-fail-fast", "--"])
        .args(filters)
        .env("ENVOY", envoy)
        .env("STEWARD_DIST", dist)
        .in_folder(place::root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_are_told_where_envoy_and_the_modules_are() {
        let call = tests(&["jwt".into()], Path::new("/e"), Path::new("/d"));
        assert!(
            call.to_string()
                .ends_with(" test --workspace --no-fail-fast -- jwt"),
            "{call}"
        );
        let command = call.command();
        let set: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_some())
            .collect();
        assert!(
            set.contains(&("ENVOY".as_ref(), Some("/e".as_ref()))),
            "{set:?}"
        );
        assert!(
            set.contains(&("STEWARD_DIST".as_ref(), Some("/d".as_ref()))),
            "{set:?}"
        );
    }
}
