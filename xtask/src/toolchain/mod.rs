//! A compiler for a Wasm target: `wasm32-wasip1`, or the one whose modules a browser and Node load.
//!
//! With rustup and its server in reach this is one command. Closed networks often let through package registries and a
//! Debian mirror but not rustup's server, and the modules must be buildable there too. So there are four ways, tried
//! from the cheapest on; the first that works is taken, and when none does the user is told why, way by way.

mod debian;
mod debian_packages;
mod rustup;
mod sysroot;

use crate::{
    cache::Cache,
    call::Call,
    machine::{Failure, Machine, ThisMachine},
};
use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// What Envoy's V8 can run and Rust still supports as tier 2: WASI preview 1 (`wasip2` components have another ABI).
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// What wasm-bindgen, and so a browser and Node, can load.
pub(crate) const SCRIPT_TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that has the target's standard library.
#[derive(Debug, PartialEq)]
pub(crate) struct Toolchain {
    /// `None`: the compiler that cargo takes by itself.
    rustc: Option<PathBuf>,
    /// Where the target's standard library lies.
    target_libdir: PathBuf,
}

/// One way to come by a toolchain.
trait Way {
    /// As an entry in the list of what was tried.
    fn name(&self) -> &'static str;

    /// The toolchain, or in one sentence why not this way.
    fn attempt(&self, machine: &dyn Machine) -> Result<Toolchain, Refusal>;
}

/// Why a way led nowhere.
#[derive(Debug)]
struct Refusal(String);

/// Finds a toolchain for the modules, or makes one.
pub(crate) fn ready(cache: &Cache) -> Result<Toolchain> {
    ready_for(TARGET, cache)
}

/// Finds a toolchain for [`TARGET`] or [`SCRIPT_TARGET`], or makes one.
pub(crate) fn ready_for(target: &'static str, cache: &Cache) -> Result<Toolchain> {
    let machine = ThisMachine;
    let present = rustup::Present { target };
    let earlier = debian::Earlier { target, cache };
    if let Ok(found) = first(target, &[&present, &earlier], &machine) {
        return Ok(found);
    }
    let locked = &cache.lock()?;
    let (add, build) = (rustup::Add { target }, debian::Build { target, locked });
    // Somebody else may have made one while this run waited for the lock.
    first(target, &[&present, &earlier, &add, &build], &machine)
}

fn first(target: &str, ways: &[&dyn Way], machine: &dyn Machine) -> Result<Toolchain> {
    let mut refusals = String::new();
    for way in ways {
        match way.attempt(machine) {
            Ok(toolchain) => return Ok(toolchain),
            Err(Refusal(reason)) => refusals += &format!("\n- {}: {reason}", way.name()),
        }
    }
    Err(anyhow!(
        "no way to compile for {target}.{refusals}\n\
         Install the target with `rustup target add {target}` where rustup can reach its server, or run this as root \
         on Debian 12 or later."
    ))
}

// === impl Toolchain ===

impl Toolchain {
    /// Cargo, compiling with this toolchain and with no flags from the environment.
    pub(crate) fn cargo(&self) -> Call {
        let cargo = Call::clean_cargo();
        match &self.rustc {
            // The library path that rustup and `cargo run` set is that of the other compiler.
            Some(rustc) => cargo
                .without(&["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"])
                .env("RUSTC", rustc),
            None => cargo,
        }
    }

    /// A short name for exactly this compiler and library. Cargo does not notice when the library changes under a
    /// compiler of the same version, so the folder it builds in is named after this.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let rustc = self.rustc.clone().unwrap_or_else(|| "rustc".into());
        let mut hash = Sha256::new();
        hash.update(ThisMachine.output(&rustc_call(&rustc).arg("-vV"))?);
        hash.update(listing(&self.target_libdir)?);
        Ok(hash
            .finalize()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }
}

// === impl Refusal ===

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// A call of `rustc` that the caller's environment cannot turn into a call of another compiler.
fn rustc_call(rustc: &Path) -> Call {
    Call::new(rustc).without(&["RUSTC_BOOTSTRAP", "RUSTFLAGS"])
}

/// The folder's files with their sizes and times, a line each.
fn listing(folder: &Path) -> Result<String> {
    let context = || format!("cannot read {}", folder.display());
    let mut lines = Vec::new();
    for file in fs::read_dir(folder).with_context(context)? {
        let file = file.with_context(context)?;
        let about = file.metadata().with_context(context)?;
        let changed = about
            .modified()?
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        lines.push(format!(
            "{:?} {} {changed:?}\n",
            file.file_name(),
            about.len()
        ));
    }
    lines.sort_unstable();
    Ok(lines.concat())
}

#[cfg(test)]
mod tests;
