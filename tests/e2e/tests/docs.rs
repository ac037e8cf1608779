//! What the pages say, held against the code: every block of the READMEs and of `docs/` is read, and nothing on them is
//! for show.
//!
//! | the fence says | the block must |
//! |---|---|
//! | `json`, `jsonc` | be a document that is accepted without a warning |
//! | `json fragment=X` | be that part of one: `servicePolicy`, `group`, `authentication`, `settings` |
//! | `json … warns`, `json … refused` | have warnings, or errors: the page says so |
//! | `json reply`, `json log` | have the members of a refusal's body, or of a log line |
//! | `yaml file=X` | be that file of the repository, to the letter |
//! | `yaml bootstrap`, `yaml resource`, `yaml fragment=X` | pass `envoy --mode validate`, put into `envoy/minimal.yaml` if a part |
//! | `sh`, and code in the text | name only verbs and flags that the commands have |
//! | `text demo` | hold only steps and findings that the tours have |
//! | `text apikey` | be what `steward apikey new` prints: a key, and the entry with its SHA-256 |
//! | `text validate` | be what `steward validate` says of the block before it |
//!
//! Any other fence fails the test.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

#[path = "docs/json.rs"]
mod json;
#[path = "docs/named.rs"]
mod named;
#[path = "docs/page.rs"]
mod page;
#[path = "docs/shell.rs"]
mod shell;
#[path = "docs/words.rs"]
mod words;
#[path = "docs/yaml.rs"]
mod yaml;

use anyhow::{Context as _, bail, ensure};
use page::{Block, Page};
use testkit::repository;

#[test]
fn every_block_is_true() -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for page in page::all()? {
        for (index, block) in page.blocks.iter().enumerate() {
            let before = index
                .checked_sub(1)
                .and_then(|before| page.blocks.get(before));
            if let Err(error) = check(block, before) {
                wrong.push(format!("{}:{}: {error:#}", page.name, block.line));
            }
        }
        for command in page.code() {
            if let Err(error) = shell::command(command) {
                wrong.push(format!("{}: `{command}`: {error:#}", page.name));
            }
        }
    }
    ensure!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
    Ok(())
}

fn check(block: &Block, before: Option<&Block>) -> anyhow::Result<()> {
    match block.language() {
        "json" | "jsonc" => json::check(block),
        "yaml" => yaml::check(block),
        "sh" => shell::check(block),
        "text" if block.is("demo") => tour(block),
        "text" if block.is("apikey") => json::key_and_entry(&block.text),
        "text" if block.is("validate") => {
            json::said_of(before.context("no block before it")?, &block.text)
        }
        other => bail!(
            "nothing checks a block of kind `{other}`; tests/e2e/tests/docs.rs lists the kinds"
        ),
    }
}

/// Titles and findings of the tours stand in their source, and so does the number of steps; what else is shown is that
/// run's.
fn tour(block: &Block) -> anyhow::Result<()> {
    let read = |name: &str| std::fs::read_to_string(repository().join(name));
    let source = read("xtask/src/demo/tour.rs")? + &read("xtask/src/demo/gateway.rs")?;
    let steps = source.matches(" title: \"").count();
    for line in block.text.lines() {
        if line.starts_with("All ") {
            let all = format!("All {steps} steps ");
            ensure!(line.starts_with(&all), "the tours have {steps} steps");
        }
        let said = match line.trim_start() {
            title if title.starts_with("── ") => {
                title.trim_start_matches(|c: char| "─ ".contains(c) || c.is_ascii_digit())
            }
            line => line.strip_prefix("✓ ").unwrap_or_default(),
        };
        ensure!(source.contains(said), "the tour has no `{said}`");
    }
    Ok(())
}

#[test]
fn every_link_leads_somewhere() -> anyhow::Result<()> {
    for page in page::all()? {
        let folder = repository().join(&page.name);
        let folder = folder.parent().context("a page in no folder")?;
        for link in page.links() {
            let file = link.split('#').next().unwrap_or_default();
            let there = link.contains("://") || file.is_empty() || folder.join(file).exists();
            ensure!(there, "{}: {link}", page.name);
        }
    }
    Ok(())
}

#[test]
fn every_test_named_is_there() -> anyhow::Result<()> {
    let sources = named::sources()?;
    let mut count = 0;
    for page in page::all()? {
        for (name, test) in named::of(&page) {
            let source = sources.get(name).map_or("", String::as_str);
            named::has(source, test).with_context(|| format!("{}: {name}::{test}", page.name))?;
            count += 1;
        }
    }
    ensure!(count > 70, "only {count} tests are named");
    Ok(())
}

/// RFC 8725 has twelve points; each is answered, and each answer has a test.
#[test]
fn each_point_of_rfc_8725_has_a_test() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(repository().join("docs/authentication.md"))?;
    for point in 1..=12 {
        let begin = format!("| 3.{point} ");
        let mut rows = page.lines().filter(|row| row.starts_with(&begin));
        let row = rows.next().context(begin.clone())?;
        let test = row.trim_matches('|').rsplit('|').next();
        let has_test = test.is_some_and(|cell| cell.contains("::"));
        ensure!(has_test && rows.next().is_none(), "{row}");
    }
    Ok(())
}

/// What is to be copied is the same in both languages.
#[test]
fn both_readmes_show_the_same() -> anyhow::Result<()> {
    let copied = |name: &str| -> anyhow::Result<Vec<String>> {
        let page = Page::read(name)?;
        let blocks = page
            .blocks
            .into_iter()
            .filter(|block| block.language() != "sh");
        Ok(blocks.map(|block| block.text).collect())
    };
    ensure!(
        copied("README.md")? == copied("README.zh-CN.md")?,
        "README.md and README.zh-CN.md differ in a block"
    );
    Ok(())
}

#[test]
fn every_field_metric_and_reason_is_on_a_page() -> anyhow::Result<()> {
    let text = |names: &[&str]| -> anyhow::Result<String> {
        names
            .iter()
            .map(|name| Ok(std::fs::read_to_string(repository().join(name))?))
            .collect()
    };
    let fields = text(&["docs/configuration.md", "docs/routing.md"])?;
    let names = text(&["docs/operations.md"])?;
    let without = |text: &str, word: &String| {
        !text.contains(&format!("`{word}")) && !text.contains(&format!("{word}`"))
    };
    let lost: Vec<_> = words::fields()?
        .into_iter()
        .filter(|field| without(&fields, field))
        .collect();
    ensure!(lost.is_empty(), "fields on no page: {lost:?}");
    let lost: Vec<_> = words::names()?
        .into_iter()
        .filter(|name| without(&names, name))
        .collect();
    ensure!(lost.is_empty(), "names on no page: {lost:?}");
    let reasons = text(&["docs/authentication.md"])?;
    let is_lost = |name: &String| name.starts_with("steward_jwt_") && without(&reasons, name);
    let lost: Vec<_> = words::names()?
        .into_iter()
        .filter(|name| is_lost(name) && name != "steward_jwt_cache_total")
        .collect();
    ensure!(lost.is_empty(), "reasons without a meaning: {lost:?}");
    Ok(())
}
