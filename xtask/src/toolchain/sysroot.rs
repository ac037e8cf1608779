//! A folder that looks to `rustc --sysroot` like an installed toolchain with the Wasm target.

use anyhow::{Context, Result};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

/// What the folder is made of.
pub(super) struct Parts {
    /// The target.
    pub(super) target: &'static str,
    /// Cargo's folder of compiled libraries for the target…
    pub(super) built: PathBuf,
    /// …of which this crate's is left out.
    pub(super) own_crate: &'static str,
    /// `libc.a` and the `crt1*.o` of WASI, where that is the target's system.
    pub(super) wasi: Option<PathBuf>,
    /// The triple that the compiler runs on, for build scripts and procedural macros.
    pub(super) host: String,
    /// `rustlib` of the installed compiler.
    pub(super) host_library: PathBuf,
    /// A program that understands `-flavor wasm`.
    pub(super) linker: PathBuf,
    /// The compiler itself.
    pub(super) rustc: PathBuf,
}

/// Where a sysroot keeps the libraries of a target.
pub(super) fn library(sysroot: &Path, target: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(target).join("lib")
}

/// Whether the linker that the sysroot points to is still there: it belongs to a toolchain that rustup may remove.
pub(super) fn check_linker(sysroot: &Path) -> Result<(), String> {
    let hosts = fs::read_dir(sysroot.join("lib/rustlib")).map_err(|error| error.to_string())?;
    let mut linkers = hosts.flatten().map(|host| host.path().join("bin/rust-lld"));
    if linkers.any(|linker| linker.exists()) {
        return Ok(());
    }
    Err("its linker has been removed since".to_owned())
}

// === impl Parts ===

impl Parts {
    /// Lays the parts out in `into`, which will be renamed to `home` afterwards.
    pub(super) fn lay_out(&self, into: &Path, home: &Path) -> Result<()> {
        self.copy_target(&library(into, self.target))?;
        let host = into.join("lib/rustlib").join(&self.host);
        fs::create_dir_all(host.join("bin"))?;
        symlink(library_of(&self.host_library, &self.host), host.join("lib"))?;
        symlink(&self.linker, host.join("bin/rust-lld"))?;
        self.write_compiler(&into.join("bin"), home)
    }

    fn copy_target(&self, library: &Path) -> Result<()> {
        let own = format!("lib{}-", self.own_crate);
        let libraries = |name: &str| name.ends_with(".rlib") && !name.starts_with(&own);
        copy(&self.built, library, libraries)?;
        let c = |name: &str| name == "libc.a" || (name.starts_with("crt1") && name.ends_with(".o"));
        match &self.wasi {
            Some(wasi) => copy(wasi, &library.join("self-contained"), c),
            None => Ok(()),
        }
    }

    /// A compiler that finds its libraries in `home`.
    fn write_compiler(&self, folder: &Path, home: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let script = folder.join("rustc");
        let (rustc, home) = (self.rustc.display(), home.display());
        fs::write(
            &script,
            format!("#!/bin/sh\nexec '{rustc}' --sysroot '{home}' \"$@\"\n"),
        )?;
        Ok(fs::set_permissions(
            script,
            fs::Permissions::from_mode(0o755),
        )?)
    }
}

fn library_of(rustlib: &Path, host: &str) -> PathBuf {
    rustlib.join(host).join("lib")
}

/// Copies the files whose name is `wanted`; there must be at least one.
fn copy(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut copied = 0;
    for file in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let name = file?.file_name();
        if name.to_str().is_some_and(&wanted) {
            fs::copy(from.join(&name), to.join(&name))?;
            copied += 1;
        }
    }
    anyhow::ensure!(
        copied > 0,
        "{} holds nothing of what was expected",
        from.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn parts(at: &Path) -> Parts {
        for name in [
            "libstd-1.rlib",
            "libcore-2.rlib",
            "libempty-3.rlib",
            "libstd-1.rmeta",
        ] {
            write(&at.join("built").join(name), name);
        }
        for name in ["libc.a", "crt1-reactor.o", "libm.a"] {
            write(&at.join("wasi").join(name), name);
        }
        write(&at.join("rustlib/h/lib/libstd.rlib"), "");
        write(&at.join("lld"), "");
        Parts {
            target: "t",
            built: at.join("built"),
            own_crate: "empty",
            wasi: Some(at.join("wasi")),
            host: "h".into(),
            host_library: at.join("rustlib"),
            linker: at.join("lld"),
            rustc: "/bin/echo".into(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn holds_the_targets_libraries_and_leads_to_the_hosts() {
        let temporary = tempfile::tempdir().expect("a folder");
        let at = temporary.path();
        let home = at.join("home");
        parts(at).lay_out(&home, &home).expect("laid out");

        let target = library(&home, "t");
        assert_eq!(
            names(&target),
            ["libcore-2.rlib", "libstd-1.rlib", "self-contained"]
        );
        assert_eq!(
            names(&target.join("self-contained")),
            ["crt1-reactor.o", "libc.a"]
        );
        assert_eq!(names(&library(&home, "h")), ["libstd.rlib"]);
        assert_eq!(check_linker(&home), Ok(()));

        let said = Command::new(home.join("bin/rustc"))
            .args(["-v", "two words"])
            .output()
            .expect("runs");
        let expected = format!("--sysroot {} -v two words\n", home.display());
        assert_eq!(String::from_utf8_lossy(&said.stdout), expected);
    }

    #[test]
    fn a_target_without_a_system_needs_no_c_library() {
        let temporary = tempfile::tempdir().expect("a folder");
        let mut parts = parts(temporary.path());
        parts.wasi = None;
        let home = temporary.path().join("home");
        parts.lay_out(&home, &home).expect("laid out");
        assert_eq!(
            names(&library(&home, "t")),
            ["libcore-2.rlib", "libstd-1.rlib"]
        );
    }

    #[test]
    fn is_of_no_use_once_its_linker_is_gone() {
        let temporary = tempfile::tempdir().expect("a folder");
        let home = temporary.path().join("home");
        parts(temporary.path())
            .lay_out(&home, &home)
            .expect("laid out");
        fs::remove_file(temporary.path().join("lld")).expect("removed");
        assert!(check_linker(&home).is_err());
    }

    #[test]
    fn a_build_that_left_nothing_is_an_error() {
        let temporary = tempfile::tempdir().expect("a folder");
        let parts = parts(temporary.path());
        fs::remove_dir_all(&parts.built).expect("removed");
        fs::create_dir(&parts.built).expect("made");
        let home = temporary.path().join("home");
        assert!(parts.lay_out(&home, &home).is_err());
    }
}
