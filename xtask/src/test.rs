//! `cargo xtask test`: everything that says whether the work is sound.

use crate::{build, cache::Cache, call::Call, envoy, machine::show, place, say};
use anyhow::{Result, bail};
use std::{path::Path, time::Instant};

/// Builds the modules, then runs the tests whose name contains one of `filters` (all, if there is none).
pub(crate) fn run(filters: &[String]) -> Result<()> {
    let begun = Instant::now();
    let dist = build::run(&[])?;
    let envoy = envoy::ready(&Cache::of_user()?)?;
    say::line(format!("testing with {}", envoy.display()));
    let passed = show(&tests(filters, &envoy, &dist)).is_ok();
    let took = say::duration(begun.elapsed());
    if !passed {
        bail!("the tests did not pass, after {took}; cargo says which above");
    }
    say::line(format!("all tests passed, in {took}"));
    Ok(())
}

/// The call that runs all of them: one failure does not hide another, and the end of the output lists what failed.
fn tests(filters: &[String], envoy: &Path, dist: &Path) -> Call {
    Call::cargo()
        .args(["test", "--workspace", "--no-fail-fast", "--"])
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
