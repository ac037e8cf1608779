//! docs/joylive.md: every document on it is taken, and every test and file that it names is there.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

use policy_model::{Document, Model, Severity};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const PAGE: &str = include_str!("../../docs/joylive.md");

fn blocks() -> impl Iterator<Item = &'static str> {
    let fenced = PAGE.split("```json\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap())
}

#[test]
fn every_document_is_taken() {
    assert_eq!(blocks().count(), 5);
    for block in blocks() {
        let (document, mut report) = Document::read(block.as_bytes());
        let _ = Model::compile(&document.unwrap(), &mut report);
        let errors: Vec<_> = report
            .findings()
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{block}\n{errors:?}");
        assert_eq!(
            report.count(Severity::Warning),
            0,
            "{block}\n{:?}",
            report.findings()
        );
    }
}

/// Natively only: Node shows a test no files.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#[test]
fn every_file_named_is_there() {
    use std::path::Path;

    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let quoted = PAGE.split('`').skip(1).step_by(2);
    let files: Vec<_> = quoted
        .filter(|word| word.ends_with(".rs") || word.starts_with("findings/"))
        .collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let there =
            package.join("..").join(file).exists() || package.join("tests").join(file).exists();
        assert!(there, "{file}");
    }
}
