//! One call of another program, as a value: it can be shown to the user and answered by a fake in tests.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

/// A program with its arguments and what is different about its environment.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    program: OsString,
    args: Vec<OsString>,
    set: Vec<(String, OsString)>,
    unset: Vec<String>,
    folder: Option<PathBuf>,
}

/// Set by `cargo run` for this program alone. Left in place they make build scripts that watch them (ring's does) run
/// again on every change between a plain `cargo test` and one started from here.
const OURS_ALONE: [&str; 4] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
];

/// What would change how a Wasm module is compiled: flags meant for native code, another compiler, wrappers around it,
/// another default target. `RUSTC_BOOTSTRAP` also makes build scripts believe they have a nightly compiler.
const COMPILER: [&str; 8] = [
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_",
    "CARGO_TARGET_",
];

// === impl Call ===

impl Call {
    /// A call of `program` with nothing yet.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            set: Vec::new(),
            unset: Vec::new(),
            folder: None,
        }
    }

    /// The cargo that runs this program.
    pub(crate) fn cargo() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self::new(cargo).without(&OURS_ALONE)
    }

    /// That cargo, compiling with nobody's flags but those of the call itself.
    pub(crate) fn clean_cargo() -> Self {
        Self::cargo().without(&COMPILER)
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.set.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Hides the environment variables of these names; a name ending in `_` stands for all that begin with it.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        let inherited = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        self.unset
            .extend(inherited.filter(|name| names.iter().any(|hidden| hides(hidden, name))));
        self
    }

    /// The same for the operating system.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        for name in &self.unset {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }
}

/// As typed in a shell, without the environment.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        self.args
            .iter()
            .try_for_each(|arg| write!(f, " {}", arg.display()))
    }
}

fn hides(hidden: &str, name: &str) -> bool {
    if hidden.ends_with('_') {
        name.starts_with(hidden)
    } else {
        name == hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_as_one_would_type_it() {
        let call = Call::new("apt-get")
            .args(["install", "-y"])
            .arg("wasi-libc")
            .env("A", "b");
        assert_eq!(call.to_string(), "apt-get install -y wasi-libc");
    }

    #[test]
    fn names_are_hidden_whole_and_families_by_their_beginning() {
        assert!(hides("RUSTC", "RUSTC"));
        assert!(!hides("RUSTC", "RUSTC_LOG"));
        assert!(hides("CARGO_PKG_", "CARGO_PKG_NAME"));
        assert!(!hides("CARGO_TARGET_", "CARGO_HOME"));
    }

    #[test]
    fn a_clean_cargo_inherits_no_name_of_this_package() {
        // Under cargo this variable is set for every test.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let command = Call::clean_cargo().command();
        let hidden = command
            .get_envs()
            .find(|(name, _)| *name == "CARGO_PKG_NAME");
        assert_eq!(hidden, Some((OsStr::new("CARGO_PKG_NAME"), None)));
    }
}
