//! Requests with tokens good and bad: every trick that RFC 8725 and the history of JSON Web Tokens name, and beside each its
//! honest twin where there is one, so that a reader who refuses everything fails too.
//!
//! One corpus for several readers: the filter's own tests hold it against the reasons that it gives, and in a real Envoy
//! `jwt_authn` sees the same requests. Two providers judge it. Under [`Case::target`]s of `/bare` the keys have neither `alg`
//! nor `kid` nor `use`, so that only `kty` and `crv` stand between an algorithm and the wrong key; elsewhere they have all three.

mod algorithms;
mod claims;
mod encoding;
mod headers;
mod json;
mod places;
mod signatures;

use super::{AUDIENCE, Algorithm, ISSUER, encode, keys, now};
use serde_json::{Value, json};

/// The path whose requests are judged by [`bare_jwks`].
pub const BARE: &str = "/bare";

/// The longest life that providers of this corpus allow, in seconds: two days, twice that of a good token.
pub const MAX_LIFETIME: u32 = 172_800;

/// The query parameter that may carry a token, beside `authorization: Bearer`.
pub const PARAM: &str = "access_token";

/// A request and what should become of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, unique.
    pub name: String,
    /// Path and query.
    pub target: String,
    /// Headers beside the host.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// `None`: it passes. Else how the reason begins that the operator reads, without the provider.
    pub refused: Option<&'static str>,
}

/// What cases are made with, and where they are gathered.
struct Corpus {
    now: u64,
    is_bare: bool,
    cases: Vec<Case>,
}

/// Members of a JSON object as text, to be replaced (or, by an empty text, removed) and added to.
type Members<'a> = &'a [(&'a str, &'a str)];

/// All cases.
///
/// # Errors
/// A checked-in key could not be read.
pub fn cases() -> anyhow::Result<Vec<Case>> {
    let mut corpus = Corpus {
        now: now().as_secs(),
        is_bare: false,
        cases: Vec::new(),
    };
    for is_bare in [false, true] {
        corpus.is_bare = is_bare;
        algorithms::add(&mut corpus)?;
    }
    corpus.is_bare = false;
    signatures::add(&mut corpus)?;
    headers::add(&mut corpus)?;
    encoding::add(&mut corpus)?;
    json::add(&mut corpus)?;
    claims::add(&mut corpus)?;
    places::add(&mut corpus)?;
    Ok(corpus.cases)
}

/// A policy document with a service of this name, whose tokens these cases are.
///
/// # Errors
/// A checked-in key could not be read.
pub fn document(service: &str) -> anyhow::Result<Value> {
    let provider = |jwks: Value| {
        json!({
            "issuer": ISSUER,
            "audiences": [AUDIENCE],
            "algorithms": Algorithm::ALL.map(Algorithm::name),
            "localJwks": jwks,
            "fromHeaders": [{ "name": "authorization", "prefix": "Bearer " }],
            "fromParams": [PARAM],
            "maxLifetimeSeconds": MAX_LIFETIME,
        })
    };
    let requirement = |provider: &str| json!({ "requirement": { "anyOf": [provider] } });
    let bare = json!({ "path": BARE, "servicePolicy": { "authentication": requirement("bare") } });
    let mut authentication = requirement("corp");
    let (corp, bare_keys) = (super::jwks_for(&Algorithm::ALL)?, bare_jwks()?);
    if let Some(members) = authentication.as_object_mut() {
        let providers = json!({ "corp": provider(corp), "bare": provider(bare_keys) });
        members.insert("providers".to_owned(), providers);
    }
    let groups = json!([{ "name": "default", "defaultGroup": true, "paths": [bare] }]);
    Ok(json!({
        "authentication": authentication,
        "services": [{ "name": service, "groups": groups }],
    }))
}

/// The keys of requests to [`BARE`]: one of each kind, of which nothing is said but the kind.
///
/// # Errors
/// A checked-in key could not be read.
pub fn bare_jwks() -> anyhow::Result<Value> {
    let kinds = [
        Algorithm::Hs512,
        Algorithm::Rs256,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ];
    let bare = kinds.map(|algorithm| {
        let mut jwk = keys::jwk(algorithm)?;
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| !matches!(&**name, "alg" | "kid" | "use"));
        }
        Ok(jwk)
    });
    let bare: anyhow::Result<Vec<_>> = bare.into_iter().collect();
    Ok(json!({ "keys": bare? }))
}

