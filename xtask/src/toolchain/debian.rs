//! The way without rustup's server: `std` for the target, built once from Debian's Rust source package.
//!
//! Debian 12 carries, for its browsers, a recent compiler (`rustc-web`) with its library's source, and the C library
//! for WASI. No version is named here: compiler and source come from one source package, so they fit each other
//! (rustc 1.95 cannot compile the library of 1.96), and what they are is read from the compiler.

use super::{Refusal, SCRIPT_TARGET, TARGET, Toolchain, Way, debian_packages, rustc_call, sysroot};
use crate::{
    cache::{Cache, Locked},
    call::Call,
    machine::Machine,
    say,
};
use anyhow::Context;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(super) const RUSTC: &str = "/usr/bin/rustc";

/// In the cache entry, the file that says which compiler it was made for.
const MADE_FOR: &str = "made-for";

/// An empty library crate: building it builds the standard library it would need. Its profile is that of the modules,
/// whose fat LTO works on bitcode.
const MANIFEST: &str = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
    [profile.release]\npanic = \"abort\"\n[workspace]\n";

/// What an earlier run made.
pub(super) struct Earlier<'a> {
    pub(super) target: &'static str,
    pub(super) cache: &'a Cache,
}

/// Installing the packages and building.
pub(super) struct Build<'a> {
    pub(super) target: &'static str,
    pub(super) locked: &'a Locked<'a>,
}

// === impl Earlier ===

impl Way for Earlier<'_> {
    fn name(&self) -> &'static str {
        "the one built earlier"
    }

    fn attempt(&self, machine: &dyn Machine) -> Result<Toolchain, Refusal> {
        let entry = self.cache.entry(entry_for(self.target));
        let made_for = fs::read_to_string(entry.join(MADE_FOR))
            .map_err(|_| Refusal(format!("none in {}", entry.display())))?;
        if version(machine)? != made_for {
            return Err(Refusal(format!("{RUSTC} has another version since")));
        }
        sysroot::check_linker(&entry).map_err(Refusal)?;
        Ok(toolchain(self.target, &entry))
    }
}

// === impl Build ===

impl Way for Build<'_> {
    fn name(&self) -> &'static str {
        "Debian's Rust source"
    }

    fn attempt(&self, machine: &dyn Machine) -> Result<Toolchain, Refusal> {
        say::line(
            "rustup cannot help; building the target's standard library from Debian's Rust source",
        );
        debian_packages::ready(machine)?;
        let made_for = version(machine)?;
        let linker = debian_packages::linker(machine, &made_for)?;
        let (target, name) = (self.target, entry_for(self.target));
        let entry = self.locked.publish(name, |into| {
            let work = into.join("build");
            build_std(machine, target, &work)?;
            let parts = sysroot::Parts {
                target,
                built: work.join("target").join(target).join("release/deps"),
                own_crate: "empty",
                wasi: (target == TARGET).then(|| PathBuf::from("/usr/lib/wasm32-wasi")),
                host: field(&made_for, "host")
                    .context("rustc names no host")?
                    .to_owned(),
                host_library: PathBuf::from("/usr/lib/rustlib"),
                linker,
                rustc: PathBuf::from(RUSTC),
            };
            parts.lay_out(into, &self.locked.entry(name))?;
            fs::remove_dir_all(&work)?;
            Ok(fs::write(into.join(MADE_FOR), &made_for)?)
        })?;
        Ok(toolchain(target, &entry))
    }
}

/// The name of the cache entry.
fn entry_for(target: &str) -> &'static str {
    if target == SCRIPT_TARGET {
        "script-sysroot"
    } else {
        "wasm-sysroot"
    }
}

fn toolchain(target: &str, entry: &Path) -> Toolchain {
    Toolchain {
        rustc: Some(entry.join("bin/rustc")),
        target_libdir: sysroot::library(entry, target),
    }
}

/// What Debian's compiler says about itself.
fn version(machine: &dyn Machine) -> Result<String, Refusal> {
    Ok(machine.output(&rustc_call(Path::new(RUSTC)).arg("-vV"))?)
}

/// The value of `name: value` in what `rustc -vV` prints.
pub(super) fn field<'a>(version: &'a str, name: &str) -> Option<&'a str> {
    version
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn build_std(machine: &dyn Machine, target: &str, work: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(work.join("src"))?;
    fs::write(work.join("Cargo.toml"), MANIFEST)?;
    fs::write(work.join("src/lib.rs"), "#![no_std]\n")?;
    say::step(
        &format!("building std for {target} (once, about a minute)"),
        || machine.output(&std_call(target, work)),
    )?;
    Ok(())
}

fn std_call(target: &str, work: &Path) -> Call {
    // What runs in Node are tests.
    let crates = if target == SCRIPT_TARGET {
        "-Zbuild-std=std,panic_abort,test"
    } else {
        "-Zbuild-std=std,panic_abort"
    };
    let variable = target.to_uppercase().replace('-', "_");
    Call::clean_cargo()
        .without(&["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"])
        .args(["build", "--release", "--target", target, crates])
        .arg("--target-dir")
        .arg(work.join("target"))
        .env("RUSTC", RUSTC)
        // A stable compiler and cargo are asked for `-Zbuild-std`.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without it fat LTO of a module fails: "failed to get bitcode from object file".
        .env(&format!("CARGO_TARGET_{variable}_RUSTFLAGS"), "-Cembed-bitcode=yes")
        .in_folder(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "rustc 1.96.0 (ac68faa20 2026-05-25)\nbinary: rustc\n\
        host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";

    #[test]
    fn the_compiler_says_what_it_is() {
        assert_eq!(field(VERSION, "host"), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(field(VERSION, "LLVM version"), Some("22.1.8"));
        assert_eq!(field(VERSION, "rustc"), None);
    }

    #[test]
    fn std_is_built_with_bitcode_by_debians_compiler() {
        let command = std_call(TARGET, Path::new("/w")).command();
        let set = |name: &str| {
            let value = command.get_envs().find(|(key, _)| *key == name)?.1?;
            value.to_str().map(str::to_owned)
        };
        assert_eq!(set("RUSTC").as_deref(), Some(RUSTC));
        assert_eq!(set("RUSTC_BOOTSTRAP").as_deref(), Some("1"));
        assert_eq!(
            set("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS").as_deref(),
            Some("-Cembed-bitcode=yes")
        );
    }

    #[test]
    fn each_target_has_a_library_of_its_own_and_tests_their_harness() {
        assert_ne!(entry_for(TARGET), entry_for(SCRIPT_TARGET));
        let call = |target| std_call(target, Path::new("/w")).to_string();
        assert!(
            call(SCRIPT_TARGET)
                .contains("--target wasm32-unknown-unknown -Zbuild-std=std,panic_abort,test ")
        );
        assert!(call(TARGET).contains("--target wasm32-wasip1 -Zbuild-std=std,panic_abort "));
    }
}
