//! `steward apikey new`: a key that nobody guesses, and the entry that knows it by its SHA-256.
//!
//! 256 bits from the operating system, as base64url (RFC 4648 section 5), behind a prefix: scanners of repositories and logs
//! find keys that slipped out by what they begin with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

/// What keys of this house begin with.
const PREFIX: &str = "stk_";

/// What the id of a client without a name begins with; digits of its key's SHA-256 follow.
const NAMELESS: &str = "client-";
const ID_DIGITS: usize = 8;

/// Prints a new key and its entry.
pub(crate) fn new(id: Option<String>, roles: &[String]) -> ExitCode {
    match made(id, roles) {
        Ok(text) => match io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error.to_string()),
        },
        Err(error) => failed(&error),
    }
}

/// A key that nobody has seen is lost, which must not look like success.
fn failed(why: &str) -> ExitCode {
    // Nobody is left to be told if the error output is closed.
    let _ = writeln!(io::stderr(), "no key was made: {why}");
    ExitCode::FAILURE
}

fn made(id: Option<String>, roles: &[String]) -> Result<String, String> {
    if id.as_deref() == Some("") {
        return Err("a client needs an id that says something".to_owned());
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| error.to_string())?;
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let entry = entry(&key, id, roles);
    Ok(format!("{key}\n\n{entry:#}\n"))
}

fn entry(key: &str, id: Option<String>, roles: &[String]) -> Value {
    let digest = hex(&Sha256::digest(key));
    let id = id.unwrap_or_else(|| format!("{NAMELESS}{digest:.ID_DIGITS$}"));
    let mut entry = json!({"id": id, "sha256": digest});
    if let Some(members) = entry.as_object_mut().filter(|_| !roles.is_empty()) {
        members.insert("roles".to_owned(), json!(roles));
    }
    entry
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of "abc" is FIPS 180-4's own example.
    #[test]
    fn an_entry_knows_its_key() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            entry("abc", None, &[]),
            json!({"id": "client-ba7816bf", "sha256": digest})
        );
        let named = entry("abc", Some("core".to_owned()), &["reader".to_owned()]);
        assert_eq!(
            named,
            json!({"id": "core", "sha256": digest, "roles": ["reader"]})
        );
    }
}
