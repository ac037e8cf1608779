//! A Dockerfile as far as ours goes: stages, what they begin with, and what they copy from each other.

use anyhow::Context as _;
use std::fs;
use testkit::repository;

/// The folder that the build stage works in.
const WORKDIR: &str = "/steward/";

pub(crate) struct Dockerfile {
    pub(crate) stages: Vec<Stage>,
}

pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) base: String,
    /// What it copies from other stages.
    pub(crate) copies: Vec<Copy>,
}

#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) from: String,
    /// From the repository's root, with default arguments.
    pub(crate) source: String,
    pub(crate) target: String,
}

// === impl Dockerfile ===

impl Dockerfile {
    pub(crate) fn read(path: &str) -> anyhow::Result<Self> {
        let text = fs::read_to_string(repository().join(path)).with_context(|| path.to_owned())?;
        let mut stages: Vec<Stage> = Vec::new();
        let mut arguments: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words.as_slice() {
                ["FROM", base, "AS", name] => stages.push(Stage {
                    name: (*name).to_owned(),
                    base: (*base).to_owned(),
                    copies: Vec::new(),
                }),
                ["ARG", argument] => {
                    let (name, value) = argument.split_once('=').context("an ARG's default")?;
                    arguments.push((format!("${{{name}}}"), value.to_owned()));
                }
                ["COPY", from, source, target] => {
                    let copy = copy(from, source, target, &arguments)?;
                    stages.last_mut().context("no FROM")?.copies.push(copy);
                }
                _ => {}
            }
        }
        Ok(Self { stages })
    }

    pub(crate) fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

fn copy(
    from: &str,
    source: &str,
    target: &str,
    arguments: &[(String, String)],
) -> anyhow::Result<Copy> {
    let source = arguments
        .iter()
        .fold(source.to_owned(), |source, (name, value)| {
            source.replace(name, value)
        });
    Ok(Copy {
        from: from.strip_prefix("--from=").context("--from")?.to_owned(),
        source: source
            .strip_prefix(WORKDIR)
            .with_context(|| source.clone())?
            .to_owned(),
        target: target.to_owned(),
    })
}
