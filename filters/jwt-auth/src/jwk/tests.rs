use super::*;
use crate::testing::{Signer, text};
use proptest::prelude::*;
use serde_json::json;

fn unusable(jwk: &Value) -> Unusable {
    Key::parse(jwk).unwrap_err()
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk.as_object_mut().unwrap().insert(name.to_owned(), value);
    jwk
}

fn secret() -> Value {
    json!({"kty": "oct", "k": text([7; 32])})
}

#[test]
fn each_kind_serves_its_own_algorithm() {
    for (signer, algorithm) in [
        (Signer::hs256("k", &[7; 32]), Algorithm::Hs256),
        (Signer::rs256("k"), Algorithm::Rs256),
        (Signer::es256("k"), Algorithm::Es256),
    ] {
        let key = Key::parse(&signer.jwk).unwrap();
        assert_eq!(key.material.algorithm(), algorithm);
        assert_eq!(key.kid.as_deref(), Some("k"));
    }
}

#[test]
fn unusable_keys_are_skipped_by_name_and_the_others_kept() {
    let set = json!({"keys": [{"kty": "OKP"}, secret(), 7, {"kty": "oct", "k": "AA"}]});
    let (keys, skipped) = KeySet::parse(&set).unwrap();
    assert_eq!(keys.keys().len(), 1);
    let why: Vec<_> = skipped
        .iter()
        .map(|skipped| (skipped.index, &skipped.why))
        .collect();
    let expected = [
        (0, &Unusable::KeyType),
        (2, &Unusable::NotAnObject),
        (3, &Unusable::ShortSecret),
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_set_is_an_object_with_keys() {
    for set in [json!([]), json!({}), json!({"keys": {}}), json!(null)] {
        assert_eq!(KeySet::parse(&set).unwrap_err(), NotAKeySet);
    }
}

#[test]
fn alg_must_be_the_one_this_kind_serves() {
    assert!(Key::parse(&with(secret(), "alg", json!("HS256"))).is_ok());
    for alg in [json!("HS512"), json!("RS256"), json!("none"), json!(1)] {
        assert_eq!(
            unusable(&with(secret(), "alg", alg)),
            Unusable::Algorithm(Algorithm::Hs256)
        );
    }
}

#[test]
fn keys_for_other_purposes_do_not_verify() {
    assert!(Key::parse(&with(secret(), "use", json!("sig"))).is_ok());
    assert!(Key::parse(&with(secret(), "key_ops", json!(["sign", "verify"]))).is_ok());
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(1)),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("verify")),
    ] {
        assert_eq!(unusable(&with(secret(), name, value)), Unusable::Purpose);
    }
}

#[test]
fn rsa_numbers_are_checked() {
    let rsa = Signer::rs256("r").jwk;
    let n = base64url::decode(rsa["n"].as_str().unwrap()).unwrap();
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xfe;
    for modulus in [text(&n[1..]), text(even), text([0xff; 1025]), text([])] {
        assert_eq!(
            unusable(&with(rsa.clone(), "n", json!(modulus))),
            Unusable::Modulus
        );
    }
    for exponent in [&[] as &[u8], &[1], &[2], &[0, 0], &[1, 0, 0, 0, 1]] {
        let jwk = with(rsa.clone(), "e", json!(text(exponent)));
        assert_eq!(unusable(&jwk), Unusable::Exponent, "{exponent:?}");
    }
    assert!(Key::parse(&with(rsa.clone(), "e", json!("Aw"))).is_ok());
    assert_eq!(
        unusable(&with(rsa.clone(), "n", json!("a b"))),
        Unusable::Member("n")
    );
    assert_eq!(
        unusable(&with(rsa, "kid", json!(1))),
        Unusable::Member("kid")
    );
}

#[test]
fn a_sign_byte_before_the_modulus_changes_nothing() {
    let rsa = Signer::rs256("r").jwk;
    let n = base64url::decode(rsa["n"].as_str().unwrap()).unwrap();
    let signed = with(rsa.clone(), "n", json!(text([&[0], n.as_slice()].concat())));
    let der = |jwk| match Key::parse(jwk).unwrap().material {
        Material::Rs256(der) => der,
        other => panic!("{other:?}"),
    };
    assert_eq!(der(&signed), der(&rsa));
}

#[test]
fn p256_only_and_whole_coordinates() {
    let ec = Signer::es256("e").jwk;
    for curve in [json!("P-384"), json!("secp256k1"), json!(null)] {
        assert_eq!(unusable(&with(ec.clone(), "crv", curve)), Unusable::Curve);
    }
    for length in [31, 33] {
        let jwk = with(ec.clone(), "y", json!(text(vec![1; length])));
        assert_eq!(unusable(&jwk), Unusable::Coordinate("y"));
    }
}

#[test]
fn a_key_does_not_show_its_secret() {
    let key = Key::parse(&with(secret(), "kid", json!("k1"))).unwrap();
    assert_eq!(
        format!("{key:?}"),
        r#"Key { kid: Some("k1"), algorithm: Hs256 }"#
    );
    assert_eq!(format!("{:?}", key.material), "Material(HS256)");
}

proptest! {
    #[test]
    fn no_numbers_make_it_panic(n in any::<Vec<u8>>(), e in any::<Vec<u8>>()) {
        for kty in ["oct", "RSA", "EC"] {
            let (n, e) = (text(&n), text(&e));
            let _ = Key::parse(&json!({"kty": kty, "k": n, "n": n, "e": e, "crv": "P-256", "x": n, "y": e}));
        }
    }
}
