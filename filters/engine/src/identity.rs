//! Who the caller has been proven to be.
//!
//! The authentication stage writes it; conditions and limit keys of type `claim` and `apiKey`, and the consumer of type
//! `system`, read it. It never goes through headers, which a client could have sent.

use crate::claims::Claims;
use policy_model::document::Permission;
use std::rc::Rc;

/// The verified identity of one request; empty until an authentication stage has proven something.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    claims: Option<Claims>,
    /// Those of further tokens.
    more_claims: Vec<Claims>,
    api_key: Option<Rc<str>>,
    application: Option<Rc<str>>,
    roles: Option<Rc<[Rc<str>]>>,
    permissions: Option<Rc<[Permission]>>,
}

// === impl Identity ===

impl Identity {
    /// Takes over the claims of a verified token. Of several tokens the first one's claim counts where two have it.
    pub fn add_claims(&mut self, claims: Claims) {
        match &self.claims {
            None => self.claims = Some(claims),
            Some(_) => self.more_claims.push(claims),
        }
    }

    /// Takes over the client id of a verified API key.
    pub fn set_api_key(&mut self, client: Rc<str>) {
        self.api_key = Some(client);
    }

    /// The client id of the verified API key.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        self.api_key.as_deref()
    }

    /// Takes over the name of the application that has shown its token (JoyLive's consumer).
    pub fn set_application(&mut self, application: Rc<str>) {
        self.application = Some(application);
    }

    /// The application that has proven itself to be the one of this name.
    #[must_use]
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// Takes over the roles that the document gives the client.
    pub fn set_roles(&mut self, roles: Rc<[Rc<str>]>) {
        self.roles = Some(roles);
    }

    /// The roles that the document gives the client. Those that a token claims are the claim's.
    #[must_use]
    pub fn roles(&self) -> &[Rc<str>] {
        self.roles.as_deref().unwrap_or_default()
    }

    /// Takes over the permissions that the document gives the client beside those of its roles.
    pub fn set_permissions(&mut self, permissions: Rc<[Permission]>) {
        self.permissions = Some(permissions);
    }

    /// The permissions that the document gives the client beside those of its roles.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        self.permissions.as_deref().unwrap_or_default()
    }

    /// Whether anybody has proven anything.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.claims.is_some() || self.api_key.is_some() || self.application.is_some()
    }

    /// Shows every value of a claim that the document asks for, lists element by element.
    pub fn visit_claim(&self, path: &str, visit: &mut dyn FnMut(&[u8])) {
        let mut tokens = self.claims.iter().chain(&self.more_claims);
        let _ = tokens.any(|claims| claims.visit(path, visit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn values(claims: &Value, path: &str) -> Vec<String> {
        let mut identity = Identity::default();
        let paths = ["realm_access", "realm_access.roles", "https://x.example/n"];
        let paths: Rc<[Rc<str>]> = paths.map(Rc::from).into();
        identity.add_claims(Claims::of(&paths, claims));
        let mut seen = Vec::new();
        identity.visit_claim(path, &mut |value| {
            seen.push(String::from_utf8(value.to_vec()).unwrap());
        });
        seen
    }

    #[test]
    fn a_path_reaches_into_objects_and_a_dotted_name_is_a_name() {
        let claims = json!({"realm_access": {"roles": ["a", "b"]}, "https://x.example/n": 7});
        assert_eq!(values(&claims, "realm_access.roles"), ["a", "b"]);
        assert_eq!(values(&claims, "https://x.example/n"), ["7"]);
        assert!(values(&claims, "realm_access").is_empty());
    }
}
