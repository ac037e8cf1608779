//! What a verified token's JSON object holds, as values to compare.
//!
//! Lists are compared element by element. A list of scopes is one string with spaces (RFC 8693 section 4.2, RFC 9068 section
//! 2.2.3.1), so where the last name of a claim's path is `scope` or `scp` the words of a string are its values. Everywhere: a
//! required claim, a condition, a key and a role see the same.

use serde_json::Value;

/// The claim at a path: a claim's name, or names joined by dots (`realm_access.roles`). A claim whose name has dots in it
/// (`https://example.com/roles`) is tried whole first.
#[must_use]
pub fn claim<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims
        .get(path)
        .or_else(|| path.split('.').try_fold(claims, |at, name| at.get(name)))
}

/// Shows every value of the claim that [`claim`] found at this path. Objects and null have none.
pub fn visit_claim_values(claim: &Value, path: &str, visit: &mut dyn FnMut(&[u8])) {
    match claim {
        Value::String(text) if is_list_of_words(path) => {
            let words = text.split(' ').filter(|word| !word.is_empty());
            words.for_each(|word| visit(word.as_bytes()));
        }
        value => visit_scalars(value, visit),
    }
}

fn is_list_of_words(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("scope" | "scp"))
}

fn visit_scalars(value: &Value, visit: &mut dyn FnMut(&[u8])) {
    match value {
        Value::String(text) => visit(text.as_bytes()),
        Value::Number(number) => visit(number.to_string().as_bytes()),
        Value::Bool(true) => visit(b"true"),
        Value::Bool(false) => visit(b"false"),
        Value::Array(list) => {
            for element in list.iter().filter(|element| !element.is_array()) {
                visit_scalars(element, visit);
            }
        }
        Value::Null | Value::Object(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(claim: &Value, path: &str) -> Vec<String> {
        let mut seen = Vec::new();
        visit_claim_values(claim, path, &mut |value| {
            seen.push(String::from_utf8(value.to_vec()).unwrap());
        });
        seen
    }

    #[test]
    fn scopes_are_words_however_they_are_written() {
        let wanted = ["openid", "orders:read"];
        let text = json!("openid  orders:read ");
        assert_eq!(values(&text, "scope"), wanted);
        assert_eq!(values(&text, "azure.scp"), wanted);
        assert_eq!(values(&json!(wanted), "scope"), wanted);
        assert_eq!(values(&text, "description"), ["openid  orders:read "]);
        assert!(values(&json!(""), "scope").is_empty());
    }
}
