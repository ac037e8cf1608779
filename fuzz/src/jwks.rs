//! A key set: every key is used or passed over and named, in order, and a header finds exactly the keys that it may.

use crate::{jwk, keys::ALGORITHMS, reference};
use jwt_auth::{
    algorithm,
    jwk::{Key, KeySet},
};
use policy_model::{
    document::{Jwk, Jwks},
    json::Json,
};
use serde_json::Value;

/// The bytes are a JSON Web Key Set, once in a document and once as its issuer publishes it.
pub(crate) fn run(data: &[u8]) {
    let tree = Json::parse(data).ok();
    let published = Jwks::published(data);
    assert_eq!(published.is_ok(), tree.as_ref().is_some_and(is_set));
    let Some(tree) = tree else { return };
    let stated = reference::value(tree);
    let in_document = jwk::read(&stated);
    import(&in_document, &stated);
    if let Ok((set, report)) = published {
        import(&set, &stated);
        for key in &set.keys {
            let known = in_document.keys.iter().any(|own| is_same(own, key));
            assert!(
                known,
                "a published set has no key that a document's would not have: {key:?}"
            );
        }
        for finding in report.findings() {
            let key = finding
                .pointer
                .split('/')
                .take(3)
                .collect::<Vec<_>>()
                .join("/");
            assert!(stated.pointer(&key).is_some(), "{finding}");
        }
    }
}

fn is_same(one: &Jwk, other: &Jwk) -> bool {
    one.kid == other.kid && one.alg == other.alg && one.material == other.material
}

/// An object with one list of keys that is not too long (RFC 7517 section 5).
fn is_set(tree: &Json) -> bool {
    let Json::Object(members) = tree else {
        return false;
    };
    let lists: Vec<_> = members.iter().filter(|(name, _)| name == "keys").collect();
    matches!(lists.as_slice(), [(_, Json::Array(keys))] if keys.len() <= Jwks::MOST_PUBLISHED)
}

fn import(read: &Jwks, stated: &Value) {
    let allowed = ALGORITHMS.map(|name| algorithm::from_name(name).unwrap());
    let (set, skipped) = KeySet::import(read, &allowed);
    let (again, _) = KeySet::import(read, &allowed);
    assert_eq!(format!("{set:?}"), format!("{again:?}"));
    let alone = |key| Key::import(key, &allowed);
    let used = read.keys.iter().filter_map(|key| alone(key).ok());
    let used: Vec<_> = used.flatten().collect();
    assert_eq!(format!("{:?}", set.keys()), format!("{used:?}"));
    let passed_over = read.keys.iter().filter(|key| alone(key).is_err());
    assert_eq!(
        skipped.iter().map(|key| &key.pointer).collect::<Vec<_>>(),
        passed_over.map(|key| &key.pointer).collect::<Vec<_>>(),
    );
    for key in &read.keys {
        jwk::check(key, pointed_at(stated, &key.pointer));
    }
    candidates(&set);
}

/// The key that a pointer names, into the set or into a document around it.
fn pointed_at<'a>(stated: &'a Value, pointer: &str) -> &'a Value {
    let own = pointer
        .split_once("/localJwks")
        .map_or(pointer, |(_, own)| own);
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
