//! JoyLive's own files and the requirement's own examples are read as they are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end where it fails")]

use policy_model::document::Document;
use policy_model::{Report, Severity};
use std::path::PathBuf;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/joylive")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn accepted(name: &str) -> (Document, Report) {
    let (document, report) = Document::read(&fixture(name));
    for finding in report.findings() {
        assert_ne!(finding.severity, Severity::Error, "{name}: {finding}");
    }
    (document.unwrap(), report)
}

#[test]
fn sample_services_load() {
    for name in [
        "policies/microservice.package.json",
        "policies/microservice.service-file-test.json",
    ] {
        let (document, report) = accepted(name);
        assert_eq!(document.services.len(), 8, "{name}");
        for f in report.findings() {
            println!("{f}");
        }
    }
}

#[test]
fn sample_lanes_and_units_load() {
    let (document, report) = accepted("policies/lanes.json");
    for f in report.findings() {
        println!("{f}");
    }
    assert_eq!(document.lane_spaces.len(), 1);
    let (document, report) = accepted("policies/livespaces.json");
    for f in report.findings() {
        println!("{f}");
    }
    assert_eq!(document.live_spaces.len(), 1);
}
