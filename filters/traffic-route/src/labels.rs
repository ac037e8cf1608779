//! Labels of instances, and how a choice among them reaches Envoy's load balancer.
//!
//! A Wasm filter cannot write dynamic metadata. So the choice travels in one reserved request header that
//! `header_to_metadata` behind us turns into `envoy.lb`/`fallback_list` and removes again: base64 of a serialized
//! `google.protobuf.Value` (google/protobuf/struct.proto), a list of structs that the subset load balancer tries from left
//! to right.

use base64::{Engine, engine::general_purpose::STANDARD};
use host::protobuf::put_bytes;
use std::rc::Rc;

/// The header that carries the choice.
pub(crate) const SUBSET_HEADER: &str = "x-steward-subset";

/// Labels that an instance must all have.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labels(Vec<(Rc<str>, Rc<str>)>);

/// What a choice without labels asks for, since every endpoint carries it. The load balancer's own fallback stays closed,
/// so that a lane without instances is an answer and not an accident.
const ANY: (&str, &str) = ("steward", "any");

/// Field numbers of `google.protobuf.Value`, `Struct`, `ListValue` and of a map entry.
mod field {
    pub(super) const VALUE_STRING: u8 = 3;
    pub(super) const VALUE_STRUCT: u8 = 5;
    pub(super) const VALUE_LIST: u8 = 6;
    pub(super) const STRUCT_FIELDS: u8 = 1;
    pub(super) const LIST_VALUES: u8 = 1;
    pub(super) const ENTRY_KEY: u8 = 1;
    pub(super) const ENTRY_VALUE: u8 = 2;
}

// === impl Labels ===

impl Labels {
    /// Adds a label, or replaces the one of that key.
    pub(crate) fn set(&mut self, key: Rc<str>, value: Rc<str>) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key, value)),
        }
    }

    /// These labels and those of `more`, which win.
    pub(crate) fn and(&self, more: &Self) -> Self {
        let mut both = self.clone();
        for (key, value) in &more.0 {
            both.set(Rc::clone(key), Rc::clone(value));
        }
        both
    }

    fn encode(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return structure([ANY]);
        }
        structure(
            self.0
                .iter()
                .map(|(key, value)| (key.as_ref(), value.as_ref())),
        )
    }
}

/// The header's value: instances to try, first choice first. `None` if any instance will do: for a missing header
/// `header_to_metadata` asks for `steward: any` itself, which costs no host call here.
pub(crate) fn subset_header(choices: &[Labels]) -> Option<String> {
    if choices.is_empty() {
        return None;
    }
    let mut list = Vec::new();
    for labels in choices {
        put_bytes(&mut list, field::LIST_VALUES, &labels.encode());
    }
    Some(STANDARD.encode(message(field::VALUE_LIST, &list)))
}

/// A `Value` that holds a `Struct` of strings.
fn structure<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut fields = Vec::new();
    for (key, value) in members {
        let mut entry = message(field::ENTRY_KEY, key.as_bytes());
        put_bytes(
            &mut entry,
            field::ENTRY_VALUE,
            &message(field::VALUE_STRING, value.as_bytes()),
        );
        put_bytes(&mut fields, field::STRUCT_FIELDS, &entry);
    }
    message(field::VALUE_STRUCT, &fields)
}

fn message(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 6);
    put_bytes(&mut out, field, bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let mut labels = Labels::default();
        pairs
            .iter()
            .for_each(|(key, value)| labels.set((*key).into(), (*value).into()));
        labels
    }

    /// Written by `google.protobuf.Value` of Python's protobuf package for `[{"lane": "gray"}]`.
    const GRAY: &str = "MhQKEioQCg4KBGxhbmUSBhoEZ3JheQ==";

    #[test]
    fn the_header_is_the_protobuf_that_envoy_reads() {
        assert_eq!(
            subset_header(&[labels(&[("lane", "gray")])]).as_deref(),
            Some(GRAY)
        );
    }

    #[test]
    fn a_choice_without_labels_asks_for_any_instance() {
        let any = subset_header(&[labels(&[("steward", "any")])]);
        assert_eq!(subset_header(&[Labels::default()]), any);
        assert_eq!(subset_header(&[]), None);
    }

    #[test]
    fn a_second_value_of_a_label_wins() {
        let both = labels(&[("lane", "gray"), ("unit", "u1")]).and(&labels(&[("lane", "base")]));
        assert_eq!(both, labels(&[("lane", "base"), ("unit", "u1")]));
    }
}
