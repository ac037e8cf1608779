//! `steward validate` and the module say the same of a document: one verdict, and the same findings.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use engine::Engine;
use host::{Plugin, fake::FakeHost};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Whether a document is taken, and what is said of it, sorted.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    taken: bool,
    findings: Vec<String>,
}

/// What `governance.wasm` does with it, by the lines that it logs.
fn by_the_module(document: &str) -> Verdict {
    let host = FakeHost::new();
    let taken = Engine::<governance::Stages>::configure(&host, document.as_bytes()).is_some();
    let lines = host.lines().into_iter();
    let lines = lines.map(|(_, line)| serde_json::from_str::<Value>(&line).unwrap());
    let findings = lines.filter_map(|line| line.get("finding").and_then(finding));
    let mut findings: Vec<_> = findings.collect();
    findings.sort();
    Verdict { taken, findings }
}

fn finding(finding: &Value) -> Option<String> {
    let text = |name: &str| finding[name].as_str();
    let (severity, message) = (text("severity")?, text("message")?);
    let suggestion = text("suggestion").map(|meant| format!(" ({meant})"));
    let suggestion = suggestion.unwrap_or_default();
    let pointer = text("pointer").filter(|pointer| !pointer.is_empty());
    let pointer = pointer.map(|pointer| format!(" [{pointer}]"));
    let pointer = pointer.unwrap_or_default();
    Some(format!("{severity}: {message}{suggestion}{pointer}"))
}

/// What the command does with it, less the places.
fn by_the_command(file: &str) -> Verdict {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(["validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(file.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = said.lines().collect();
    let summary = lines.pop().unwrap();
    let taken = output.status.code() == Some(0);
    assert_eq!(summary.starts_with("-: accepted: "), taken, "{said}");
    let findings = lines.iter().map(|line| {
        let mut parts = line.splitn(4, ':');
        let place: Vec<_> = parts.by_ref().take(3).collect();
        assert_eq!(place.len(), 3, "{line}");
        parts.next().unwrap().trim_start().to_owned()
    });
    let mut findings: Vec<_> = findings.collect();
    findings.sort();
    Verdict { taken, findings }
}

/// An Envoy file that has the document in lines of its own.
fn in_an_envoy_file(document: &str) -> String {
    let lines = document.lines().map(|line| format!("      {line}\n"));
    let lines: String = lines.collect();
    format!(
        "config:\n  configuration:\n    \"@type\": type.googleapis.com/google.protobuf.StringValue\n    value: |\n{lines}"
    )
}

fn provider(algorithms: &[&str], keys: &[&Value]) -> Value {
    json!({
        "authentication": {
            "providers": {"corp": {
                "issuer": "https://issuer.example", "audiences": ["orders"],
                "algorithms": algorithms, "localJwks": {"keys": keys}
            }},
            "requirement": {"anyOf": ["corp"]}
        }
    })
}

fn policy(policy: &Value) -> Value {
    json!([{"name": "orders", "groups": [{"name": "default", "defaultGroup": true, "servicePolicy": policy}]}])
}

fn rsa(exponent: &str) -> Value {
    json!({"kty": "RSA", "kid": exponent, "n": format!("{}w", "_".repeat(341)), "e": exponent})
}

/// Documents that are sound to read and that a stage refuses.
fn refused_by_a_stage() -> Vec<(&'static str, Value)> {
    let off_curve = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)});
    vec![
        (
            "HS256 beside RSA keys",
            provider(&["HS256"], &[&rsa("AQAB")]),
        ),
        ("a key off its curve", provider(&["ES256"], &[&off_curve])),
        (
            "an exponent of 3 alone",
            provider(&["RS256"], &[&rsa("Aw")]),
        ),
        (
            "a destination that no subset can be made for",
            policy(
                &json!({"routePolicies": [{"name": "r", "tagRules": [{"destinations": [
                    {"weight": 100, "conditions": [{"type": "tag", "opType": "PREFIX", "key": "group", "values": ["a"]}]}
                ]}]}]}),
            ),
        ),
    ]
}

/// Documents of which something is said, or nothing.
fn others() -> Vec<(&'static str, Value)> {
    let secret =
        json!({"kty": "oct", "alg": "HS256", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"});
    let short = json!({"kty": "RSA", "n": format!("{}8", "_".repeat(170)), "e": "AQAB"});
    vec![
        ("nothing", json!({})),
        ("sound keys", provider(&["HS256"], &[&secret])),
        (
            "an exponent of 3 beside a sound key",
            provider(&["RS256"], &[&rsa("Aw"), &rsa("AQAB")]),
        ),
        (
            "a modulus of 1024 bits beside a sound key",
            provider(&["RS256"], &[&short, &rsa("AQAB")]),
        ),
        (
            "an algorithm whose only key is passed over",
            provider(&["HS256", "RS256"], &[&rsa("Aw"), &secret]),
        ),
        ("a slip in a name", json!({"servces": []})),
        (
            "parts that are not carried out",
            policy(&json!({"loadLimitPolicies": [{"name": "busy", "cpuUsage": 80}]})),
        ),
        ("no object", json!(5)),
    ]
}

#[test]
fn what_a_stage_refuses_is_refused() {
    for (name, document) in refused_by_a_stage() {
        let verdict = by_the_command(&document.to_string());
        assert!(!verdict.taken, "{name}: {verdict:?}");
    }
}

#[test]
fn one_verdict_and_the_same_findings() {
    for (name, document) in refused_by_a_stage().into_iter().chain(others()) {
        let text = serde_json::to_string_pretty(&document).unwrap();
        assert_eq!(by_the_command(&text), by_the_module(&text), "{name}");
        if document.is_object() || document.is_array() {
            let file = in_an_envoy_file(&text);
            assert_eq!(by_the_command(&file), by_the_module(&text), "{name}");
        }
    }
}
