//! Who the caller has been proven to be.
//!
//! The authentication stage writes it; conditions and limit keys of type `claim` and `apiKey` read it. It never goes
//! through headers, which a client could have sent.

use serde_json::Value;
use std::rc::Rc;

/// The verified identity of one request; empty until an authentication stage has proven something.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    claims: Option<Rc<Value>>,
    api_key: Option<Rc<str>>,
}

// === impl Identity ===

impl Identity {
    /// Takes over the claims of a verified token: a JSON object.
    pub fn set_claims(&mut self, claims: Rc<Value>) {
        self.claims = Some(claims);
    }

    /// Takes over the client id of a verified API key.
    pub fn set_api_key(&mut self, client: Rc<str>) {
        self.api_key = Some(client);
    }

    /// The verified claims.
    #[must_use]
    pub fn claims(&self) -> Option<&Value> {
        self.claims.as_deref()
    }

    /// The client id of the verified API key.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        self.api_key.as_deref()
    }

    /// Shows every value of a claim, lists element by element.
    ///
    /// `path` is a claim's name, or names joined by dots (`realm_access.roles`); a claim whose name has dots in it
    /// (`https://example.com/roles`) is tried whole first. Objects and null have no value.
    pub fn visit_claim(&self, path: &str, visit: &mut dyn FnMut(&[u8])) {
        if let Some(value) = self.claims().and_then(|claims| claim(claims, path)) {
            visit_scalars(value, visit);
        }
    }
}

/// The claim at a path: the whole path as one name, else names joined by dots.
#[must_use]
pub fn claim<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims
        .get(path)
        .or_else(|| path.split('.').try_fold(claims, |at, name| at.get(name)))
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

    fn values(claims: Value, path: &str) -> Vec<String> {
        let mut identity = Identity::default();
        identity.set_claims(Rc::new(claims));
        let mut seen = Vec::new();
        identity.visit_claim(path, &mut |value| {
            seen.push(String::from_utf8(value.to_vec()).unwrap());
        });
        seen
    }

    #[test]
    fn a_path_reaches_into_objects_and_a_dotted_name_is_a_name() {
        let claims = json!({"realm_access": {"roles": ["a", "b"]}, "https://x.example/n": 7});
        assert_eq!(values(claims.clone(), "realm_access.roles"), ["a", "b"]);
        assert_eq!(values(claims.clone(), "https://x.example/n"), ["7"]);
        assert!(values(claims, "realm_access").is_empty());
    }
}
