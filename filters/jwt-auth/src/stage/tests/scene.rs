//! A document, a caller and what he gets.

use crate::{
    Authenticate,
    testing::{Signer, give_verifier},
};
use engine::{Engine, Pipeline};
use host::{
    Flow, Plugin, Stream,
    fake::{FakeHost, Reply},
};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

pub(crate) const NOW: u64 = 1_700_000_000;

/// A document with one service that needs a token, and one public path in it.
pub(crate) struct Scene {
    pub(crate) document: Value,
    pub(crate) signer: Signer,
}

pub(crate) type Headers<'a> = Vec<(&'a str, Vec<u8>)>;

impl Scene {
    pub(crate) fn new() -> Self {
        let signer = Signer::rs256("k1");
        let document = json!({
            "authentication": {
                "providers": {"corp": {
                    "issuer": "https://issuer.example",
                    "audiences": ["orders"],
                    "localJwks": {"keys": [signer.jwk]},
                    "claimToHeaders": [
                        {"claim": "sub", "header": "X-User-Id"},
                        {"claim": "realm_access.roles", "header": "x-roles"},
                    ],
                }},
                "requirement": {"anyOf": ["corp"]},
            },
            "services": [{
                "name": "orders.example", "serviceType": "HTTP",
                "groups": [{
                    "name": "default", "defaultGroup": true,
                    "paths": [{
                        "path": "/public",
                        "servicePolicy": {"authentication": {"requirement": {"anyOf": []}}},
                    }],
                }],
            }],
        });
        Self { document, signer }
    }

    /// Changes the provider.
    pub(crate) fn provider(mut self, name: &str, value: Value) -> Self {
        self.document["authentication"]["providers"]["corp"][name] = value;
        self
    }

    pub(crate) fn host(&self) -> FakeHost {
        let host = FakeHost::new();
        host.set_wall_clock(Duration::from_secs(NOW));
        give_verifier(&host);
        host
    }

    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": "https://issuer.example", "aud": "orders", "sub": "ann", "exp": NOW + 600,
            "realm_access": {"roles": ["reader", "editor"]},
        })
    }

    pub(crate) fn token(&self) -> String {
        self.signer.token(&self.claims())
    }

    pub(crate) fn send(&self, headers: &Headers<'_>) -> FakeHost {
        let host = self.host();
        self.send_to(&host, headers);
        host
    }

    pub(crate) fn send_to(&self, host: &FakeHost, headers: &Headers<'_>) {
        run::<(Authenticate,)>(&self.document, host, headers);
    }
}

pub(crate) fn run<P: Pipeline>(document: &Value, host: &FakeHost, headers: &Headers<'_>) {
    let engine = Engine::<P>::configure(host, document.to_string().as_bytes());
    let engine = Rc::new(engine.unwrap_or_else(|| panic!("{:?}", host.lines())));
    host.set_request(headers);
    let flow = engine.open().request_headers(host, true);
    assert_eq!(flow == Flow::Continue, host.replies().is_empty());
}

pub(crate) fn get<'a>(path: &str, more: &[(&'a str, &str)]) -> Headers<'a> {
    let mut headers = vec![
        (":method", b"GET".to_vec()),
        (":authority", b"orders.example".to_vec()),
        (":path", path.as_bytes().to_vec()),
    ];
    headers.extend(
        more.iter()
            .map(|(name, value)| (*name, value.as_bytes().to_vec())),
    );
    headers
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

pub(crate) fn refusal(host: &FakeHost) -> Reply {
    let mut replies = host.replies();
    assert_eq!(replies.len(), 1, "{:?}", host.changes());
    replies.remove(0)
}

pub(crate) fn details(host: &FakeHost) -> String {
    refusal(host).details
}

pub(crate) fn passed(host: &FakeHost) -> bool {
    host.replies().is_empty()
}

pub(crate) fn header(reply: &Reply, name: &str) -> Option<String> {
    let found = reply.headers.iter().find(|(own, _)| own == name);
    found.map(|(_, value)| String::from_utf8(value.clone()).unwrap())
}
