//! `steward apikey new` as a user runs it.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use policy_model::Document;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::process::{Command, Output, Stdio};

fn apikey(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.args(["apikey", "new"]).args(arguments);
    command.stdin(Stdio::null()).output().unwrap()
}

fn made(arguments: &[&str]) -> (String, Value) {
    let output = apikey(arguments);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    let (key, entry) = said.split_once("\n\n").unwrap();
    (key.to_owned(), serde_json::from_str(entry).unwrap())
}

#[test]
fn the_entry_is_the_keys_and_a_document_takes_it_as_it_is() {
    let (key, entry) = made(&["--id", "core", "--role", "reader", "--role", "editor"]);
    let document = json!({"authentication": {
        "apiKeys": {"fromHeaders": ["x-api-key"], "clients": [entry]},
        "requirement": {"anyOf": ["apiKeys"]}
    }});
    let (document, report) = Document::read(document.to_string().as_bytes());
    // That nothing in it grants the roles is a warning.
    assert!(!report.is_refusal(), "{report:?}");
    let keys = document.unwrap().authentication.api_keys.unwrap();
    let client = keys.clients.first().unwrap();
    let digest: [u8; 32] = Sha256::digest(&key).into();
    assert_eq!(client.sha256, digest);
    assert_eq!(client.id, "core");
    assert_eq!(client.roles, ["reader", "editor"]);
    assert!(!entry.to_string().contains(&key));
}

#[test]
fn each_key_is_new_and_has_256_bits() {
    let (one, first) = made(&[]);
    let (other, second) = made(&[]);
    assert!(one != other && first.get("id") != second.get("id"));
    for key in [one, other] {
        let random = key.strip_prefix("stk_").unwrap();
        // 43 digits of 6 bits, the last of which has 4.
        assert_eq!(random.len(), 43);
        let is_url_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(random.chars().all(is_url_safe), "{key}");
    }
}

#[test]
fn a_client_without_an_id_to_call_it_by_gets_no_key() {
    let output = apikey(&["--id", ""]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
}
