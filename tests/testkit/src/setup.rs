//! Where the things that a test needs are: this repository, Envoy, and the built modules.

use anyhow::{Context as _, bail};
use std::{
    env,
    path::{Path, PathBuf},
};

/// What sets all of this up.
const ADVICE: &str =
    "`cargo xtask test` sets up everything (Envoy, the Wasm target, the modules in dist/)";

/// The root of this repository.
#[must_use]
pub fn repository() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}

/// The Envoy to run: `$ENVOY`, else the one that `cargo xtask` keeps in its cache, else `envoy` on the `PATH`.
///
/// # Errors
/// There is none; the error says what to do.
pub fn envoy_binary() -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os("ENVOY").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return find(&named)
            .with_context(|| format!("$ENVOY names no file: {}; {ADVICE}", named.display()));
    }
    let found = cached().or_else(|| find(Path::new("envoy")));
    found.with_context(|| {
        format!("no Envoy: neither $ENVOY, nor the cache, nor the PATH has one; {ADVICE}")
    })
}

/// The built module `dist/<name>.wasm`; `$STEWARD_DIST` names another folder.
///
/// # Errors
/// It has not been built; the error says what to do.
pub fn module(name: &str) -> anyhow::Result<PathBuf> {
    module_in(&dist(), name)
}

/// The module `<name>.wasm` in `folder`.
pub(crate) fn module_in(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(format!("{name}.wasm"));
    if !path.is_file() {
        bail!("no module {}; {ADVICE}", path.display());
    }
    Ok(path)
}

/// The folder of the built modules: `$STEWARD_DIST`, else `dist`.
#[must_use]
pub fn dist() -> PathBuf {
    env::var_os("STEWARD_DIST").map_or_else(|| repository().join("dist"), PathBuf::from)
}

fn cached() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(home)?
        .join("steward");
    let mut versions: Vec<PathBuf> = cache
        .read_dir()
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("envoy-1.40"))
        })
        .map(|path| path.join("envoy"))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions.pop()
}

/// As a shell finds a command: a bare name on the `PATH`, anything else as it stands.
fn find(named: &Path) -> Option<PathBuf> {
    if named.components().count() > 1 {
        return named.is_file().then(|| named.to_owned());
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(named))
        .find(|path| path.is_file())
}
