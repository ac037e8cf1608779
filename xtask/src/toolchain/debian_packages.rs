//! Debian packages for the way without rustup's server: what is needed, whether it is there, how it gets there.

use super::{Refusal, debian};
use crate::{call::Call, machine::Machine, say};
use std::path::{Path, PathBuf};

/// The compiler, the source of its library, the C library of WASI: each with a file that shows it is installed.
const NEEDED: [(&str, &str); 3] = [
    ("rustc-web", debian::RUSTC),
    (
        "rust-web-src",
        "/usr/lib/rustlib/src/rust/library/std/Cargo.toml",
    ),
    ("wasi-libc", "/usr/lib/wasm32-wasi/libc.a"),
];

/// Installs what is missing.
pub(super) fn ready(machine: &dyn Machine) -> Result<(), Refusal> {
    let there = |(_, file): &(&str, &str)| machine.exists(Path::new(file));
    if NEEDED.iter().all(there) {
        return same_source(machine);
    }
    install(machine, &NEEDED.map(|(package, _)| package))
}

/// The program that links Wasm: the one rustup's toolchains carry, else Debian's of the compiler's LLVM.
pub(super) fn linker(machine: &dyn Machine, version: &str) -> Result<PathBuf, Refusal> {
    if let Some(own) = rustup_linker(machine, version).filter(|path| machine.exists(path)) {
        return Ok(own);
    }
    let llvm = debian::field(version, "LLVM version").and_then(|full| full.split('.').next());
    let major = llvm.ok_or_else(|| Refusal(format!("{} names no LLVM version", debian::RUSTC)))?;
    let debians = PathBuf::from(format!("/usr/lib/llvm-{major}/bin/lld"));
    if !machine.exists(&debians) {
        install(machine, &[&format!("lld-{major}")])?;
    }
    Ok(debians)
}

fn rustup_linker(machine: &dyn Machine, version: &str) -> Option<PathBuf> {
    let sysroot = machine
        .output(&Call::new("rustc").args(["--print", "sysroot"]))
        .ok()?;
    let host = debian::field(version, "host")?;
    Some(Path::new(sysroot.trim_end()).join(format!("lib/rustlib/{host}/bin/rust-lld")))
}

/// A compiler and a library source from two different uploads cannot be used together.
fn same_source(machine: &dyn Machine) -> Result<(), Refusal> {
    let versions =
        Call::new("dpkg-query").args(["-W", "-f=${Version}\n", "rustc-web", "rust-web-src"]);
    let said = machine.output(&versions)?;
    let mut lines = said.lines();
    if lines.next() == lines.next() {
        return Ok(());
    }
    install(machine, &NEEDED.map(|(package, _)| package))
}

fn install(machine: &dyn Machine, packages: &[&str]) -> Result<(), Refusal> {
    let names = packages.join(" ");
    if machine
        .output(&Call::new("apt-get").arg("--version"))
        .is_err()
    {
        return Err(Refusal(format!(
            "needs the Debian packages {names}, and there is no apt-get here"
        )));
    }
    let Some(as_root) = as_root(machine) else {
        return Err(Refusal(format!(
            "needs the packages {names}; being neither root nor allowed `sudo -n`, this program asks you to run\n    \
             sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}"
        )));
    };
    let call = |args: &[&str]| {
        let call = as_root
            .iter()
            .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        let mut call = call.copied();
        Call::new(call.next().unwrap_or("env"))
            .args(call)
            .args(args)
    };
    say::step(&format!("installing the Debian packages {names}"), || {
        // A new machine has no package lists.
        machine.output(&call(&["update"]))?;
        // Rather fail than replace a Rust that somebody installed from Debian: rustc-web conflicts with rustc.
        let install = ["install", "-y", "--no-install-recommends", "--no-remove"];
        machine.output(&call(&[&install, packages].concat()))
    })?;
    Ok(())
}

