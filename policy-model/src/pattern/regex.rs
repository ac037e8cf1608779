//! Regular expressions that must match the whole of a text, as Java's `matches` does.
//!
//! `regex-lite` instead of `regex`: it leaves out the Unicode tables and literal searchers that make up most of `regex`
//! in a module, and keeps the guarantee that matters here: a search takes time linear in the text, whatever a client sends.

use regex_lite::Regex;
use std::fmt;

/// A regular expression over a whole text.
#[derive(Clone, Debug)]
pub struct FullRegex {
    source: Box<str>,
    regex: Regex,
}

/// A text that is no regular expression of the supported syntax, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRegex(pub String);

// === impl FullRegex ===

impl FullRegex {
    /// Compiles `source`.
    ///
    /// ```
    /// use policy_model::pattern::FullRegex;
    ///
    /// let regex = FullRegex::new(r"/v\d+/.*").unwrap();
    /// assert!(regex.matches("/v2/orders"));
    /// assert!(!regex.matches("/api/v2/orders"));
    /// assert!(FullRegex::new("(").is_err());
    /// ```
    pub fn new(source: &str) -> Result<Self, InvalidRegex> {
        let invalid = |error: regex_lite::Error| InvalidRegex(error.to_string());
        // On its own first: `a)|(b` would be valid, and mean something else, once it is wrapped.
        Regex::new(source).map_err(invalid)?;
        let regex = Regex::new(&format!("^(?:{source})$")).map_err(invalid)?;
        Ok(Self {
            source: source.into(),
            regex,
        })
    }

    /// Whether all of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl PartialEq for FullRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for FullRegex {}

// === impl InvalidRegex ===

impl fmt::Display for InvalidRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a regular expression that can be used here: {}",
            self.0
        )
    }
}

impl std::error::Error for InvalidRegex {}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn alternatives_are_anchored_together() {
        let regex = FullRegex::new("a|bc").unwrap();
        assert!(regex.matches("a") && regex.matches("bc"));
        assert!(!regex.matches("ax") && !regex.matches("xbc"));
    }

    #[test]
    fn an_expression_cannot_leave_its_anchors() {
        assert!(FullRegex::new("a)|(?:b").is_err());
        assert!(!FullRegex::new("(?m)a").unwrap().matches("a\nb"));
    }

    #[test]
    fn look_around_is_refused() {
        assert!(FullRegex::new("(?=a)a").is_err());
    }
}
