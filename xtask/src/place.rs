//! Where things lie in the working tree.

use std::path::{Path, PathBuf};

/// The repository's top folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder of the finished modules.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// The folder cargo builds in. Cargo put this program into `<it>/<profile>/`, which also holds where a configuration
/// file rather than `CARGO_TARGET_DIR` has moved it.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().ok();
    let of_program = program
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent);
    of_program.map_or_else(|| root().join("target"), Path::to_path_buf)
}

/// `path` as a person in the repository would write it.
pub(crate) fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}
