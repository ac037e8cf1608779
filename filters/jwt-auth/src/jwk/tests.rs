use super::*;
use crate::testing::{Signer, document_key, text};
use policy_model::document::JwtAlgorithm;
use proptest::prelude::*;

fn key(material: KeyMaterial) -> Jwk {
    Jwk {
        kid: None,
        alg: None,
        material,
        pointer: Rc::from(""),
    }
}

fn unusable(material: KeyMaterial) -> Unusable {
    Key::import(&key(material)).unwrap_err()
}

fn secret() -> KeyMaterial {
    KeyMaterial::Oct { k: text([7; 32]) }
}

fn rsa() -> (Vec<u8>, String) {
    match document_key(&Signer::rs256("r").jwk).material {
        KeyMaterial::Rsa { n, e } => (base64url::decode(n).unwrap(), e),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_kind_serves_its_own_algorithm() {
    for (signer, algorithm) in [
        (Signer::hs256("k", &[7; 32]), Algorithm::Hs256),
        (Signer::rs256("k"), Algorithm::Rs256),
        (Signer::es256("k"), Algorithm::Es256),
    ] {
        let key = Key::import(&document_key(&signer.jwk)).unwrap();
        assert_eq!(key.material.algorithm(), algorithm);
        assert_eq!(key.kid.as_deref(), Some("k"));
    }
}

#[test]
fn unusable_keys_are_skipped_by_name_and_the_others_kept() {
    let okp = KeyMaterial::Okp {
        crv: "Ed25519".to_owned(),
        x: text([1; 32]),
    };
    let short = KeyMaterial::Oct { k: text([7; 31]) };
    let mut set = Jwks {
        keys: vec![key(okp), key(secret()), key(short)],
        ..Jwks::default()
    };
    for (index, key) in set.keys.iter_mut().enumerate() {
        key.pointer = format!("/keys/{index}").into();
    }
    let (keys, skipped) = KeySet::import(&set);
    assert_eq!(keys.keys().len(), 1);
    let why: Vec<_> = skipped
        .iter()
        .map(|skipped| (&*skipped.pointer, skipped.why))
        .collect();
    assert_eq!(
        why,
        [
            ("/keys/0", Unusable::KeyType),
            ("/keys/2", Unusable::ShortSecret)
        ]
    );
}

#[test]
fn alg_must_be_the_one_this_kind_serves() {
    let stating = |alg| {
        Key::import(&Jwk {
            alg: Some(alg),
            ..key(secret())
        })
    };
    assert!(stating(JwtAlgorithm::Hs256).is_ok());
    for alg in [
        JwtAlgorithm::Hs512,
        JwtAlgorithm::Rs256,
        JwtAlgorithm::EdDsa,
    ] {
        assert_eq!(
            stating(alg).unwrap_err(),
            Unusable::Algorithm(Algorithm::Hs256)
        );
    }
}

#[test]
fn rsa_numbers_are_checked() {
    let (n, e) = rsa();
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xfe;
    for n in [text(&n[1..]), text(even), text([0xff; 1025]), text([])] {
        assert_eq!(
            unusable(KeyMaterial::Rsa { n, e: e.clone() }),
            Unusable::Modulus
        );
    }
    let with_exponent = |e: &[u8]| KeyMaterial::Rsa {
        n: text(&n),
        e: text(e),
    };
    for exponent in [&[] as &[u8], &[1], &[2], &[0, 0], &[1, 0, 0, 0, 1]] {
        assert_eq!(
            unusable(with_exponent(exponent)),
            Unusable::Exponent,
            "{exponent:?}"
        );
    }
    assert!(Key::import(&key(with_exponent(&[3]))).is_ok());
    let spaced = KeyMaterial::Rsa {
        n: "a b".to_owned(),
        e,
    };
    assert_eq!(unusable(spaced), Unusable::Encoding("n"));
}

#[test]
fn a_sign_byte_before_the_modulus_changes_nothing() {
    let (n, e) = rsa();
    let der = |n: &[u8]| {
        let material = KeyMaterial::Rsa {
            n: text(n),
            e: e.clone(),
        };
        match Key::import(&key(material)).unwrap().material {
            Material::Rs256(der) => der,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(der(&[&[0], n.as_slice()].concat()), der(&n));
}

#[test]
fn p256_only_and_whole_coordinates() {
    let ec = |crv: &str, x: usize, y: usize| KeyMaterial::Ec {
        crv: crv.to_owned(),
        x: text(vec![1; x]),
        y: text(vec![1; y]),
    };
    assert!(Key::import(&key(ec("P-256", 32, 32))).is_ok());
    for curve in ["P-384", "secp256k1", "p-256", ""] {
        assert_eq!(unusable(ec(curve, 32, 32)), Unusable::Curve);
    }
    assert_eq!(unusable(ec("P-256", 31, 32)), Unusable::Coordinate("x"));
    assert_eq!(unusable(ec("P-256", 32, 33)), Unusable::Coordinate("y"));
}

#[test]
fn a_key_does_not_show_its_secret() {
    let key = Key::import(&Jwk {
        kid: Some("k1".to_owned()),
        ..key(secret())
    })
    .unwrap();
    assert_eq!(
        format!("{key:?}"),
        r#"Key { kid: Some("k1"), algorithm: Hs256 }"#
    );
    assert_eq!(format!("{:?}", key.material), "Material(HS256)");
}

proptest! {
    #[test]
    fn no_numbers_make_it_panic(one in any::<Vec<u8>>(), two in any::<Vec<u8>>()) {
        let (one, two) = (text(one), text(two));
        let crv = "P-256".to_owned();
        let _ = Key::import(&key(KeyMaterial::Oct { k: one.clone() }));
        let _ = Key::import(&key(KeyMaterial::Rsa { n: one.clone(), e: two.clone() }));
        let _ = Key::import(&key(KeyMaterial::Ec { crv, x: one, y: two }));
    }
}
