//! Tests that pages name as `crate::test`: a reader will run them, so they must be there, and be tests.

use crate::page::Page;
use anyhow::{Context as _, ensure};
use std::{collections::BTreeMap, fs, path::Path};
use testkit::repository;

/// The crates whose tests pages name, and their folders.
const CRATES: [(&str, &str); 5] = [
    ("e2e", "tests/e2e"),
    ("engine", "filters/engine"),
    ("host-model", "tests/host-model"),
    ("jwt-auth", "filters/jwt-auth"),
    ("policy-model", "policy-model"),
];

/// The tests that a page names, each as crate and function.
pub(crate) fn of(page: &Page) -> Vec<(&str, &str)> {
    page.code()
        .filter_map(|code| code.split_once("::"))
        .filter(|(name, _)| CRATES.iter().any(|(own, _)| own == name))
        .collect()
}

/// Every test of these crates: the text of their sources.
pub(crate) fn sources() -> anyhow::Result<BTreeMap<&'static str, String>> {
    let mut sources = BTreeMap::new();
    for (name, folder) in CRATES {
        let mut text = String::new();
        read(&repository().join(folder), &mut text)?;
        sources.insert(name, text);
    }
    Ok(sources)
}

fn read(folder: &Path, text: &mut String) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            read(&path, text)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            text.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Whether this source has a test of this name: `#[test]` stands among the attributes and comments before it.
pub(crate) fn has(source: &str, test: &str) -> anyhow::Result<()> {
    let (before, _) = source
        .split_once(&format!("fn {test}("))
        .context("no such function")?;
    // The first is what stands before it on its own line.
    let above = before.rsplit('\n').skip(1).map(str::trim_start);
    let is_about_it = |line: &&str| ["#[", "///"].iter().any(|start| line.starts_with(start));
    let mut attributes = above.take_while(is_about_it);
    ensure!(attributes.any(|line| line == "#[test]"), "it is no test");
    Ok(())
}
