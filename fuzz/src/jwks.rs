//! A key set: every key is used or passed over and named, in order, and a header finds exactly the keys that it may.

use crate::{jwk, keys::ALGORITHMS, reference};
use jwt_auth::{algorithm, jwk::KeySet};
use policy_model::{
    document::{Jwk, Jwks},
    json::Json,
};
use serde_json::Value;

/// The bytes are a JSON Web Key Set.
pub(crate) fn run(data: &[u8]) {
    let Ok(tree) = Json::parse(data) else { return };
    let stated = reference::value(tree);
    let read = jwk::read(&stated);
    let allowed = ALGORITHMS.map(|name| algorithm::from_name(name).unwrap());
    let (set, skipped) = KeySet::import(&read, &allowed);
    let (again, _) = KeySet::import(&read, &allowed);
    assert_eq!(format!("{set:?}"), format!("{again:?}"));
    let alone = |key| jwt_auth::jwk::Key::import(key, &allowed);
    let used: Vec<_> = read
        .keys
        .iter()
        .filter_map(|key| alone(key).ok())
        .flatten()
        .collect();
    assert_eq!(format!("{:?}", set.keys()), format!("{used:?}"));
    let passed_over = read.keys.iter().filter(|key| alone(key).is_err());
    assert_eq!(
        skipped.iter().map(|key| &key.pointer).collect::<Vec<_>>(),
        passed_over.map(|key| &key.pointer).collect::<Vec<_>>(),
    );
    for key in &read.keys {
        jwk::check(key, pointed_at(&stated, &key.pointer));
    }
    candidates(&set);
    published(data, &read);
}

/// As its issuer publishes it, a set has no key that it would not have in a document, and may have fewer.
fn published(data: &[u8], in_document: &Jwks) {
    let Ok((set, _)) = Jwks::published(data) else {
        return;
    };
    assert!(set.keys.len() <= Jwks::MOST_PUBLISHED);
    for key in &set.keys {
        let is_it =
            |own: &Jwk| own.kid == key.kid && own.alg == key.alg && own.material == key.material;
        assert!(in_document.keys.iter().any(is_it), "{key:?}");
    }
}

/// The key that a pointer into the document names.
fn pointed_at<'a>(stated: &'a Value, pointer: &str) -> &'a Value {
    let (_, own) = pointer
        .split_once("/localJwks")
        .expect("a pointer into the set");
    stated.pointer(own).expect("a pointer to a key")
}

fn candidates(set: &KeySet) {
    let mut names: Vec<_> = set.keys().iter().map(|key| key.kid.as_deref()).collect();
    names.extend([None, Some("no such key")]);
    for algorithm in ALGORITHMS.map(|name| algorithm::from_name(name).unwrap()) {
        for kid in &names {
            let found = set.candidates(algorithm, *kid);
            let fits = set.keys().iter().filter(|key| {
                let is_named = kid.is_none() || key.kid.is_none() || key.kid.as_deref() == *kid;
                key.algorithm == algorithm && is_named
            });
            assert!(
                found
                    .map(std::ptr::from_ref)
                    .eq(fits.map(std::ptr::from_ref))
            );
        }
    }
}
