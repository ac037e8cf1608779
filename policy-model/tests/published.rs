//! Sets of keys as issuers publish them: what is taken, what is left out, what is no set.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may end where it fails"
)]

use policy_model::document::Jwks;
use policy_model::read::NotKeys;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rsa(kid: &str) -> Value {
    json!({"kty": "RSA", "kid": kid, "use": "sig", "n": "A".repeat(342), "e": "AQAB"})
}

fn read(set: &Value) -> Result<Vec<String>, NotKeys> {
    let (set, _) = Jwks::published(set.to_string().as_bytes())?;
    let kids = set.keys.into_iter().filter_map(|key| key.kid);
    Ok(kids.collect())
}

#[test]
fn what_is_not_for_us_is_left_out_and_the_rest_is_taken() {
    let mut for_secrets = rsa("c");
    for_secrets["use"] = json!("enc");
    let mut decorated = rsa("d");
    decorated["x5c"] = json!(["MIIB"]);
    decorated["issuer.example/color"] = json!("blue");
    let set = json!({
        "keys": [rsa("a"), {"kty": "CRYSTAL", "kid": "b"}, for_secrets, decorated, 7, null],
        "issuer.example/version": 3
    });
    assert_eq!(read(&set), Ok(vec!["a".to_owned(), "d".to_owned()]));
    assert_eq!(read(&json!({"keys": []})), Ok(vec![]));
}

#[test]
fn what_is_left_out_is_said_and_what_is_the_issuers_own_is_not() {
    let mut own = rsa("a");
    own["issuer"] = json!("https://issuer.example/v2.0");
    let mut crowded = rsa("b");
    for number in 0..64 {
        crowded[format!("x{number}")] = json!(number);
    }
    let set = json!({"keys": [own, {"kty": "CRYSTAL"}, crowded], "version": 1}).to_string();
    let (set, report) = Jwks::published(set.as_bytes()).unwrap();
    assert_eq!(set.keys.len(), 1);
    let said: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].contains("/keys/1/kty: unknown key type `CRYSTAL`"),
        "{said:?}"
    );
    assert!(
        said[1].contains("/keys/2: more than 64 members"),
        "{said:?}"
    );
}

/// A document with such a key is refused. Here the key must not come to serve more algorithms or purposes than it says.
#[test]
fn a_key_whose_binding_cannot_be_read_is_left_out() {
    for (member, value) in [
        ("alg", json!(256)),
        ("use", json!(["enc"])),
        ("key_ops", json!("verify")),
        ("n", json!("not base64url!")),
    ] {
        let mut key = rsa("a");
        key[member] = value;
        assert_eq!(
            read(&json!({"keys": [key, rsa("b")]})),
            Ok(vec!["b".to_owned()]),
            "{member}"
        );
    }
    let twice = br#"{"keys": [{"kty": "oct", "k": "AQAB", "alg": "HS512", "alg": "HS256"}]}"#;
    assert_eq!(Jwks::published(twice).map(|(set, _)| set.keys), Ok(vec![]));
}

#[test]
fn what_is_no_set_is_told_apart() {
    for (bytes, why) in [
        ("", NotKeys::NotJson),
        ("<html>", NotKeys::NotJson),
        (r#"{"keys": []} {}"#, NotKeys::NotJson),
        ("[]", NotKeys::NotASet),
        ("{}", NotKeys::NotASet),
        (r#"{"keys": {}}"#, NotKeys::NotASet),
        (r#"{"keys": null}"#, NotKeys::NotASet),
        (r#"{"keys": [], "keys": []}"#, NotKeys::NotASet),
    ] {
        let read = Jwks::published(bytes.as_bytes());
        assert_eq!(read.map(|_| ()), Err(why), "{bytes}");
    }
    let many = |count: usize| json!({"keys": vec![json!({}); count]});
    assert_eq!(read(&many(Jwks::MOST_PUBLISHED)), Ok(vec![]));
    assert_eq!(read(&many(101)), Err(NotKeys::TooMany(101)));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        Jwks::published(deep.as_bytes()).map(|_| ()),
        Err(NotKeys::NotJson)
    );
}
