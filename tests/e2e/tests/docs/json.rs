//! Documents, parts of them, replies and log lines.

use crate::page::Block;
use anyhow::{Context as _, bail, ensure};
use host::fake::FakeHost;
use policy_model::{Report, Severity};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Reads the block as the filters would, and holds what there is to say against what its fence says.
pub(crate) fn check(block: &Block) -> anyhow::Result<()> {
    let text = without_comments(&block.text);
    if block.is("reply") || block.is("log") {
        return shape(&text, block.is("log"));
    }
    let report = report_of(block)?;
    let (errors, warnings) = (
        report.count(Severity::Error),
        report.count(Severity::Warning),
    );
    let as_said = match (block.is("refused"), block.is("warns")) {
        (true, _) => errors > 0,
        (false, true) => errors == 0 && warnings > 0,
        (false, false) => errors == 0 && warnings == 0,
    };
    ensure!(as_said, "{:#?}", report.findings());
    Ok(())
}

/// Holds `said` against what `steward validate orders.json` prints of a document.
pub(crate) fn said_of(document: &Block, said: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("orders.json"), &document.text)?;
    let output = crate::shell::cargo_run("steward")
        .args(["validate", "orders.json"])
        .current_dir(folder.path())
        .output()?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(printed == said, "it prints\n{printed}");
    Ok(())
}

/// A key and its entry, made by the command that the block before shows: another key, but the same form.
pub(crate) fn key_and_entry(shown: &str) -> anyhow::Result<()> {
    let output = crate::shell::cargo_run("steward")
        .args(["apikey", "new", "--id", "partner", "--role", "reader"])
        .output()?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(blank(&printed)? == blank(shown)?, "it prints\n{printed}");
    Ok(())
}

/// The text with letters for the key and its digest, which must be the key's.
fn blank(text: &str) -> anyhow::Result<String> {
    let key = text.lines().next().context("no key")?;
    let random = key.strip_prefix("stk_").context("no key of ours")?;
    ensure!(random.len() == 43, "256 bits are 43 digits of base64url");
    let mut digest = String::new();
    for byte in Sha256::digest(key) {
        write!(digest, "{byte:02x}")?;
    }
    ensure!(text.contains(&digest), "the SHA-256 of the key is {digest}");
    Ok(text.replace(key, "KEY").replace(&digest, "DIGEST"))
}

fn report_of(block: &Block) -> anyhow::Result<Report> {
    let text = without_comments(&block.text);
    let text = match block.value("fragment") {
        None => text,
        Some(part) => whole(part, serde_json::from_str(&text)?)?.to_string(),
    };
    let host = FakeHost::new();
    Ok(engine::check::<governance::Stages>(&host, text.as_bytes()))
}

/// A document around a part of one. Beside the part of a service it has clients with keys, which limits can count by.
fn whole(part: &str, value: Value) -> anyhow::Result<Value> {
    let group = |more: &Value| {
        let mut group = json!({ "name": "default", "defaultGroup": true });
        for (name, value) in more.as_object().cloned().unwrap_or_default() {
            group[name] = value;
        }
        json!({ "services": [{ "name": "orders", "groups": [group] }] })
    };
    let with_keys = |mut document: Value| {
        let client = json!({ "id": "core-service", "sha256": "ab".repeat(32) });
        document["authentication"] = json!({
            "apiKeys": { "fromHeaders": ["x-api-key"], "clients": [client] },
            "requirement": { "anyOf": ["apiKeys"] },
        });
        document
    };
    Ok(match part {
        "servicePolicy" => with_keys(group(&json!({ "servicePolicy": value }))),
        "group" => with_keys(group(&value)),
        "settings" | "authentication" => {
            let mut document = group(&json!({}));
            document[part] = value;
            document
        }
        other => bail!("no part of a document is called `{other}`"),
    })
}

/// Takes out `//` comments that have a line, or the end of one, to themselves.
fn without_comments(text: &str) -> String {
    let line = |line: &str| match line.trim_start().strip_prefix("//") {
        Some(_) => String::new(),
        None => line.split(" // ").next().unwrap_or_default().to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn shape(text: &str, is_log: bool) -> anyhow::Result<()> {
    let events = crate::words::events()?;
    for line in text.lines().filter(|line| is_log && !line.is_empty()) {
        let read: Value = serde_json::from_str(line)?;
        let event = read["steward"].as_str().context("no `steward` in it")?;
        ensure!(events.contains(event), "nothing logs `{event}`");
        // These are made as the value is here, so both are written in the order of the names.
        let sorted = read.to_string();
        let is_sorted = !event.ends_with("_refused") || line == sorted;
        ensure!(is_sorted, "it is written\n{sorted}");
    }
    if !is_log {
        let reply: Value = serde_json::from_str(text)?;
        let members = ["code", "reason", "message", "request_id", "timestamp"];
        ensure!(members.iter().all(|name| !reply[name].is_null()), "{reply}");
    }
    Ok(())
}
