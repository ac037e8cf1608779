//! A JSON tree that forgets nothing: members keep their order, and a name that is given twice is there twice.
//!
//! `serde_json::Value` keeps one of two members of the same name, and RFC 8259 (section 4) leaves it to each reader
//! which one. A policy document where two readers see two limits is one that its author must hear of, so the tree has
//! to hold both. Depth is bounded by `serde_json` (128), so a tree can be walked recursively.

pub mod locate;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use std::fmt;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; a whole one beyond 64 bits has become a float.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// Members in the order of the text, repeated names included.
    Object(Vec<(String, Json)>),
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1; 0 if the text ended at a line's end.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

// === impl Json ===

impl Json {
    /// Reads a text, with or without a byte order mark.
    ///
    /// # Errors
    ///
    /// If it is not JSON (RFC 8259) or nested too deeply.
    pub fn parse(text: &[u8]) -> Result<Self, NotJson> {
        serde_json::from_slice(without_mark(text)).map_err(|error| NotJson {
            line: error.line(),
            column: error.column(),
            message: reason(&error),
        })
    }

    /// What it is, as a sentence says it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The last member of this name, if it is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .rev()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// The number that a text holds, as documents write numbers.
///
/// The standard library's reader of decimals would be a second one in a module, and with its tables weighs 18 KiB.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Number(number)) => number.as_f64(),
        _ => None,
    }
}

/// A number as a document writes it, 50 and not 50.0. The writer of JSON is in every module; the standard library's
/// formatter of floats would be 20 KiB more.
pub(crate) fn written(number: f64) -> String {
    let written = Number::from_f64(number).map_or_else(String::new, |number| number.to_string());
    match written.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => written,
    }
}

/// Editors put a byte order mark before UTF-8; RFC 8259 (section 8.1) lets readers ignore it.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The message of `serde_json` without the place that it appends.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message.get(..end).unwrap_or(&message).to_owned(),
        None => message,
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

/// Builds the tree.
struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn members_keep_their_order_and_their_doubles() {
        let json = Json::parse(br#"{"b": 1, "a": null, "b": [true, -2, 2.5, "x"]}"#).unwrap();
        let Json::Object(members) = &json else {
            panic!("an object")
        };
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!(json.get("b").unwrap().kind(), "an array");
    }

    #[test]
    fn a_broken_text_says_where_and_why() {
        let error = Json::parse(b"{\n  \"a\": ,\n}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 8));
        assert_eq!(error.message, "expected value");
    }

    #[test]
    fn a_bottomless_text_is_refused() {
        let text = "[".repeat(100_000);
        let error = Json::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.message, "recursion limit exceeded");
    }

    #[test]
    fn a_byte_order_mark_is_no_error() {
        assert_eq!(Json::parse(b"\xef\xbb\xbf[]"), Ok(Json::Array(Vec::new())));
    }
}
