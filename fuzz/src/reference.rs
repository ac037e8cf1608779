//! Naive readings that parsers are held against: each as close to the words of its standard as can be, and slow.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use policy_model::json::Json;
use serde_json::{Map, Value};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The deepest JSON of a token.
const DEPTH: usize = 32;

/// Base64url without padding (RFC 4648 section 5), bit by bit; none unless it is the one text of its bytes (section 3.5).
pub(crate) fn base64url(text: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for character in text {
        let value = ALPHABET.iter().position(|own| own == character)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let (bytes, rest) = bits.as_chunks::<8>();
    let is_canonical = rest.len() < 6 && !rest.contains(&true);
    let byte = |bits: &[bool; 8]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    is_canonical.then(|| bytes.iter().map(byte).collect())
}

/// Base64url without padding.
pub(crate) fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// One JSON object in which no member is there twice and nothing lies deeper than 32 levels.
pub(crate) fn object(bytes: &[u8]) -> Option<Value> {
    // The tree's reader takes a byte order mark off; a token has none.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return None;
    }
    let tree = Json::parse(bytes).ok()?;
    let is_object = matches!(tree, Json::Object(_));
    (is_object && is_strict(&tree, DEPTH)).then(|| value(tree))
}

fn is_strict(tree: &Json, depth: usize) -> bool {
    match tree {
        Json::Array(items) => depth > 0 && items.iter().all(|item| is_strict(item, depth - 1)),
        Json::Object(members) => {
            let once = |name: &String| members.iter().filter(|(own, _)| own == name).count() == 1;
            let strict = |(name, item): &(String, Json)| once(name) && is_strict(item, depth - 1);
            depth > 0 && members.iter().all(strict)
        }
        _ => true,
    }
}

/// The tree as `serde_json` holds it; of two members of one name the last stays.
pub(crate) fn value(tree: Json) -> Value {
    match tree {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::Array(items.into_iter().map(value).collect()),
        Json::Object(members) => {
            let members = members.into_iter().map(|(name, item)| (name, value(item)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

/// Percent escapes decoded; what is none stays (WHATWG URL section 1.3).
pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let digits = text
            .get(at + 1..at + 3)
            .filter(|digits| text[at] == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let (byte, length) = match digits {
            Some(digits) => (u8::from_str_radix(digits, 16).unwrap(), 3),
            None => (text[at], 1),
        };
        decoded.push(byte);
        at += length;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_as_its_standard_says() {
        assert_eq!(base64url(b"-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(
            (base64url(b"-_9"), base64url(b"A"), base64url(b"AA==")),
            (None, None, None)
        );
        assert!(object(b"{\"a\":[1]}").is_some());
        assert_eq!(
            (object(b"[]"), object(b"{\"a\":1,\"\\u0061\":1}")),
            (None, None)
        );
        let nested = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
        assert!(object(nested(32).as_bytes()).is_some());
        assert_eq!(object(nested(33).as_bytes()), None);
        assert_eq!(percent_decoded(b"%41%4%zz%"), b"A%4%zz%");
    }
}
