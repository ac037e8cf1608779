//! `steward validate` on the YAML files that Envoy reads.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

const STRING: &str = "\"@type\": type.googleapis.com/google.protobuf.StringValue";

fn shipped(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../envoy")
        .join(file)
}

/// The exit code, and what is printed without the file's name.
fn validate(file: &Path) -> (Option<i32>, Vec<String>) {
    let mut steward = Command::new(env!("CARGO_BIN_EXE_steward"));
    let output = steward.arg("validate").arg(file).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let name = file.to_str().unwrap();
    let line = |line: &str| line.strip_prefix(name).unwrap().to_owned();
    (output.status.code(), said.lines().map(line).collect())
}

fn validate_text(name: &str, text: &str) -> (Option<i32>, Vec<String>) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    validate(&file)
}

#[test]
fn the_shipped_files_are_accepted() {
    for file in ["ecds/governance.yaml", "minimal.yaml"] {
        let (code, said) = validate(&shipped(file));
        assert_eq!(code, Some(0), "{said:#?}");
        let verdict = said.last().unwrap();
        assert!(verdict.starts_with(": accepted: 0 errors, "), "{verdict}");
    }
}

#[test]
fn a_bad_threshold_is_found_in_the_line_of_the_file() {
    for file in ["ecds/governance.yaml", "minimal.yaml"] {
        let text = std::fs::read_to_string(shipped(file)).unwrap();
        let at = text.find("\"threshold\": ").unwrap();
        let line = text[..at].lines().count();
        let column = at - text[..at].rfind('\n').unwrap();
        let number = text[at..].find(|c: char| c.is_ascii_digit()).unwrap() + at;
        let bad = format!("{}-{}", &text[..number], &text[number..]);
        let (code, said) = validate_text(&file.replace('/', "-"), &bad);
        assert_eq!(code, Some(1), "{said:#?}");
        let place = format!(":{line}:{column}: error: ");
        let errors: Vec<_> = said
            .iter()
            .filter(|line| line.contains("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{said:#?}");
        assert!(errors[0].starts_with(&place), "{place} {said:#?}");
        assert!(
            errors[0].contains("/slidingWindows/0/threshold]"),
            "{said:#?}"
        );
    }
}

#[test]
fn each_document_of_a_file_has_its_own_lines() {
    let text = format!(
        "a:\n  configuration:\n    {STRING}\n    value: |\n\n      {{\n        \"x\": 1\n      }}\n\
         b: {{configuration: {{{STRING}, value: '{{\"y\": 1}}'}}}}\n\
         c:\n  configuration:\n    {STRING}\n    value: \"{{\\\"z\\\": 1}}\"\n\
         d:\n  configuration:\n    {STRING}\n    value: |\n      {{\n        \"x\": ,\n      }}\n"
    );
    let (code, said) = validate_text("several.yaml", &text);
    assert_eq!(code, Some(1));
    let said: Vec<_> = said
        .iter()
        .filter(|line| !line.contains("governs nothing"))
        .collect();
    let column = text.lines().nth(8).unwrap().find("\"y\"").unwrap() + 1;
    assert_eq!(said[0], ":7:9: warning: unknown field `x` [/x]");
    assert_eq!(
        *said[1],
        format!(":9:{column}: warning: unknown field `y` [/y]")
    );
    assert_eq!(said[2], ":19:14: error: not JSON: expected value");
    assert_eq!(
        said[3],
        ": warning: unknown field `z`, line 1 column 2 of the document [/z]"
    );
    assert_eq!(said.len(), 5, "{said:#?}");
}

#[test]
fn a_file_without_a_document_says_what_is_expected() {
    let text = format!(
        "configuration:\n  \"@type\": type.googleapis.com/google.protobuf.Struct\n  value: {{services: []}}\n\
         vm_config:\n  configuration: {{{STRING}, value: '{{}}'}}\n"
    );
    let (code, said) = validate_text("none.yaml", &text);
    assert_eq!(code, Some(1));
    assert_eq!(
        said[0],
        ":1:1: error: neither JSON nor an Envoy file with a document \
         (give the document's JSON text under configuration/value of a StringValue)"
    );
}
