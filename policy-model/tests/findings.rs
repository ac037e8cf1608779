//! What is said about a document, as its author sees it: one document, the findings it must have.
//!
//! A file a concern. Every case states the whole finding that it is about: severity, pointer, and words that tell what
//! is wrong; and that a sound document beside it has none.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

#[path = "findings/api_keys.rs"]
mod api_keys;
#[path = "findings/authentication.rs"]
mod authentication;
#[path = "findings/authorization.rs"]
mod authorization;
#[path = "findings/breakers.rs"]
mod breakers;
#[path = "findings/carried.rs"]
mod carried;
#[path = "findings/concurrency.rs"]
mod concurrency;
#[path = "findings/conditions.rs"]
mod conditions;
#[path = "findings/inherited.rs"]
mod inherited;
#[path = "findings/lanes.rs"]
mod lanes;
#[path = "findings/limits.rs"]
mod limits;
#[path = "findings/providers.rs"]
mod providers;
#[path = "findings/reading.rs"]
mod reading;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#[path = "findings/reading_properties.rs"]
mod reading_properties;
#[path = "findings/remote_jwks.rs"]
mod remote_jwks;
#[path = "findings/requirements.rs"]
mod requirements;
#[path = "findings/routes.rs"]
mod routes;
#[path = "findings/service_auth.rs"]
mod service_auth;
#[path = "findings/tree.rs"]
mod tree;
#[path = "findings/units.rs"]
mod units;

use policy_model::{Document, Report};
use serde_json::{Value, json};

/// Reads a document and returns its report.
fn report(document: &Value) -> Report {
    Document::read(document.to_string().as_bytes()).1
}

/// Reads a service policy at the default group of a service.
fn at_group(policy: &Value) -> Report {
    report(&json!({"services": [
        {"name": "s", "groups": [{"name": "default", "defaultGroup": true, "servicePolicy": policy}]}
    ]}))
}

/// Where [`at_group`] puts the policy.
const GROUP: &str = "/services/0/groups/0/servicePolicy";

/// Asserts a finding: `"error at POINTER: message"`, of which the message may be a part.
#[track_caller]
fn assert_found(report: &Report, wanted: &str) {
    let found: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    let (place, message) = wanted.split_once(": ").unwrap();
    let is_it = |finding: &String| {
        let said = finding
            .strip_prefix(place)
            .and_then(|rest| rest.strip_prefix(": "));
        said.is_some_and(|said| said.contains(message))
    };
    assert!(
        found.iter().any(is_it),
        "wanted: {wanted}\nfound:\n{}",
        found.join("\n")
    );
}

/// Asserts that nothing is said.
#[track_caller]
fn assert_sound(report: &Report) {
    let found: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