// === impl Corpus ===

impl Corpus {
    fn add(
        &mut self,
        name: impl AsRef<str>,
        query: &str,
        headers: Vec<(&'static str, Vec<u8>)>,
        refused: Option<&'static str>,
    ) {
        let name = name.as_ref();
        let (path, prefix) = if self.is_bare {
            (BARE, "bare-")
        } else {
            ("/", "")
        };
        self.cases.push(Case {
            name: format!("{prefix}{name}"),
            target: format!("{path}{query}"),
            headers,
            refused,
        });
    }

    /// A bearer token that passes.
    fn passes(&mut self, name: impl AsRef<str>, token: impl AsRef<[u8]>) {
        self.add(name, "", bearer(token), None);
    }

    /// A bearer token that does not.
    fn refused(&mut self, name: impl AsRef<str>, token: impl AsRef<[u8]>, reason: &'static str) {
        self.add(name, "", bearer(token), Some(reason));
    }

    /// A good RS256 token but for these members of header and payload.
    fn token(&self, header: Members<'_>, payload: Members<'_>) -> anyhow::Result<String> {
        self.signed(Algorithm::Rs256, header, self.payload(payload))
    }

    /// A token by an algorithm, with its header but for these members.
    fn signed(
        &self,
        algorithm: Algorithm,
        header: Members<'_>,
        payload: impl AsRef<[u8]>,
    ) -> anyhow::Result<String> {
        sign(algorithm, self.header(algorithm, header), payload)
    }

    fn header(&self, algorithm: Algorithm, changes: Members<'_>) -> String {
        let kid = if self.is_bare {
            String::new()
        } else {
            quoted(&algorithm.kid())
        };
        let own = [
            ("alg", quoted(algorithm.name())),
            ("kid", kid),
            ("typ", quoted("JWT")),
        ];
        object(&own, changes)
    }

    fn payload(&self, changes: Members<'_>) -> String {
        let own = [
            ("iss", quoted(ISSUER)),
            ("aud", quoted(AUDIENCE)),
            ("sub", quoted("alice")),
            ("iat", self.now.to_string()),
            ("exp", (self.now + 86_400).to_string()),
        ];
        object(&own, changes)
    }
}

fn bearer(token: impl AsRef<[u8]>) -> Vec<(&'static str, Vec<u8>)> {
    vec![("authorization", [b"Bearer ", token.as_ref()].concat())]
}

/// A token of any header and payload.
fn sign(
    algorithm: Algorithm,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> anyhow::Result<String> {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = keys::sign(algorithm, input.as_bytes())?;
    Ok(format!("{input}.{}", encode(signature)))
}

/// A token with any signature.
fn unsigned(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, signature: &[u8]) -> String {
    [encode(header), encode(payload), encode(signature)].join(".")
}

fn object(own: &[(&str, String)], changes: Members<'_>) -> String {
    let change = |name: &str| changes.iter().find(|(changed, _)| *changed == name);
    let is_new = |name: &str| own.iter().all(|(known, _)| *known != name);
    let own = own
        .iter()
        .map(|(name, value)| (*name, change(name).map_or(&**value, |(_, changed)| changed)));
    let new = changes.iter().copied().filter(|(name, _)| is_new(name));
    let members = own.chain(new).filter(|(_, value)| !value.is_empty());
    let members: Vec<_> = members
        .map(|(name, value)| format!("{}:{value}", quoted(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_there_are_many_of_both_kinds() {
        let cases = cases().unwrap();
        let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), cases.len());
        let passing = cases.iter().filter(|case| case.refused.is_none()).count();
        assert!(
            passing >= 70 && cases.len() - passing > 400,
            "{passing} of {}",
            cases.len()
        );
    }

    #[test]
    fn members_are_replaced_removed_and_added() {
        let own = [("a", "1".to_owned()), ("b", "2".to_owned())];
        assert_eq!(
            object(&own, &[("b", ""), ("a", "3"), ("c", "[]")]),
            r#"{"a":3,"c":[]}"#
        );
    }
}
