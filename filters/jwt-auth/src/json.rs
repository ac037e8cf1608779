//! JSON as a token may hold it: one object, no member twice, not too deep.
//!
//! Two parsers that read one token differently are an attack of their own: one takes the first `alg` or `sub`, the other the
//! last. RFC 7515 section 4 and RFC 7519 section 4 let a reader refuse such a token, and so do we, at every depth.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// How deep arrays and objects may lie in each other. Tokens of the field use 4 or 5 levels; the reader recurses once a level.
const MAX_DEPTH: usize = 32;

/// Reads one JSON object and nothing behind it.
///
/// # Errors
///
/// [`NotAnObject`] for anything else: not JSON, not UTF-8, not an object, a member twice, more than 32 levels, a number that
/// no double holds, trailing bytes.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: MAX_DEPTH }
        .deserialize(&mut reader)
        .map_err(|_| NotAnObject)?;
    reader.end().map_err(|_| NotAnObject)?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(NotAnObject),
    }
}

/// The bytes are not one strict JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnObject;

/// Reads a value with `depth` levels to spare.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

// === impl Strict ===

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom("too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(inner)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

// === impl NotAnObject ===

impl fmt::Display for NotAnObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not one JSON object without repeated members")
    }
}

impl std::error::Error for NotAnObject {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_a_token_holds() {
        let members = object(br#" {"a":[1,-2,1.5,"x",null,true,{"b":{}}]} "#).unwrap();
        assert_eq!(
            Value::Object(members),
            json!({"a": [1, -2, 1.5, "x", null, true, {"b": {}}]})
        );
    }

    #[test]
    fn a_member_twice_is_refused_at_any_depth() {
        assert!(object(br#"{"alg":"HS256","alg":"none"}"#).is_err());
        assert!(object(br#"{"a":[{"b":1,"b":1}]}"#).is_err());
        assert!(object(br#"{"alg":"HS256","\u0061lg":"none"}"#).is_err());
    }

    #[test]
    fn only_one_object() {
        for text in [
            "",
            "null",
            "[]",
            "\"x\"",
            "{} {}",
            "{}x",
            "{",
            "{\"a\":1e999}",
            "{\"a\":NaN}",
        ] {
            assert_eq!(object(text.as_bytes()), Err(NotAnObject), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(NotAnObject));
    }

    #[test]
    fn depth_is_bounded() {
        let nested =
            |levels: usize| format!("{}{}", "{\"a\":".repeat(levels), "1") + &"}".repeat(levels);
        assert!(object(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(object(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(object("{\"a\":".repeat(60_000).as_bytes()).is_err());
    }
}
