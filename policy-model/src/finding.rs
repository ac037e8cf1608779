//! What is wrong with a document, said so that its author can mend it: where (a JSON pointer, RFC 6901), what, and what
//! was probably meant.
//!
//! A document is read to its end whatever is wrong with it: its author sees every finding at once, not one per attempt.

use crate::map::Map;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// No effect in a proxy, or not carried out.
    Warning,
    /// The document would protect less, or route otherwise, than it says: it is refused.
    Error,
}

/// One thing to know about a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// How grave.
    pub severity: Severity,
    /// JSON pointer of the value it is about; empty for the document itself.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what to do.
    pub suggestion: Option<String>,
}

/// All findings of a document, in the order they were made, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
    /// Fingerprints of the findings: what reads, checks and compiles a document may come upon the same fault.
    seen: Map<u64, ()>,
}

// === impl Severity ===

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

// === impl Finding ===

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "/"
        } else {
            &self.pointer
        };
        write!(f, "{} at {place}: {}", self.severity, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " ({suggestion})"),
            None => Ok(()),
        }
    }
}

// === impl Report ===

impl Report {
    /// Adds a finding, unless it is there already.
    pub fn add(
        &mut self,
        severity: Severity,
        pointer: impl Into<String>,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.push(Finding {
            severity,
            pointer: pointer.into(),
            message: message.into(),
            suggestion,
        });
    }

    #[inline(never)]
    fn push(&mut self, finding: Finding) {
        let mut fingerprint = DefaultHasher::new();
        finding.hash(&mut fingerprint);
        if self.seen.insert(fingerprint.finish(), ()) {
            self.findings.push(finding);
        }
    }

    /// Adds an error without a suggestion.
    pub fn error(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, pointer, message, None);
    }

    /// Adds a warning without a suggestion.
    pub fn warning(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, pointer, message, None);
    }

    /// Adds something worth knowing.
    pub fn info(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Info, pointer, message, None);
    }

    /// All findings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings have this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Whether the document must be refused.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_finding_is_reported_once() {
        let mut report = Report::default();
        report.error("/a", "bad");
        report.error("/a", "bad");
        report.warning("/a", "bad");
        report.error("/b", "bad");
        assert_eq!(report.findings().len(), 3);
        assert_eq!(report.count(Severity::Error), 2);
    }

    #[test]
    fn only_errors_refuse() {
        let mut report = Report::default();
        report.warning("/a", "odd");
        report.info("/a", "odd");
        assert!(!report.is_refusal());
        report.error("", "bad");
        assert!(report.is_refusal());
        assert_eq!(report.findings()[2].to_string(), "error at /: bad");
    }
}
