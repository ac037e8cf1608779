//! The way Envoy is run: as a process of this machine, or in a container of its published image.
//!
//! A container has the network of this machine and sees the two folders of a run under their own names. So a
//! configuration, its ports and its paths hold in both, and a test need not know which it got.

#[cfg(feature = "docker")]
use super::container::Image;
use super::process::{ACCESS_LOG, LOG, Process};
use crate::setup;
use anyhow::Context as _;
#[cfg(not(feature = "docker"))]
use anyhow::bail;
use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Names the image to run Envoy in; a process of this machine if it is not set.
pub(super) const IMAGE: &str = "STEWARD_ENVOY_IMAGE";

/// One of the ways.
#[derive(Debug)]
pub(super) enum Launcher {
    /// A process of this machine.
    Program(PathBuf),
    /// A container.
    #[cfg(feature = "docker")]
    Image(Image),
}

/// What a run reads and writes; absolute paths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folders<'a> {
    /// Its own files, logs among them.
    pub(super) own: &'a Path,
    /// The modules.
    #[cfg_attr(
        not(feature = "docker"),
        expect(dead_code, reason = "a process of this machine sees every folder")
    )]
    pub(super) dist: &'a Path,
}

// === impl Launcher ===

impl Launcher {
    /// The program, if a test names one; else the image that the environment names; else the Envoy of this machine.
    pub(super) fn find(program: Option<&Path>) -> anyhow::Result<Self> {
        let image = env::var(IMAGE).ok().filter(|image| !image.is_empty());
        match (program, image) {
            (Some(program), _) => Ok(Self::Program(program.to_owned())),
            (None, Some(image)) => Self::image(&image),
            (None, None) => Ok(Self::Program(setup::envoy_binary()?)),
        }
    }

    /// Starts Envoy with these arguments.
    pub(super) fn start(&self, args: &[String], folders: Folders<'_>) -> anyhow::Result<Process> {
        match self {
            Self::Program(program) => spawn(program, args, folders.own),
            #[cfg(feature = "docker")]
            Self::Image(image) => image.start(args, folders),
        }
    }

    #[cfg(feature = "docker")]
    fn image(image: &str) -> anyhow::Result<Self> {
        Ok(Self::Image(image.parse()?))
    }

    #[cfg(not(feature = "docker"))]
    fn image(image: &str) -> anyhow::Result<Self> {
        bail!("${IMAGE} names {image}, but these tests were built without the feature `docker`")
    }
}

fn spawn(program: &Path, args: &[String], folder: &Path) -> anyhow::Result<Process> {
    let child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(File::create(folder.join(ACCESS_LOG))?)
        .stderr(File::create(folder.join(LOG))?)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    Ok(Process::new(child, folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_a_test_names_is_run_as_it_is() {
        let found = Launcher::find(Some(Path::new("/e"))).expect("it is named");
        assert!(matches!(found, Launcher::Program(program) if program == Path::new("/e")));
    }

    #[test]
    fn an_image_is_taken_or_refused_and_never_passed_over() {
        let image = Launcher::image("envoyproxy/envoy:v1");
        assert_eq!(image.is_ok(), cfg!(feature = "docker"), "{image:?}");
    }
}
