use super::*;
use crate::testing::{Signer, all, document_key, text};
use proptest::prelude::*;

fn key(material: KeyMaterial) -> Jwk {
    Jwk {
        kid: None,
        alg: None,
        material,
        pointer: Rc::from(""),
    }
}

fn import(jwk: &Jwk) -> Result<Vec<Key>, Unusable> {
    Key::import(jwk, &all())
}

fn serves(jwk: &Jwk) -> Vec<Algorithm> {
    let bound = import(jwk).unwrap();
    bound.iter().map(|key| key.algorithm).collect()
}

fn unusable(material: KeyMaterial) -> Unusable {
    import(&key(material)).unwrap_err()
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
fn a_key_serves_what_its_kind_and_curve_can() {
    use Algorithm::{
        EdDsa, Es256, Es384, Es512, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512,
    };
    for (algorithm, served) in [
        (Hs256, vec![Hs256, Hs384, Hs512]),
        (Rs256, vec![Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]),
        (Es256, vec![Es256]),
        (Es384, vec![Es384]),
        (Es512, vec![Es512]),
        (EdDsa, vec![EdDsa]),
    ] {
        let jwk = document_key(&Signer::of(algorithm, "k").jwk);
        assert_eq!(serves(&jwk), served);
        assert_eq!(import(&jwk).unwrap()[0].kid.as_deref(), Some("k"));
    }
}

#[test]
fn a_key_serves_only_the_alg_that_it_states() {
    for algorithm in all() {
        let mut jwk = document_key(&Signer::of(algorithm, "k").jwk);
        jwk.alg = Some(algorithm);
        assert_eq!(serves(&jwk), [algorithm]);
        for other in all().into_iter().filter(|other| *other != algorithm) {
            let refused = Key::import(&jwk, &[other]).unwrap_err();
            assert_eq!(refused, Unusable::Algorithm, "{algorithm} {other}");
        }
    }
}

#[test]
fn a_key_serves_only_what_its_provider_allows() {
    let rsa = document_key(&Signer::rs256("k").jwk);
    let bound = Key::import(&rsa, &[Algorithm::Es256, Algorithm::Ps384]).unwrap();
    let bound: Vec<_> = bound.iter().map(|key| key.algorithm).collect();
    assert_eq!(bound, [Algorithm::Ps384]);
    let refused = Key::import(&rsa, &[Algorithm::Es256, Algorithm::Hs256]).unwrap_err();
    assert_eq!(refused, Unusable::Algorithm);
}

#[test]
fn unusable_keys_are_skipped_by_name_and_the_others_kept() {
    let x25519 = KeyMaterial::Okp {
        crv: "X25519".to_owned(),
        x: text([1; 32]),
    };
    let short = KeyMaterial::Oct { k: text([7; 31]) };
    let mut set = Jwks {
        keys: vec![key(x25519), key(secret()), key(short)],
        ..Jwks::default()
    };
    for (index, key) in set.keys.iter_mut().enumerate() {
        key.pointer = format!("/keys/{index}").into();
    }
    let (keys, skipped) = KeySet::import(&set, &all());
    assert_eq!(keys.keys().len(), 1);
    let why: Vec<_> = skipped
        .iter()
        .map(|skipped| (&*skipped.pointer, skipped.why))
        .collect();
    assert_eq!(
        why,
        [
            ("/keys/0", Unusable::Algorithm),
            ("/keys/2", Unusable::ShortSecret)
        ]
    );
}

#[test]
fn a_secret_serves_no_longer_hash_than_it_is_itself() {
    use Algorithm::{Hs256, Hs384, Hs512};
    for (length, served) in [
        (32, vec![Hs256]),
        (47, vec![Hs256]),
        (48, vec![Hs256, Hs384]),
        (64, vec![Hs256, Hs384, Hs512]),
    ] {
        let k = text(vec![7; length]);
        assert_eq!(serves(&key(KeyMaterial::Oct { k })), served);
    }
    let stating = |alg, length| {
        let k = text(vec![7; length]);
        import(&Jwk {
            alg: Some(alg),
            ..key(KeyMaterial::Oct { k })
        })
    };
    assert_eq!(stating(Hs384, 47).unwrap_err(), Unusable::ShortSecret);
    assert_eq!(stating(Hs512, 63).unwrap_err(), Unusable::ShortSecret);
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
    for exponent in [&[] as &[u8], &[1], &[2], &[3], &[0, 0], &[1, 0, 0, 0, 1]] {
        assert_eq!(
            unusable(with_exponent(exponent)),
            Unusable::Exponent,
            "{exponent:?}"
        );
    }
    assert!(import(&key(with_exponent(&[1, 0, 1]))).is_ok());
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
        match &import(&key(material)).unwrap()[0].material {
            Material::Pkcs1(_, key) => key.info.clone(),
            _ => panic!("another kind"),
        }
    };
    assert_eq!(der(&[&[0], n.as_slice()].concat()), der(&n));
}

