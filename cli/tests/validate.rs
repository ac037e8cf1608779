//! `steward validate` as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn steward(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn validate(text: &str) -> (Output, String) {
    let mut child = steward(&["validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

#[test]
fn a_sound_document_is_accepted() {
    let (output, said) = validate(
        r#"{"services": [{"name": "orders", "groups": [{"name": "default", "defaultGroup": true}]}]}"#,
    );
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said, "-: accepted: 0 errors, 0 warnings, 0 notes\n");
}

#[test]
fn findings_come_with_line_column_and_suggestion() {
    let (output, said) = validate(
        "{\n  \"laneSpaces\": [{\"id\": 1, \"lanes\": [{\"code\": \"a\", \"defaultLane\": true}]}],\n  \"authentication\": {\"requirment\": {}}\n}",
    );
    assert_eq!(output.status.code(), Some(1));
    let mut lines = said.lines();
    assert_eq!(
        lines.next().unwrap(),
        "-:3:22: error: unknown field `requirment` (did you mean `requirement`?) [/authentication/requirment]"
    );
    assert_eq!(
        lines.next().unwrap(),
        "-: refused: 1 error, 0 warnings, 0 notes"
    );
    assert_eq!(lines.next(), None);
}

#[test]
fn findings_are_in_the_order_of_the_text() {
    let (_, said) = validate("[{\"x\": 1,\n\"name\": []},\n{\"y\": 1, \"name\": \"b\"}]");
    let place = |line: &str| {
        let mut fields = line
            .split(':')
            .skip(1)
            .map(|field| field.parse::<usize>().ok());
        Some((fields.next()??, fields.next()??))
    };
    let places: Vec<_> = said.lines().filter_map(place).collect();
    assert!(places.len() >= 3, "{said}");
    assert!(places.is_sorted(), "{said}");
}

#[test]
fn what_is_not_json_is_refused_where_it_breaks() {
    let (output, said) = validate("{\n  \"services\": [,]\n}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        said,
        "-:2:16: error: not JSON: expected value\n-: refused: 1 error, 0 warnings, 0 notes\n"
    );
    let (_, said) = validate("{\n  \"services\": [],\n}");
    assert!(said.starts_with("-:3:1: error: not JSON: "), "{said}");
}

#[test]
fn files_are_named_and_the_worst_decides() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy-model/fixtures/joylive/policies");
    let sample = folder.join("microservice.package.json");
    let sample = sample.to_str().unwrap();
    let output = steward(&["validate", sample]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.lines().all(|line| line.starts_with(sample)), "{said}");

    let output = steward(&["validate", "/nowhere/policy.json", sample])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.starts_with("/nowhere/policy.json: "),
        "{complaint}"
    );
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("accepted")
    );
}

#[test]
fn wrong_usage_is_told_from_a_wrong_document() {
    assert_eq!(
        steward(&["validate"]).output().unwrap().status.code(),
        Some(2)
    );
    assert_eq!(steward(&[]).output().unwrap().status.code(), Some(2));
}
