//! Pages and their fenced blocks (CommonMark 0.31, section 4.5, as far as these pages use it).

use anyhow::{Context as _, ensure};
use std::fs;
use testkit::repository;

/// A page of the documentation.
pub(crate) struct Page {
    /// Its path from the repository's root.
    pub(crate) name: String,
    /// Its fenced blocks, in order.
    pub(crate) blocks: Vec<Block>,
    text: String,
}

/// A fenced block.
pub(crate) struct Block {
    /// The line that its fence is on.
    pub(crate) line: usize,
    /// What is in it.
    pub(crate) text: String,
    info: String,
}

const FENCE: &str = "```";

/// Every page that a user reads.
pub(crate) fn all() -> anyhow::Result<Vec<Page>> {
    let mut names = vec![
        "README.md".to_owned(),
        "README.zh-CN.md".to_owned(),
        "envoy/README.md".to_owned(),
    ];
    for entry in fs::read_dir(repository().join("docs"))? {
        let name = entry?.file_name();
        let name = name.to_str().context("a page's name")?;
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    ensure!(names.len() >= 6, "pages are missing: {names:?}");
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

// === impl Page ===

impl Page {
    pub(crate) fn read(name: &str) -> anyhow::Result<Self> {
        let text = fs::read_to_string(repository().join(name)).with_context(|| name.to_owned())?;
        let mut page = Self {
            name: name.to_owned(),
            blocks: Vec::new(),
            text: String::new(),
        };
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            let fence = line.trim_start().strip_prefix(FENCE);
            open = match (open.take(), fence) {
                (None, Some(info)) => Some(Block::begin(index + 1, info)),
                (None, None) => {
                    page.text.extend([line, "\n"]);
                    None
                }
                (Some(block), Some("")) => {
                    page.blocks.push(block);
                    None
                }
                (Some(mut block), _) => {
                    block.text.extend([line, "\n"]);
                    Some(block)
                }
            };
        }
        ensure!(open.is_none(), "{name}: a block without an end");
        Ok(page)
    }

    /// What stands between single backticks, outside of blocks.
    pub(crate) fn code(&self) -> impl Iterator<Item = &str> {
        self.text.split('`').skip(1).step_by(2)
    }

    /// What `[text](link)` leads to, outside of blocks.
    pub(crate) fn links(&self) -> impl Iterator<Item = &str> {
        let ends = self.text.split("](").skip(1);
        ends.filter_map(|rest| rest.split(')').next())
    }
}

// === impl Block ===

impl Block {
    fn begin(line: usize, info: &str) -> Self {
        Self {
            line,
            text: String::new(),
            info: info.to_owned(),
        }
    }

    /// The first word behind the fence.
    pub(crate) fn language(&self) -> &str {
        self.words().next().unwrap_or_default()
    }

    /// Whether a word stands behind the fence.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.words().skip(1).any(|other| other == word)
    }

    /// What stands behind `key=`.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.words()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.info.split_ascii_whitespace()
    }
}