#[test]
fn a_point_has_a_curve_and_whole_coordinates_and_is_on_it() {
    let (x, y) = match document_key(&Signer::es256("e").jwk).material {
        KeyMaterial::Ec { x, y, .. } => (x, y),
        other => panic!("{other:?}"),
    };
    let ec = |crv: &str, x: &str, y: &str| KeyMaterial::Ec {
        crv: crv.to_owned(),
        x: x.to_owned(),
        y: y.to_owned(),
    };
    assert!(import(&key(ec("P-256", &x, &y))).is_ok());
    for curve in ["secp256k1", "p-256", "Ed25519", ""] {
        assert_eq!(unusable(ec(curve, &x, &y)), Unusable::Algorithm);
    }
    // A key for one curve under the name of another.
    for curve in ["P-384", "P-521"] {
        assert_eq!(unusable(ec(curve, &x, &y)), Unusable::Coordinate("x"));
    }
    let (short, long) = (text([1; 31]), text([0; 33]));
    assert_eq!(unusable(ec("P-256", &short, &y)), Unusable::Coordinate("x"));
    assert_eq!(unusable(ec("P-256", &x, &long)), Unusable::Coordinate("y"));
    assert_eq!(unusable(ec("P-256", &y, &x)), Unusable::Point);
}

#[test]
fn an_ed25519_key_is_32_bytes_and_of_large_order() {
    let okp = |crv: &str, x: &[u8]| KeyMaterial::Okp {
        crv: crv.to_owned(),
        x: text(x),
    };
    assert_eq!(
        unusable(okp("Ed25519", &[3; 31])),
        Unusable::Coordinate("x")
    );
    assert_eq!(unusable(okp("Ed25519", &[0; 32])), Unusable::Point);
    for curve in ["Ed448", "X25519", "P-256", "ed25519"] {
        assert_eq!(unusable(okp(curve, &[3; 32])), Unusable::Algorithm);
    }
}

#[test]
fn a_key_does_not_show_its_secret() {
    let bound = import(&Jwk {
        kid: Some("k1".to_owned()),
        ..key(secret())
    })
    .unwrap();
    assert_eq!(
        format!("{bound:?}"),
        r#"[Key { kid: Some("k1"), algorithm: Hs256 }]"#
    );
}

proptest! {
    #[test]
    fn no_numbers_make_it_panic(one in any::<Vec<u8>>(), two in any::<Vec<u8>>()) {
        let (one, two) = (text(one), text(two));
        let _ = import(&key(KeyMaterial::Oct { k: one.clone() }));
        let _ = import(&key(KeyMaterial::Rsa { n: one.clone(), e: two.clone() }));
        let _ = import(&key(KeyMaterial::Okp { crv: "Ed25519".to_owned(), x: one.clone() }));
        for crv in ["P-256", "P-384", "P-521"].map(str::to_owned) {
            let _ = import(&key(KeyMaterial::Ec { crv, x: one.clone(), y: two.clone() }));
        }
    }
}
