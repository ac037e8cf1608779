//! `steward validate`: every finding with the line and column it is about, in the form that editors and compilers share,
//! so that a click leads there.
//!
//! A document is not only read but compiled, by the code of `governance.wasm` and for all its stages: what a stage refuses,
//! such as a provider without a usable key, is refused here too.

use crate::envoy::{self, Embedded};
use host::fake::FakeHost;
use policy_model::json::locate::{Position, locate};
use policy_model::json::{Json, NotJson};
use policy_model::{Finding, Severity};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yaml_serde::Value;

/// How it went, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// A proxy takes every document.
    Accepted = 0,
    /// A proxy refuses a document.
    Refused = 1,
    /// A file cannot be read.
    Unreadable = 2,
}

/// Where a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// In the file.
    File(Position),
    /// In a document that the file has in other lines.
    Document(Position),
}

/// A finding and where it is.
struct Said {
    place: Place,
    finding: Finding,
}

/// Checks the files one after the other and says how the worst of them went.
pub(crate) fn run(files: &[PathBuf]) -> Outcome {
    files
        .iter()
        .map(|file| check(file))
        .max()
        .unwrap_or(Outcome::Accepted)
}

fn check(file: &Path) -> Outcome {
    let name = file.display().to_string();
    match read(file) {
        Ok(text) => say(&name, &text),
        Err(error) => {
            // Nobody is left to be told if the error output is closed.
            let _ = writeln!(io::stderr(), "{name}: {error}");
            Outcome::Unreadable
        }
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text)?;
        return Ok(text);
    }
    std::fs::read(file)
}

fn say(name: &str, text: &[u8]) -> Outcome {
    let mut said = said(text);
    said.sort_by_key(|said| said.place);
    let mut lines: String = said.iter().map(|said| line(name, said)).collect();
    let refused = said
        .iter()
        .any(|said| said.finding.severity == Severity::Error);
    lines.push_str(&summary(name, refused, &said));
    // A reader that has seen enough (`| head`) closes the output: the exit code still tells.
    let _ = io::stdout().lock().write_all(lines.as_bytes());
    if refused {
        Outcome::Refused
    } else {
        Outcome::Accepted
    }
}

/// What is to be said of a file: a document, or an Envoy file with some.
fn said(text: &[u8]) -> Vec<Said> {
    let Some((text, file)) = as_yaml(text) else {
        return said_of(text, Place::File);
    };
    let documents = envoy::documents(text, &file);
    if !documents.is_empty() {
        let each = documents.iter().flat_map(|Embedded { text, origin }| {
            said_of(text.as_bytes(), |place| match origin {
                Some(origin) => Place::File(origin.of(place)),
                None => Place::Document(place),
            })
        });
        return each.collect();
    }
    if text.trim_start().starts_with(['{', '[']) {
        // A slip in JSON (a comma at the end) may be fine in YAML.
        return said_of(text.as_bytes(), Place::File);
    }
    vec![Said {
        place: Place::File(Position { line: 1, column: 1 }),
        finding: Finding {
            severity: Severity::Error,
            pointer: String::new(),
            message: "neither JSON nor an Envoy file with a document".to_owned(),
            suggestion: Some(envoy::EXPECTED.to_owned()),
        },
    }]
}

/// The text and what YAML makes of it, if it is no JSON but YAML with something in it.
fn as_yaml(text: &[u8]) -> Option<(&str, Value)> {
    if Json::parse(text).is_ok() {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let file: Value = yaml_serde::from_str(text).ok()?;
    (file.is_mapping() || file.is_sequence()).then_some((text, file))
}

fn said_of(text: &[u8], map: impl Fn(Position) -> Place) -> Vec<Said> {
    let report = engine::check::<governance::Stages>(&FakeHost::new(), text);
    let findings = report.findings().iter();
    findings
        .map(|finding| {
            let (place, finding) = place(text, finding);
            let place = map(place);
            Said { place, finding }
        })
        .collect()
}

/// Where a finding is; what is not JSON has no pointers, but its reader says where it stopped, which need not be said
/// twice.
fn place(text: &[u8], finding: &Finding) -> (Position, Finding) {
    let mut finding = finding.clone();
    if finding.pointer.is_empty()
        && let Err(NotJson { line, column, .. }) = Json::parse(text)
    {
        let again = format!(", line {line} column {column}");
        if let Some(message) = finding.message.strip_suffix(&again) {
            finding.message = message.to_owned();
        }
        let column = column.max(1);
        return (Position { line, column }, finding);
    }
    (locate(text, &finding.pointer), finding)
}

fn line(name: &str, Said { place, finding }: &Said) -> String {
    let Finding {
        severity,
        pointer,
        message,
        suggestion,
    } = finding;
    let suggestion = match suggestion {
        Some(meant) => format!(" ({meant})"),
        None => String::new(),
    };
    let pointer = match pointer.as_str() {
        "" => String::new(),
        pointer => format!(" [{pointer}]"),
    };
    match place {
        Place::File(Position { line, column }) => {
            format!("{name}:{line}:{column}: {severity}: {message}{suggestion}{pointer}\n")
        }
        Place::Document(Position { line, column }) => format!(
            "{name}: {severity}: {message}{suggestion}, line {line} column {column} of the document{pointer}\n"
        ),
    }
}

fn summary(name: &str, refused: bool, said: &[Said]) -> String {
    let verdict = if refused { "refused" } else { "accepted" };
    let count = |severity, word: &str| {
        let alike = said.iter().filter(|said| said.finding.severity == severity);
        match alike.count() {
            1 => format!("1 {word}"),
            many => format!("{many} {word}s"),
        }
    };
    let errors = count(Severity::Error, "error");
    let warnings = count(Severity::Warning, "warning");
    let notes = count(Severity::Info, "note");
    format!("{name}: {verdict}: {errors}, {warnings}, {notes}\n")
}

// === impl Outcome ===

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}
