//! Keys that nobody should trust: a document that has no other is refused before it sees a request.

use super::scene::*;
use crate::testing::{Signer, text};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::Engine;
use host::Plugin;
use serde_json::{Value, json};

/// What is said of a document with only this key; nothing if it is taken.
fn refusal(jwk: &Value) -> Option<String> {
    let (taken, lines) = said(&json!([jwk]));
    (!taken).then(|| lines.join("\n"))
}

/// Whether a document with these keys is taken, and what is said of it.
fn said(keys: &Value) -> (bool, Vec<String>) {
    let scene = Scene::new().provider("localJwks", json!({"keys": keys}));
    let document = scene.document.to_string();
    let host = scene.host();
    let taken = Engine::<(crate::Authenticate,)>::configure(&host, document.as_bytes()).is_some();
    (taken, host.texts())
}

fn changed(jwk: &Value, changes: &[(&str, Value)]) -> Value {
    let mut jwk = jwk.clone();
    for (name, value) in changes {
        jwk[name] = value.clone();
    }
    jwk
}

fn bytes(jwk: &Value, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(jwk[member].as_str().unwrap())
        .unwrap()
}

/// Keys with a modulus or an exponent that is not to be trusted.
fn weak_numbers() -> Vec<(&'static str, Value)> {
    let rsa = Signer::rs256("k1").jwk;
    let n = bytes(&rsa, "n");
    let mut even = n.clone();
    *even.last_mut().unwrap() ^= 1;
    let short = [&[0; 128][..], &n[128..]].concat();
    let with = |member, value: &[u8]| changed(&rsa, &[(member, text(value).into())]);
    vec![
        ("a modulus of 1024 bits", with("n", &n[128..])),
        ("the same behind zeros", with("n", &short)),
        (
            "a modulus of 2047 bits",
            with("n", &[&[0x7f], &n[1..]].concat()),
        ),
        ("an even modulus", with("n", &even)),
        ("a modulus of 16384 bits", with("n", &n.repeat(8))),
        ("exponent 1", with("e", &[1])),
        ("exponent 3", with("e", &[3])),
        ("exponent 65536", with("e", &[1, 0, 0])),
        ("an exponent of 33 bits", with("e", &[1, 0, 0, 0, 1])),
    ]
}

fn weak_rsa() -> Vec<(&'static str, Value)> {
    let rsa = Signer::rs256("k1").jwk;
    let others = vec![
        ("no modulus", changed(&rsa, &[("n", json!(""))])),
        (
            "a key for encryption",
            changed(&rsa, &[("use", json!("enc"))]),
        ),
        (
            "a key for signing",
            changed(&rsa, &[("key_ops", json!(["sign"]))]),
        ),
        (
            "an algorithm of encryption",
            changed(&rsa, &[("alg", json!("RSA-OAEP"))]),
        ),
        (
            "another kind's algorithm",
            changed(&rsa, &[("alg", json!("ES256"))]),
        ),
        ("padding", changed(&rsa, &[("e", json!("AQAB="))])),
    ];
    [weak_numbers(), others].concat()
}

fn weak_points() -> Vec<(&'static str, Value)> {
    let ec = Signer::es256("k1").jwk;
    let (x, y) = (bytes(&ec, "x"), bytes(&ec, "y"));
    let at = |x: &[u8], y: &[u8]| changed(&ec, &[("x", text(x).into()), ("y", text(y).into())]);
    let mut beside = y.clone();
    *beside.last_mut().unwrap() ^= 1;
    let okp = |crv: &str, x: &[u8]| json!({"kty": "OKP", "kid": "k1", "crv": crv, "x": text(x)});
    let neutral = [&[1][..], &[0; 31]].concat();
    vec![
        ("beside the curve", at(&x, &beside)),
        ("the point at infinity", at(&[0; 32], &[0; 32])),
        ("coordinates above the prime", at(&[0xff; 32], &[0xff; 32])),
        ("coordinates of another length", at(&x[1..], &y)),
        (
            "another curve's name",
            changed(&ec, &[("crv", json!("P-384"))]),
        ),
        (
            "no curve that is known",
            changed(&ec, &[("crv", json!("secp256k1"))]),
        ),
        ("the neutral element of Ed25519", okp("Ed25519", &neutral)),
        ("a point of small order", okp("Ed25519", &[0; 32])),
        ("above Ed25519's prime", okp("Ed25519", &[0xff; 32])),
        ("a key for agreement", okp("X25519", &[9; 32])),
    ]
}

fn weak_secrets() -> Vec<(&'static str, Value)> {
    let oct = |alg: &str, k: &[u8]| json!({"kty": "oct", "kid": "k1", "alg": alg, "k": text(k)});
    vec![
        ("no secret", oct("HS256", b"")),
        ("a short secret", oct("HS256", &[7; 31])),
        ("a secret shorter than its hash", oct("HS512", &[7; 63])),
        ("an algorithm of encryption", oct("A256GCM", &[7; 32])),
        ("none", oct("none", &[7; 32])),
    ]
}

#[test]
fn a_document_with_only_a_weak_key_is_refused() {
    assert_eq!(refusal(&Signer::rs256("k1").jwk), None);
    assert_eq!(refusal(&Signer::es256("k1").jwk), None);
    for (what, jwk) in [weak_rsa(), weak_points(), weak_secrets()].concat() {
        let said = refusal(&jwk).unwrap_or_else(|| panic!("{what}: taken"));
        assert!(
            said.contains("/authentication/providers/corp"),
            "{what}: {said}"
        );
        for secret in ["n", "x", "k"] {
            let shown = jwk[secret].as_str().filter(|text| text.len() > 8);
            assert!(
                shown.is_none_or(|text| !said.contains(text)),
                "{what}: {said}"
            );
        }
    }
}

#[test]
fn a_weak_key_beside_a_good_one_is_left_out_with_one_warning() {
    for (what, jwk) in weak_numbers() {
        let weak = changed(&jwk, &[("kid", json!("weak"))]);
        let (taken, lines) = said(&json!([weak, Signer::rs256("k1").jwk]));
        assert!(taken, "{what}: {lines:?}");
        let about = lines
            .iter()
            .filter(|line| line.contains("localJwks/keys/0"));
        let about: Vec<_> = about.collect();
        assert!(
            matches!(about[..], [one] if one.contains("warning") && one.contains("passed over")),
            "{what}: {about:?}"
        );
    }
}
