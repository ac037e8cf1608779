//! The tests of `policy-model` once more, as Wasm in Node: what the model promises natively it must keep where pointers
//! have 32 bits and a panic ends the module.
//!
//! Between cargo and Node stands `wasm-bindgen-test-runner`, whose version must be that of wasm-bindgen in `Cargo.lock`.
//! No registry that a closed network lets through has it built (npm's wrappers fetch it from elsewhere), so it is compiled
//! once and kept in the cache: without optimization and without TLS, 70 s of CPU and less than a minute. The library
//! behind it, `wasm-bindgen-cli-support`, costs half, and is not used: the script that then drives Node would be ours,
//! written against names that wasm-bindgen may change in any release. As a dependency of this workspace either would
//! bring second versions of crates that `deny.toml` refuses.
//!
//! Node is no requirement of the product. Where it, the target or the runner cannot be had, that is said and the rest
//! decides; a test that runs and fails is a failure like any other.

use crate::{
    cache::{Cache, Locked},
    call::Call,
    machine::{Machine, ThisMachine, show},
    place, say,
    toolchain::{self, SCRIPT_TARGET},
};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Debian 12 has it; older ones do not know every Wasm feature that rustc takes for granted.
const OLDEST_NODE: u32 = 18;

const RUNNER: &str = "wasm-bindgen-test-runner";

/// Runs the tests whose name contains one of `filters` (all, if there is none). Where they cannot run that is said, and is
/// no error.
pub(crate) fn tested(filters: &[String]) -> Result<()> {
    let test = match prepare() {
        Ok(test) => test,
        Err(reason) => {
            say::line(format!("skipped: policy-model's tests in Node. {reason:#}"));
            return Ok(());
        }
    };
    say::line("policy-model's tests in Node");
    let results = for_each_filter(&test, filters).map(|call| show(&call).is_ok());
    let all_passed = results.fold(true, |all, one| all & one);
    ensure!(
        all_passed,
        "policy-model's tests did not pass in Node; cargo says which above"
    );
    say::line("policy-model's tests passed in Node too");
    Ok(())
}

/// The call that runs all of them; an error says what is missing.
fn prepare() -> Result<Call> {
    let machine = &ThisMachine;
    check_node(machine)?;
    let cache = Cache::of_user()?;
    let lock = fs::read_to_string(place::root().join("Cargo.lock"))?;
    let version = locked_version(&lock).context("Cargo.lock holds no wasm-bindgen")?;
    let toolchain = toolchain::ready_for(SCRIPT_TARGET, &cache)?;
    let runner = runner(machine, &cache, version)?;
    let folder = place::target().join(format!("wasm-{}", toolchain.fingerprint()?));
    Ok(test(toolchain.cargo(), &runner, &folder))
}

fn check_node(machine: &dyn Machine) -> Result<()> {
    let wanted = || format!("Node.js {OLDEST_NODE} or newer is needed: install `nodejs`");
    let said = machine
        .output(&Call::new("node").arg("--version"))
        .with_context(wanted)?;
    let major = major(&said).with_context(wanted)?;
    ensure!(
        major >= OLDEST_NODE,
        "{}; here is {}",
        wanted(),
        said.trim()
    );
    Ok(())
}

/// The first number of `v20.1.2`.
fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// The version of wasm-bindgen in a `Cargo.lock`.
fn locked_version(lock: &str) -> Option<&str> {
    let (_, after) = lock.split_once("\nname = \"wasm-bindgen\"\nversion = \"")?;
    Some(after.split_once('"')?.0)
}

/// A runner of exactly this version: the one on `PATH`, the one made earlier, a new one.
fn runner(machine: &dyn Machine, cache: &Cache, version: &str) -> Result<PathBuf> {
    let on_path = machine.output(&Call::new(RUNNER).arg("--version"));
    if on_path.is_ok_and(|said| said.trim() == format!("{RUNNER} {version}")) {
        return Ok(RUNNER.into());
    }
    let entry = format!("wasm-bindgen-{version}");
    let cached = cache.entry(&entry).join("bin").join(RUNNER);
    if !machine.exists(&cached) {
        let locked = cache.lock()?;
        if !machine.exists(&cached) {
            install(machine, &locked, &entry, version)?;
        }
    }
    Ok(cached)
}

fn install(machine: &dyn Machine, locked: &Locked<'_>, entry: &str, version: &str) -> Result<()> {
    let into = |root: &Path| {
        let install = install_call(version).arg("--root").arg(root);
        say::step(
            &format!("compiling {RUNNER} {version} (once, about a minute)"),
            // A mirror may lack a version that its authors tested with; others will do.
            || {
                machine
                    .output(&install.clone().arg("--locked"))
                    .or_else(|_| machine.output(&install))
            },
        )
        .with_context(|| {
            format!(
                "{RUNNER} {version} is needed: put it on PATH, or let cargo reach its registry once"
            )
        })?;
        Ok(())
    };
    locked.publish(entry, into).map(drop)
}

fn install_call(version: &str) -> Call {
    Call::clean_cargo()
        .args(["install", "wasm-bindgen-cli", "--version"])
        .arg(format!("={version}"))
        .args(["--bin", RUNNER, "--debug", "--no-default-features"])
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
}

fn test(cargo: Call, runner: &Path, folder: &Path) -> Call {
    cargo
        // They choose a browser in place of Node.
        .without(&["WASM_BINDGEN_"])
        .args(["test", "--package", "policy-model", "--lib", "--tests"])
        .args(["--no-fail-fast", "--target", SCRIPT_TARGET, "--target-dir"])
        .arg(folder)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        // The runner takes twice as long over what it would have to carry along.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_STRIP", "debuginfo")
        .in_folder(place::root())
}

/// The runner takes one filter at most.
fn for_each_filter<'a>(test: &'a Call, filters: &'a [String]) -> impl Iterator<Item = Call> + 'a {
    let unfiltered = filters.is_empty().then(|| test.clone());
    let filtered = filters
        .iter()
        .map(|filter| test.clone().arg("--").arg(filter));
    unfiltered.into_iter().chain(filtered)
}

#[cfg(test)]
mod tests;
