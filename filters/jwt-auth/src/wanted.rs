//! Which members of a token's payload anybody reads.
//!
//! An identity provider writes a dozen claims or more, and a document asks for a handful. To build the others costs more than
//! all else that is done with a token here, the host's work on its signature excepted. So they are only read over, which
//! refuses as much as building them would.

use crate::provider::Provider;
use std::rc::Rc;

/// The names of claims that a document asks for.
#[derive(Debug)]
pub(crate) struct Wanted(Vec<Box<str>>);

/// What is judged of every token, whoever issued it (RFC 7519 section 4.1).
const JUDGED: [&str; 6] = ["iss", "sub", "aud", "exp", "nbf", "iat"];

// === impl Wanted ===

impl Wanted {
    /// What these providers read, and what others `asked` for, by their paths.
    pub(crate) fn new(providers: &[Provider], asked: &[Rc<str>]) -> Self {
        let mut wanted = Self(Vec::new());
        JUDGED.into_iter().for_each(|name| wanted.add(name));
        for provider in providers {
            let headers = &provider.claim_headers;
            headers.iter().for_each(|rule| wanted.add(&rule.claim));
            let required = &provider.rules.required;
            required.iter().for_each(|rule| wanted.add(&rule.path));
        }
        asked.iter().for_each(|path| wanted.add(path));
        wanted
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| **own == *name)
    }

    /// A path is a claim's own name, dots and all, or begins with that of an object.
    fn add(&mut self, path: &str) {
        let first = path.split('.').next().unwrap_or_default();
        for name in [path, first] {
            if !self.has(name) {
                self.0.push(name.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        claims::{Required, Rules},
        provider::ClaimHeader,
    };
    use policy_model::{Report, document};

    #[test]
    fn whatever_is_read_is_wanted() {
        let mut one = Provider::compile(&document::Provider::default(), &mut Report::default());
        one.claim_headers = vec![ClaimHeader {
            claim: "tenant.name".into(),
            header: "x-tenant".into(),
        }];
        one.rules = Rules {
            required: vec![Required {
                path: "https://x.example/role".into(),
                test: None,
            }],
            ..Rules::default()
        };
        let wanted = Wanted::new(&[one], &["realm_access.roles".into()]);
        for name in JUDGED.into_iter().chain([
            "tenant",
            "tenant.name",
            "https://x.example/role",
            "https://x",
            "realm_access",
            "realm_access.roles",
        ]) {
            assert!(wanted.has(name), "{name}");
        }
        assert!(!wanted.has("email") && !wanted.has("roles") && !wanted.has(""));
    }
}
