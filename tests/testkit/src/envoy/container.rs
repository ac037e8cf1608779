//! Envoy in a container, through testcontainers.
//!
//! - **The network is the host's**: upstreams, stand-ins and ports of a test are on loopback, which a container of its own
//!   network does not reach. This needs an engine on this machine, with this machine's kernel.
//! - **The shell redirects**, not the engine: the logs are files in the run's folder, complete at the moment a test looks,
//!   and still there after the container is gone. The engine's own collection lags behind.
//! - **The user is the folder's owner**: only that one may read the policy and write the logs. The image's own entry point,
//!   which changes to a user that may not, is passed by.

use super::{
    launcher::{Folders, IMAGE},
    process::{Ended, Process, Running},
};
use anyhow::{Context as _, ensure};
use std::{fs, os::unix::fs::MetadataExt as _, path::Path, str::FromStr};
use testcontainers::{
    Container, ContainerRequest, GenericImage, ImageExt as _,
    core::{AccessMode, Mount},
    runners::SyncRunner as _,
};

/// `$0` is the run's folder; the other arguments are Envoy's.
const SCRIPT: &str = r#"exec envoy "$@" >"$0/access.log" 2>"$0/envoy.log""#;

/// An image of Envoy with a shell in it, as the published ones have that are not called distroless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    name: String,
    tag: String,
}

/// A started container; gone when this is.
#[derive(Debug)]
struct Started {
    /// `None` once it was ended.
    container: Option<Container<GenericImage>>,
}

// === impl Image ===

impl Image {
    /// Pulls the image if the engine has none of it, and starts Envoy in it.
    pub(super) fn start(&self, args: &[String], folders: Folders<'_>) -> anyhow::Result<Process> {
        let container = self
            .request(args, folders)?
            .start()
            .with_context(|| format!("a container of {}:{}", self.name, self.tag))?;
        let started = Started {
            container: Some(container),
        };
        Ok(Process::new(started, folders.own))
    }

    fn request(
        &self,
        args: &[String],
        folders: Folders<'_>,
    ) -> anyhow::Result<ContainerRequest<GenericImage>> {
        let owner = fs::metadata(folders.own)?;
        let own = path(folders.own)?;
        let dist = path(folders.dist)?;
        let call = ["-c", SCRIPT, own].into_iter();
        let request = GenericImage::new(self.name.as_str(), self.tag.as_str())
            .with_entrypoint("/bin/sh")
            .with_cmd(call.chain(args.iter().map(String::as_str)))
            .with_network("host")
            .with_user(format!("{}:{}", owner.uid(), owner.gid()))
            .with_mount(Mount::bind_mount(own, own))
            .with_mount(Mount::bind_mount(dist, dist).with_access_mode(AccessMode::ReadOnly));
        Ok(request)
    }
}

impl FromStr for Image {
    type Err = anyhow::Error;

    /// `NAME:TAG`; a name may begin with a registry's host and port.
    fn from_str(reference: &str) -> anyhow::Result<Self> {
        let parts = reference.rsplit_once(':');
        let (name, tag) = parts
            .filter(|(name, tag)| !name.is_empty() && !tag.is_empty() && !tag.contains('/'))
            .with_context(|| format!("${IMAGE} is no NAME:TAG: {reference}"))?;
        Ok(Self {
            name: name.to_owned(),
            tag: tag.to_owned(),
        })
    }
}

// === impl Started ===

impl Running for Started {
    /// A process of another namespace: nothing here can look at it.
    fn id(&self) -> Option<u32> {
        None
    }

    fn exited(&mut self) -> anyhow::Result<Option<Ended>> {
        let Some(container) = &self.container else {
            return Ok(None);
        };
        let code = container.exit_code().context("asking for the container")?;
        Ok(code.map(|code| Ended {
            success: code == 0,
            how: format!("exit status of the container: {code}"),
        }))
    }

    /// Dropping a container removes it, running or not.
    fn end(&mut self) {
        self.container = None;
    }
}

/// As an engine takes it.
fn path(path: &Path) -> anyhow::Result<&str> {
    ensure!(path.is_absolute(), "a mount must be absolute: {path:?}");
    path.to_str()
        .with_context(|| format!("a mount must be UTF-8: {path:?}"))
}

#[cfg(test)]
mod tests;
