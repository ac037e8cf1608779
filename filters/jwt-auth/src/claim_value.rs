//! A verified claim as a request header's value.
//!
//! The upstream believes such a header, so what cannot be written without changing its meaning is not written at all: no
//! header is safer than a wrong one. That goes for control characters, for outer white space, which every HTTP reader takes
//! off (`"admin "` would arrive as `admin`), and for a list one of whose elements holds the comma that would separate them.

use serde_json::Value;

/// The longest value that is written, in bytes: what most servers take of one header (nginx and Tomcat: 8 KiB of a line, or of
/// all). A longer one would have the upstream refuse the request in words that nobody understands.
pub(crate) const MAX_VALUE: usize = 8 * 1024;

/// Strings as they are, numbers and booleans as JSON writes them, lists of these joined by commas. `None` for null, objects,
/// empty lists and everything that a header cannot hold, or that is longer than 8 KiB.
#[must_use]
pub fn header_value(claim: &Value) -> Option<Vec<u8>> {
    let text = match claim {
        Value::Array(list) if !list.is_empty() => {
            let elements: Option<Vec<String>> = list.iter().map(element).collect();
            elements?.join(",")
        }
        scalar => scalar_text(scalar)?,
    };
    (text.len() <= MAX_VALUE && is_plain(&text)).then(|| text.into_bytes())
}

fn element(value: &Value) -> Option<String> {
    scalar_text(value).filter(|text| !text.contains(',') && is_plain(text))
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_and_lists_of_scalars() {
        for (claim, value) in [
            (json!("ann"), "ann"),
            (json!("Jörg O. Müller"), "Jörg O. Müller"),
            (json!(7), "7"),
            (json!(true), "true"),
            (json!(["a", 1, false]), "a,1,false"),
            (json!("a,b"), "a,b"),
        ] {
            assert_eq!(
                header_value(&claim).as_deref(),
                Some(value.as_bytes()),
                "{claim}"
            );
        }
    }

    #[test]
    fn what_would_arrive_as_something_else_is_not_written() {
        for claim in [
            json!(null),
            json!({}),
            json!([]),
            json!(""),
            json!("admin "),
            json!("a\r\nx-admin: 1"),
            json!("a\u{0}"),
            json!(["a,admin"]),
            json!(["a", ["b"]]),
            json!(["a", ""]),
            json!(["a", "b\n"]),
            json!("x".repeat(MAX_VALUE + 1)),
            json!(["x".repeat(MAX_VALUE), "y"]),
        ] {
            assert_eq!(header_value(&claim), None, "{claim}");
        }
    }
}
