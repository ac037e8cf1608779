//! A container's files in a folder: what its image copies and what is mounted, each where the container would have it.

use crate::{dockerfile::Dockerfile, words};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use testkit::repository;

/// The folder that all of ours is in.
const INSTALLED: &str = "/etc/steward";

/// A folder that stands for the root of a container.
pub(crate) struct Container {
    root: tempfile::TempDir,
}

/// The two sides of a mount, `./HOST:CONTAINER:ro`.
pub(crate) fn mount(volume: &str) -> anyhow::Result<(&str, &str)> {
    let volume = volume.trim_end_matches(":ro");
    let (host, inner) = volume.split_once(':').context("a mount of one side")?;
    let host = host.strip_prefix("./").context("not of this repository")?;
    Ok((host, inner))
}

// === impl Container ===

impl Container {
    /// The container of a service whose image is a stage of this file.
    pub(crate) fn of(file: &Dockerfile, service: &Value) -> anyhow::Result<Self> {
        let container = Self {
            root: tempfile::tempdir()?,
        };
        let target = service["build"]["target"].as_str().context("no target")?;
        for copy in &file.stage(target).context("no such stage")?.copies {
            let module = copy.source.strip_prefix("dist/").context("not of dist/")?;
            let module = testkit::module(module.trim_end_matches(".wasm"))?;
            container.put(&module, &copy.target)?;
        }
        for volume in words(&service["volumes"]) {
            let (host, inner) = mount(volume)?;
            container.put(&repository().join(host), inner)?;
        }
        Ok(container)
    }

    /// Its command line, with its paths as they are here.
    pub(crate) fn command(&self, command: Vec<&str>) -> Vec<String> {
        command.into_iter().map(|word| self.moved(word)).collect()
    }

    /// Whether every file that its configurations name is in it.
    pub(crate) fn everything_named_is_there(&self) -> anyhow::Result<()> {
        let mut named = 0;
        for file in ["envoy.yaml", "ecds/governance.yaml"] {
            let text = fs::read_to_string(self.path(INSTALLED).join(file))?;
            let ends = |c: char| c.is_whitespace() || "}\"',".contains(c);
            let root = self.path(INSTALLED);
            let root = root.to_str().context("a folder's name")?;
            for (at, _) in text.match_indices(root) {
                let path = text[at..].split(ends).next().unwrap_or_default();
                ensure!(Path::new(path).exists(), "{file} names {path}");
                named += 1;
            }
        }
        ensure!(named >= 3, "only {named} paths found");
        Ok(())
    }

    /// Puts a file or a folder at a place of the container; YAML then names places of this one.
    fn put(&self, from: &Path, place: &str) -> anyhow::Result<()> {
        let to = self.path(place);
        if from.is_dir() {
            for entry in fs::read_dir(from)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                self.put(&entry.path(), &format!("{place}/{name}"))?;
            }
            return Ok(());
        }
        fs::create_dir_all(to.parent().context("a place in no folder")?)?;
        if from.extension().is_some_and(|ending| ending == "yaml") {
            fs::write(to, self.moved(&fs::read_to_string(from)?))?;
        } else {
            fs::copy(from, to)?;
        }
        Ok(())
    }

    fn path(&self, place: &str) -> PathBuf {
        self.root.path().join(place.trim_start_matches('/'))
    }

    fn moved(&self, text: &str) -> String {
        text.replace(INSTALLED, &self.path(INSTALLED).to_string_lossy())
    }
}
