//! Names that users meet and that the code has: each must stand on a page.

use anyhow::{Context as _, ensure};
use std::{collections::BTreeSet, fs, path::Path};
use testkit::repository;

/// What a document's reader asks for, `"errorCodes|retryStatuses"`, in calls of these forms.
const FIELD_CALLS: [&str; 18] = [
    "o.text(",
    "o.filled(",
    "o.flag(",
    "o.whole(",
    "o.whole_or(",
    "o.positive(",
    "o.number(",
    "o.word(",
    "o.word_or_blank(",
    "o.texts(",
    "o.words(",
    "o.map(",
    "o.entries(",
    "o.object(",
    "o.objects(",
    "o.list(",
    "o.list_if(",
    "o.scalar(",
];

/// The members of a JWK, which RFC 7517 and RFC 7518 describe.
const ELSEWHERE: [&str; 1] = ["jwks.rs"];

/// Every field that a document may have.
pub(crate) fn fields() -> anyhow::Result<BTreeSet<String>> {
    let mut fields = BTreeSet::new();
    for (name, source) in sources(&repository().join("policy-model/src/read"))? {
        if ELSEWHERE.iter().any(|other| name.ends_with(other)) {
            continue;
        }
        for call in FIELD_CALLS.into_iter().chain(["percent(o, ", "list_if("]) {
            let arguments = source.split(call).skip(1);
            let named =
                arguments.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
            fields.extend(named.flat_map(|names| names.split('|')).map(str::to_owned));
        }
    }
    ensure!(fields.len() > 150, "only {} fields found", fields.len());
    Ok(fields)
}

/// Every name of a metric, and every beginning of response-code details.
pub(crate) fn names() -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for (_, source) in sources(&repository().join("filters"))? {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for rest in code.split("\"steward_").skip(1) {
            let end = rest
                .find(|c: char| !c.is_ascii_lowercase() && c != '_')
                .context("an endless name")?;
            names.insert(format!("steward_{}", rest.get(..end).unwrap_or_default()));
        }
    }
    ensure!(names.len() > 25, "only {names:?} found");
    Ok(names)
}

/// The events of log lines: what stands behind `"steward":`.
pub(crate) fn events() -> anyhow::Result<BTreeSet<String>> {
    let mut events = BTreeSet::new();
    for (_, source) in sources(&repository().join("filters"))? {
        let forms = [
            "steward: \"",
            "\"steward\": \"",
            "line(\"",
            "Decisions::new(metrics, \"",
            "Tally::new(self.metrics, \"",
        ];
        for rest in forms.iter().flat_map(|form| source.split(form).skip(1)) {
            events.extend(rest.split('"').next().map(str::to_owned));
        }
    }
    Ok(events)
}

/// The Rust files under a folder that are no tests, with their texts.
fn sources(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() && !path.ends_with("tests") {
            found.extend(sources(&path)?);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(found)
}
