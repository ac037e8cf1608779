//! One key as an issuer publishes it: what it may verify follows from what it is, and from nothing that a token says.

use crate::{keys::ALGORITHMS, reference};
use jwt_auth::{algorithm, jwk::Key};
use policy_model::{
    Document,
    document::{Jwk, Jwks},
    json::Json,
};
use serde_json::{Value, json};

/// The bytes are a JSON Web Key.
pub(crate) fn run(data: &[u8]) {
    let Ok(tree) = Json::parse(data) else { return };
    let stated = reference::value(tree);
    let read = read(&json!({ "keys": [stated.clone()] }));
    assert!(read.keys.len() <= 1);
    for key in &read.keys {
        check(key, &stated);
    }
}

/// A set as the reader of documents reads it.
pub(crate) fn read(set: &Value) -> Jwks {
    let document = json!({"authentication": {"providers": {"corp": {"localJwks": set}}}});
    let (document, _) = Document::read(document.to_string().as_bytes());
    let mut providers = document.unwrap_or_default().authentication.providers;
    providers
        .pop()
        .and_then(|provider| provider.local_jwks)
        .unwrap_or_default()
}

/// Imports a key for each algorithm alone, and for all of them, and holds the outcome against what is stated.
pub(crate) fn check(key: &Jwk, stated: &Value) {
    let all = ALGORITHMS.map(|name| algorithm::from_name(name).unwrap());
    let together = Key::import(key, &all).unwrap_or_default();
    let names: Vec<_> = together
        .iter()
        .map(|key| key.algorithm.to_string())
        .collect();
    assert_eq!(
        names,
        ALGORITHMS
            .into_iter()
            .filter(|name| alone(key, name))
            .collect::<Vec<_>>()
    );
    for name in &names {
        assert!(fits(name, stated), "{name} with {stated}");
    }
    // An empty name names nothing.
    let kid = Some(member(stated, "kid")).filter(|kid| !kid.is_empty());
    for bound in &together {
        assert_eq!(bound.kid.as_deref(), kid);
        let shown = format!("{bound:?}{key:?}");
        let numbers = ["n", "x", "y", "k"].map(|name| member(stated, name));
        let shows = |number: &&str| number.len() > 16 && shown.contains(number);
        assert!(!numbers.iter().any(shows), "a key shows itself");
    }
}

fn alone(key: &Jwk, name: &str) -> bool {
    let algorithm = algorithm::from_name(name).unwrap();
    Key::import(key, &[algorithm]).is_ok_and(|bound| bound.len() == 1)
}

/// Whether a key of these members may verify this algorithm: RFC 7517 section 4, RFC 7518 sections 3 and 6, RFC 8037.
fn fits(name: &str, stated: &Value) -> bool {
    let (family, bits) = name.split_at(2);
    let kind = match family {
        "HS" => {
            member(stated, "kty") == "oct" && bytes(stated, "k").len() * 8 >= bits.parse().unwrap()
        }
        "RS" | "PS" => {
            member(stated, "kty") == "RSA" && is_strong(&bytes(stated, "n"), &bytes(stated, "e"))
        }
        "ES" => member(stated, "kty") == "EC" && is_on(bits, stated),
        _ => {
            let is_edwards = member(stated, "kty") == "OKP" && member(stated, "crv") == "Ed25519";
            is_edwards && bytes(stated, "x").len() == 32
        }
    };
    let unstated = |member: &str, wanted: &str| {
        stated
            .get(member)
            .is_none_or(|value| value.is_null() || value == wanted)
    };
    kind && unstated("alg", name) && unstated("use", "sig")
}

fn is_strong(n: &[u8], e: &[u8]) -> bool {
    let (n, e) = (significant(n), significant(e));
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    let exponent = e
        .iter()
        .fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let is_sound = e.len() <= 4 && exponent >= 65_537;
    (2_048..=8_192).contains(&bits) && is_odd(n) && is_odd(e) && is_sound
}

fn is_on(bits: &str, stated: &Value) -> bool {
    let (curve, length) = match bits {
        "256" => ("P-256", 32),
        "384" => ("P-384", 48),
        _ => ("P-521", 66),
    };
    let whole = ["x", "y"]
        .into_iter()
        .all(|name| bytes(stated, name).len() == length);
    member(stated, "crv") == curve && whole
}

fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn member<'a>(stated: &'a Value, name: &str) -> &'a str {
    stated.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn bytes(stated: &Value, name: &str) -> Vec<u8> {
    reference::base64url(member(stated, name).as_bytes()).unwrap_or_default()
}
