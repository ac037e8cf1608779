//! Where a response's body says that it is an error.

use super::spelled::spelled;

spelled! {
    /// The language of an expression.
    pub enum Parser {
        /// JSONPath, RFC 9535.
        JsonPath = "JsonPath",
        /// XPath over XML.
        XmlPath = "XmlPath",
        /// Paths over Java objects; no effect in a proxy.
        ValuePath = "ValuePath" | "JavaPath",
    }
}

/// How to read a code or message from a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorParserPolicy {
    /// The language.
    pub parser: Option<Parser>,
    /// What to look for.
    pub expression: String,
    /// Statuses of the responses it is for; empty = all.
    pub statuses: Vec<String>,
    /// Content types of the responses it is for, in lower case; empty = all.
    pub content_types: Vec<String>,
}
