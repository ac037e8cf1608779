//! Documents inside an Envoy file: what an operator has at hand is more often the watched YAML than the JSON in it.
//!
//! A YAML reader keeps no positions, so a document's lines are looked for in the file's text: a block scalar (`|`) has
//! them one by one behind one indentation, a text on one line has it whole (YAML 1.2.2, sections 7.3 and 8.1.2). A
//! scalar that is folded or escaped is not found, and then the place within the document has to do.

use policy_model::json::locate::Position;
use yaml_serde::Value;

/// What is expected of an Envoy file.
pub(crate) const EXPECTED: &str =
    "give the document's JSON text under configuration/value of a StringValue";

/// A document that stands in a larger file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Embedded {
    /// Its JSON text, as Envoy hands it to the filter.
    pub(crate) text: String,
    /// Where the file has it; none if its lines are not those of the file.
    pub(crate) origin: Option<Origin>,
}

/// Where the file has the beginning of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Lines of the file before the document's first.
    lines: usize,
    /// Characters before each of its lines.
    indent: usize,
}

/// The documents in the configuration of Wasm plugins, in the order of the file.
pub(crate) fn documents(text: &str, file: &Value) -> Vec<Embedded> {
    let mut values = Vec::new();
    collect(file, &mut values);
    let lines: Vec<_> = text.lines().collect();
    let mut from = 0;
    let place = |value: &str| {
        // An alias repeats a text that stands further up.
        let origin = find(&lines, from, value).or_else(|| find(&lines, 0, value));
        if let Some(origin) = origin {
            from = origin.lines + value.trim_end().lines().count();
        }
        Embedded {
            text: value.to_owned(),
            origin,
        }
    };
    values.into_iter().map(place).collect()
}

/// The depth is bounded by the reader (128).
fn collect<'a>(node: &'a Value, values: &mut Vec<&'a str>) {
    match node {
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, values)),
        Value::Mapping(members) => {
            for (name, member) in members {
                match name.as_str() {
                    Some("configuration") => values.extend(document(member)),
                    // Its `configuration` is the virtual machine's: no filter reads it.
                    Some("vm_config" | "vmConfig") => {}
                    _ => collect(member, values),
                }
            }
        }
        _ => {}
    }
}

/// The value of a `StringValue` that is meant as a JSON object or array.
fn document(configuration: &Value) -> Option<&str> {
    let kind = configuration.get("@type")?.as_str()?;
    let value = configuration.get("value")?.as_str()?;
    (kind.ends_with("/google.protobuf.StringValue") && value.trim_start().starts_with(['{', '[']))
        .then_some(value)
}

/// Where `lines`, from the line `from` on, have the text.
fn find(lines: &[&str], from: usize, text: &str) -> Option<Origin> {
    let text: Vec<_> = text.trim_end().lines().collect();
    // Blank lines at the beginning have no indentation to go by.
    let blank = text
        .iter()
        .take_while(|line| line.trim().is_empty())
        .count();
    let (first, rest) = text.get(blank..)?.split_first()?;
    let mut tail = lines.iter().enumerate().skip(from.saturating_add(blank));
    tail.find_map(|(at, line)| {
        let before = line.get(..line.find(first)?)?;
        let indent = before.chars().count();
        let here = if before.trim().is_empty() {
            *line == format!("{before}{first}")
        } else {
            rest.is_empty() && before.contains("value")
        };
        let following = lines.get(at + 1..)?;
        let goes_on = following.len() >= rest.len()
            && rest
                .iter()
                .zip(following)
                .all(|(own, line)| is(line, indent, own));
        (here && goes_on).then_some(Origin {
            lines: at - blank,
            indent,
        })
    })
}

/// Whether a line of a block scalar is this one of its text; blank ones need no indentation.
fn is(line: &str, indent: usize, own: &str) -> bool {
    match line.split_at_checked(indent) {
        Some((before, after)) => before.trim().is_empty() && after == own,
        None => own.is_empty() && line.trim().is_empty(),
    }
}

// === impl Origin ===

impl Origin {
    /// The place in the file of a place in the document.
    pub(crate) fn of(self, Position { line, column }: Position) -> Position {
        Position {
            line: line + self.lines,
            column: column + self.indent,
        }
    }
}
