//! Of a verified token's claims those that the document asks for, as values to compare.
//!
//! A token may be kept for as long as it is valid, thousands of them in each worker, and most of what one says is asked for
//! by nobody. What is left lies in one block: a block for each value would cost more than the values.

use crate::claim_values::{claim, visit_claim_values};
use host::protobuf::{put_varint, take_varint};
use serde_json::Value;
use std::rc::Rc;

/// The values of the claims at some paths; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The paths, one list for all tokens.
    asked: Rc<[Rc<str>]>,
    /// For each path that has values: its place in the list, and the values as one text; each text behind its length.
    packed: Rc<[u8]>,
}

// === impl Claims ===

impl Claims {
    /// Takes the claims at these paths out of a token's JSON object. Objects and null have no value.
    #[must_use]
    pub fn of(asked: &Rc<[Rc<str>]>, claims: &Value) -> Self {
        let (mut packed, mut values) = (Vec::new(), Vec::new());
        for (place, path) in asked.iter().enumerate() {
            values.clear();
            if let Some(claim) = claim(claims, path) {
                visit_claim_values(claim, path, &mut |value| put(&mut values, value));
            }
            if !values.is_empty() {
                put_varint(&mut packed, place);
                put(&mut packed, &values);
            }
        }
        Self {
            asked: Rc::clone(asked),
            packed: packed.into(),
        }
    }

    /// Shows every value of the claim at this path, lists element by element; whether there were any.
    pub fn visit(&self, path: &str, visit: &mut dyn FnMut(&[u8])) -> bool {
        let wanted = self.asked.iter().position(|asked| **asked == *path);
        let mut packed = &*self.packed;
        while let Some((place, mut values)) = take_claim(&mut packed) {
            if Some(place) == wanted {
                while let Some(value) = take(&mut values) {
                    visit(value);
                }
                return true;
            }
        }
        false
    }

    /// The bytes of its one block.
    #[must_use]
    pub fn size(&self) -> usize {
        self.packed.len()
    }
}

fn put(to: &mut Vec<u8>, text: &[u8]) {
    put_varint(to, text.len());
    to.extend_from_slice(text);
}

fn take<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_varint(from)?).ok()?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(text)
}

fn take_claim<'a>(from: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
    let place = usize::try_from(take_varint(from)?).ok()?;
    Some((place, take(from)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(paths: &[&str], token: &Value) -> Claims {
        let asked: Vec<Rc<str>> = paths.iter().map(|path| Rc::from(*path)).collect();
        Claims::of(&asked.into(), token)
    }

    fn values(claims: &Claims, path: &str) -> (bool, Vec<String>) {
        let mut seen = Vec::new();
        let any = claims.visit(path, &mut |value| {
            seen.push(String::from_utf8(value.to_vec()).unwrap());
        });
        (any, seen)
    }

    #[test]
    fn each_claim_has_its_own_values_in_order() {
        let long = "x".repeat(70_000);
        let token = json!({"sub": "ann", "n": 7, "roles": ["b", "", "a", &long], "other": "o"});
        let claims = claims(&["none", "roles", "sub", "n"], &token);
        let seen = |path| values(&claims, path);
        assert_eq!(seen("sub"), (true, vec!["ann".to_owned()]));
        assert_eq!(seen("n"), (true, vec!["7".to_owned()]));
        let roles = vec!["b".to_owned(), String::new(), "a".to_owned(), long];
        assert_eq!(seen("roles"), (true, roles));
        assert_eq!(seen("none"), (false, vec![]));
        assert_eq!(seen("other"), (false, vec![]), "nobody asks for it");
    }

    #[test]
    fn what_has_no_value_takes_no_room() {
        let token = json!({"a": null, "b": {}, "c": []});
        assert_eq!(claims(&["a", "b", "c", "d"], &token).size(), 0);
    }

    #[test]
    fn more_than_a_byte_full_of_paths_are_told_apart() {
        let names: Vec<_> = (0..400).map(|number| format!("c{number}")).collect();
        let token: Value = names
            .iter()
            .map(|name| (name.clone(), json!(name)))
            .collect();
        let paths: Vec<_> = names.iter().map(String::as_str).collect();
        let claims = claims(&paths, &token);
        for name in &names {
            assert_eq!(values(&claims, name), (true, vec![name.clone()]));
        }
    }
}
