//! The normal ways: the target is there, or rustup fetches it.

use super::{Refusal, Toolchain, Way, rustc_call};
use crate::{call::Call, machine::Machine, say};
use std::path::{Path, PathBuf};

/// The compiler in use has the target already.
pub(super) struct Present {
    pub(super) target: &'static str,
}

/// `rustup target add`.
pub(super) struct Add {
    pub(super) target: &'static str,
}

// === impl Present ===

impl Way for Present {
    fn name(&self) -> &'static str {
        "the target of the compiler in use"
    }

    fn attempt(&self, machine: &dyn Machine) -> Result<Toolchain, Refusal> {
        let library = library(self.target, machine)?;
        if machine.exists(&library) {
            return Ok(Toolchain {
                rustc: None,
                target_libdir: library,
            });
        }
        Err(Refusal(format!(
            "not installed ({} is not there)",
            library.display()
        )))
    }
}

// === impl Add ===

impl Way for Add {
    fn name(&self) -> &'static str {
        "rustup target add"
    }

    fn attempt(&self, machine: &dyn Machine) -> Result<Toolchain, Refusal> {
        // Where a firewall drops packets each further try costs the user half a minute.
        let add = Call::new("rustup")
            .args(["target", "add", self.target])
            .env("RUSTUP_MAX_RETRIES", "1");
        say::step(
            &format!("adding the Rust target {} (rustup target add)", self.target),
            || machine.output(&add),
        )?;
        // rustup may have served another toolchain than the one cargo compiles with.
        let target = self.target;
        Present { target }.attempt(machine)
    }
}

/// Where the compiler in use looks for the target's standard library, be it there or not.
fn library(target: &str, machine: &dyn Machine) -> Result<PathBuf, Refusal> {
    let ask = rustc_call(Path::new("rustc")).args(["--print", "target-libdir", "--target", target]);
    Ok(PathBuf::from(machine.output(&ask)?.trim_end()))
}
