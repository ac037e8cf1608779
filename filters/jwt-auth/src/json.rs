//! JSON as a token may hold it: one object, no member twice, not too deep.
//!
//! Two parsers that read one token differently are an attack of their own: one takes the first `alg` or `sub`, the other the
//! last. RFC 7515 section 4 and RFC 7519 section 4 let a reader refuse such a token, and so do we, at every depth.

use policy_model::sort::sort;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// How deep arrays and objects may lie in each other. Tokens of the field use 4 or 5 levels; the reader recurses once a level.
const MAX_DEPTH: usize = 32;

/// Reads one JSON object and nothing behind it.
///
/// # Errors
///
/// [`NotAnObject`] for anything else: not JSON, not UTF-8, not an object, a member twice, more than 32 levels, a number that
/// no double holds, trailing bytes.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    members(bytes, &|_| true)
}

/// As [`object`], and refuses what that refuses, but only members whose name is `wanted` come out.
///
/// # Errors
///
/// As [`object`].
pub fn members(
    bytes: &[u8],
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Map<String, Value>, NotAnObject> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        depth: MAX_DEPTH,
        keep: Keep::Some(wanted),
    };
    let value = strict.deserialize(&mut reader).map_err(|_| NotAnObject)?;
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
struct Strict<'k> {
    depth: usize,
    keep: Keep<'k>,
}

/// What is built of a value. The rest is read over: null stands for it.
#[derive(Clone, Copy)]
enum Keep<'k> {
    All,
    Nothing,
    /// Of an object the members of these names.
    Some(&'k dyn Fn(&str) -> bool),
}

/// Reads a member's name, in place where it is written without escapes.
struct Name;

/// So many names are compared each with each; more are sorted first, since a token may have thousands.
const FEW: usize = 16;

// === impl Strict ===

impl Strict<'_> {
    /// For the values inside of this one.
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(E::custom("too deep")),
        }
    }

    fn is_kept(self) -> bool {
        !matches!(self.keep, Keep::Nothing)
    }

    /// For a member of this name.
    fn member(self, name: &str) -> Self {
        let keep = match self.keep {
            Keep::Some(wanted) if wanted(name) => Keep::All,
            Keep::Some(_) => Keep::Nothing,
            keep => keep,
        };
        Self { keep, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        Ok(match self.is_kept() {
            true => Value::String(value.to_owned()),
            false => Value::Null,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            if self.is_kept() {
                items.push(item);
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let (mut members, mut names) = (Map::new(), Vec::new());
        while let Some(name) = access.next_key_seed(Name)? {
            let inner = inner.member(&name);
            let value = access.next_value_seed(inner)?;
            if inner.is_kept() {
                members.insert(name.to_string(), value);
            }
            names.push(name);
        }
        match is_any_twice(&mut names) {
            true => Err(A::Error::custom("a member twice")),
            false => Ok(Value::Object(members)),
        }
    }
}

fn is_any_twice(names: &mut [Cow<'_, str>]) -> bool {
    if names.len() > FEW {
        sort(names);
        return names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other));
    }
    let mut rest = &*names;
    while let Some((name, others)) = rest.split_first() {
        if others.contains(name) {
            return true;
        }
        rest = others;
    }
    false
}

// === impl Name ===

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
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
    use proptest::prelude::*;
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
    fn what_is_read_over_is_read_as_strictly() {
        let sub = |text: &str| members(text.as_bytes(), &|name| name == "sub");
        let read = sub(r#"{"a":{"sub":[1,"x"]},"sub":{"a":["b"]},"e":""}"#).unwrap();
        assert_eq!(Value::Object(read), json!({"sub": {"a": ["b"]}}));
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"a":[{"b":1,"b":1}]}"#,
            r#"{"sub":{"b":1,"b":1}}"#,
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert_eq!(sub(text), Err(NotAnObject), "{text}");
        }
        assert!(members(b"{\"a\":\"\xff\"}", &|_| false).is_err());
    }

    #[test]
    fn among_many_members_one_twice_is_found() {
        let text = |last: usize| {
            let names = (0..5_000).chain([last]);
            let members: Vec<_> = names.map(|name| format!("\"{name}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(object(text(5_000).as_bytes()).unwrap().len(), 5_001);
        for twice in [0, 2_500, 4_999] {
            assert!(object(text(twice).as_bytes()).is_err());
            assert!(members(text(twice).as_bytes(), &|_| false).is_err());
        }
    }

    proptest! {
        #[test]
        fn what_comes_out_is_what_was_wanted_of_the_whole(text in "[{}\\[\\]:,\"ab01\\\\u.-]{0,40}") {
            let wanted = |name: &str| name.contains('a');
            let whole = object(text.as_bytes()).map(|mut whole| {
                whole.retain(|name, _| wanted(name));
                whole
            });
            prop_assert_eq!(members(text.as_bytes(), &wanted), whole);
        }
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
