//! `cargo xtask fuzz`: lets libFuzzer look for bytes for which a parser breaks a promise.
//!
//! What it looks through lies in `fuzz/`, and its seeds run as a plain test anyway. libFuzzer is compiled by the crate
//! `libfuzzer-sys`, so a C++ compiler is needed; the coverage that guides it comes from flags that the stable compiler has,
//! which is why this neither wants a nightly one nor cargo-fuzz. What has been found worth keeping stays in the target folder
//! and is where the next run begins.

use crate::{
    call::Call,
    machine::{Machine, ThisMachine, show},
    place, say,
};
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Which targets run, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only the targets whose name contains one of these
    filter: Vec<String>,
}

/// Each edge counts in a byte of its own, and comparisons tell what they were compared with.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// An input that takes longer, in seconds, is a finding: none of the parsers may be slow.
const SLOW: u32 = 10;

/// Runs the targets one after the other, or says why they cannot run.
///
/// # Errors
/// One of them found something, or there is none of these names.
pub(crate) fn run(options: &Options) -> Result<()> {
    let targets = targets(&options.filter)?;
    if let Err(why) = check_compiler(&ThisMachine) {
        say::line(format!("skipped: fuzzing. {why:#}"));
        return Ok(());
    }
    let triple = triple(&ThisMachine)?;
    let folder = place::target().join("fuzz");
    show(&build(&triple, &folder)).context("the fuzzers did not compile")?;
    let programs = folder.join(&triple).join("release");
    let mut broken = Vec::new();
    for name in &targets {
        say::line(format!("fuzzing {name} for {} s", options.seconds));
        let corpus = folder.join("corpus").join(name);
        fs::create_dir_all(&corpus)?;
        if show(&fuzz(&programs, name, &corpus, options.seconds)).is_err() {
            broken.push(name.as_str());
        }
    }
    if !broken.is_empty() {
        bail!(
            "something was found by: {}. Its bytes are where libFuzzer says above; once it is mended they belong in fuzz/seeds/",
            broken.join(", ")
        );
    }
    say::line(format!("nothing found by: {}", targets.join(", ")));
    Ok(())
}

fn source() -> PathBuf {
    place::root().join("fuzz/libfuzzer")
}

/// The names of the targets, in order.
fn targets(filters: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(source().join("fuzz_targets"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter)) {
            names.push(name.into_owned());
        }
    }
    names.sort();
    ensure!(!names.is_empty(), "no target of such a name");
    Ok(names)
}

fn check_compiler(machine: &dyn Machine) -> Result<()> {
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let said = machine.output(&Call::new(&compiler).arg("--version"));
    said.with_context(|| {
        format!(
            "It needs a C++ compiler, and `{compiler}` is none: install `g++`, or name one in CXX"
        )
    })?;
    Ok(())
}

/// What this machine is to the compiler. Named to cargo, so that the flags are for the fuzzers alone and not for what runs
/// while they are built.
fn triple(machine: &dyn Machine) -> Result<String> {
    let said = machine.output(&Call::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("rustc does not say what it runs on")?
        .to_owned())
}

fn build(triple: &str, folder: &Path) -> Call {
    Call::clean_cargo()
        .args(["build", "--release", "--target", triple, "--target-dir"])
        .arg(folder)
        .env("RUSTFLAGS", COVERAGE)
        .in_folder(&source())
}

fn fuzz(programs: &Path, name: &str, corpus: &Path, seconds: u32) -> Call {
    let words = format!("-dict={}", source().join("words.dict").display());
    let found = format!("-artifact_prefix={}-", corpus.display());
    Call::new(programs.join(name))
        .arg(corpus)
        .arg(place::root().join("fuzz/seeds").join(name))
        .args([words, found])
        .args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={SLOW}"),
        ])
        .args(["-verbosity=0", "-print_final_stats=1"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::fake::Fake;

    #[test]
    fn targets_are_chosen_by_a_part_of_their_name() {
        assert_eq!(targets(&["jw".into()]).expect("there are"), ["jwk", "jwks"]);
        assert!(targets(&[]).expect("there are").len() > 5);
        assert!(targets(&["no such".into()]).is_err());
    }

    #[test]
    fn who_has_no_compiler_for_it_is_told_what_to_install() {
        let said = check_compiler(&Fake::default()).expect_err("it is not there");
        assert!(said.to_string().contains("install `g++`"), "{said}");
        let machine = Fake::default().prints("c++ --version", "g++ 12");
        assert!(env::var("CXX").is_ok() || check_compiler(&machine).is_ok());
    }

    #[test]
    fn the_flags_are_for_the_fuzzers_alone() {
        let machine = Fake::default().prints("rustc -vV", "rustc 1\nhost: a-b-c\n");
        let call = build(&triple(&machine).expect("it says"), Path::new("/t"));
        assert!(
            call.to_string()
                .ends_with("build --release --target a-b-c --target-dir /t"),
            "{call}"
        );
        let command = call.command();
        let mut set = command.get_envs().filter(|(name, _)| *name == "RUSTFLAGS");
        assert_eq!(
            set.next(),
            Some(("RUSTFLAGS".as_ref(), Some(COVERAGE.as_ref())))
        );
    }
}