/// What to put before a command for it to run as root: nothing, or `sudo -n`; `None` where neither works.
fn as_root(machine: &dyn Machine) -> Option<&'static [&'static str]> {
    let id = machine.output(&Call::new("id").arg("-u"));
    if id.is_ok_and(|id| id.trim() == "0") {
        return Some(&[]);
    }
    let sudo = machine.output(&Call::new("sudo").args(["-n", "true"]));
    sudo.is_ok().then_some(&["sudo", "-n"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::fake::Fake;

    fn debian() -> Fake {
        Fake::default().prints("apt-get --version", "apt 2.6.1")
    }

    #[test]
    fn root_installs_without_sudo() {
        let machine = debian().prints("id -u", "0\n").prints("env DEBIAN", "");
        ready(&machine).expect("installed");
        let calls = machine.calls.borrow();
        let apt = "env DEBIAN_FRONTEND=noninteractive apt-get";
        assert!(calls.contains(&format!("{apt} update")));
        assert_eq!(
            calls.last(),
            Some(&format!(
                "{apt} install -y --no-install-recommends --no-remove rustc-web rust-web-src wasi-libc"
            ))
        );
    }

    #[test]
    fn others_use_sudo_where_it_asks_for_no_password() {
        let machine = debian().prints("id -u", "1000").prints("sudo -n", "");
        ready(&machine).expect("installed");
        assert!(
            machine
                .calls
                .borrow()
                .iter()
                .any(|call| call.starts_with("sudo -n env DEBIAN"))
        );
    }

    #[test]
    fn others_are_told_what_to_run() {
        let machine = debian()
            .prints("id -u", "1000")
            .fails("sudo", "a password is required");
        let Refusal(reason) = ready(&machine).expect_err("nobody may install");
        assert!(
            reason.contains("sudo apt-get install -y --no-install-recommends rustc-web"),
            "{reason}"
        );
    }

    #[test]
    fn elsewhere_the_packages_are_named() {
        let Refusal(reason) = ready(&Fake::default()).expect_err("not a Debian");
        assert!(reason.contains("no apt-get"), "{reason}");
    }

    #[test]
    fn nothing_is_installed_twice() {
        let there = NEEDED
            .iter()
            .fold(Fake::default(), |fake, (_, file)| fake.has(file));
        let machine = there.prints("dpkg-query", "1.96.0-1\n1.96.0-1\n");
        ready(&machine).expect("there");
        assert_eq!(machine.calls.borrow().len(), 1);
    }

    #[test]
    fn a_compiler_and_a_source_that_differ_are_installed_anew() {
        let there = NEEDED
            .iter()
            .fold(debian(), |fake, (_, file)| fake.has(file));
        let machine = there
            .prints("dpkg-query", "1.96.0-1\n1.95.0-1\n")
            .prints("id -u", "0")
            .prints("env DEBIAN", "");
        ready(&machine).expect("installed");
        assert!(
            machine
                .calls
                .borrow()
                .iter()
                .any(|call| call.contains("apt-get install"))
        );
    }

    const VERSION: &str = "host: x86_64-unknown-linux-gnu\nLLVM version: 22.1.8\n";

    #[test]
    fn the_linker_is_rustups_where_there_is_one() {
        let lld = "/r/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld";
        let machine = Fake::default()
            .prints("rustc --print sysroot", "/r\n")
            .has(lld);
        assert_eq!(linker(&machine, VERSION).expect("there"), Path::new(lld));
    }

    #[test]
    fn the_linker_is_else_debians_of_the_same_llvm() {
        let lld = "/usr/lib/llvm-22/bin/lld";
        let machine = debian()
            .prints("id -u", "0")
            .prints("rustc", "/usr")
            .makes("env DEBIAN", lld);
        assert_eq!(
            linker(&machine, VERSION).expect("installed"),
            Path::new(lld)
        );
        assert!(
            machine
                .calls
                .borrow()
                .iter()
                .any(|call| call.ends_with("--no-remove lld-22"))
        );
    }
}
