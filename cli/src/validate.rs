//! `steward validate`: every finding with the line and column it is about, in the form that editors and compilers share,
//! so that a click leads there.

use policy_model::json::Json;
use policy_model::json::locate::{Position, locate};
use policy_model::{Document, Finding, Model, Report, Severity};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    let (document, mut report) = Document::read(text);
    if let Some(document) = document {
        // Compiled for what inheritance has to say: which policies hide which.
        let _ = Model::compile(&document, &mut report);
    }
    let lines = lines(name, text, &report);
    // A reader that has seen enough (`| head`) closes the output: the exit code still tells.
    let _ = io::stdout().lock().write_all(lines.as_bytes());
    if report.is_refusal() {
        Outcome::Refused
    } else {
        Outcome::Accepted
    }
}

fn lines(name: &str, text: &[u8], report: &Report) -> String {
    let mut findings: Vec<_> = report
        .findings()
        .iter()
        .map(|finding| (place(text, finding), finding))
        .collect();
    findings.sort_by_key(|(place, _)| *place);
    let mut lines: String = findings
        .iter()
        .map(|(place, finding)| line(name, *place, finding))
        .collect();
    lines.push_str(&summary(name, report));
    lines
}

/// Where a finding is; what is not JSON has no pointers, but its reader says where it stopped.
fn place(text: &[u8], finding: &Finding) -> Position {
    if finding.pointer.is_empty()
        && let Err(error) = Json::parse(text)
    {
        return Position {
            line: error.line,
            column: error.column.max(1),
        };
    }
    locate(text, &finding.pointer)
}

fn line(name: &str, place: Position, finding: &Finding) -> String {
    let Finding {
        severity,
        pointer,
        message,
        suggestion,
    } = finding;
    let Position { line, column } = place;
    let suggestion = suggestion
        .iter()
        .map(|meant| format!(" ({meant})"))
        .collect::<String>();
    format!("{name}:{line}:{column}: {severity}: {message}{suggestion} [{pointer}]\n")
}

fn summary(name: &str, report: &Report) -> String {
    let verdict = if report.is_refusal() {
        "refused"
    } else {
        "accepted"
    };
    let count = |severity, word: &str| match report.count(severity) {
        1 => format!("1 {word}"),
        many => format!("{many} {word}s"),
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
