use super::*;
use crate::{
    der,
    testing::{Signer, all, document_key, give_verifier, key_set, text, verifying_host},
};
use host::fake::FakeHost;
use policy_model::document::Jwks;
use proptest::prelude::*;
use serde_json::json;

fn verify(token: &str, keys: &KeySet) -> Result<(), SignatureError> {
    verify_at(&verifying_host(), token.as_bytes(), keys)
}

fn verify_at(host: &FakeHost, token: &[u8], keys: &KeySet) -> Result<(), SignatureError> {
    let jws = Jws::parse(token).unwrap();
    check(&jws, keys, &all(), &Verifier::default(), host)
}

fn signers() -> Vec<Signer> {
    let named = |algorithm| Signer::of(algorithm, &format!("{algorithm}"));
    all().into_iter().map(named).collect()
}

#[test]
fn every_algorithm_signs_and_verifies() {
    let signers = signers();
    let keys = key_set(&signers.iter().collect::<Vec<_>>());
    for signer in &signers {
        let token = signer.token(&json!({"sub": "ann"}));
        assert_eq!(verify(&token, &keys), Ok(()), "{}", signer.algorithm);
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = input.split_once('.').unwrap();
        let other_claims = format!("{header}.{}.{signature}", text(r#"{"sub":"bob"}"#));
        assert_eq!(verify(&other_claims, &keys), Err(SignatureError::Wrong));
        let without = format!("{input}.");
        assert_eq!(verify(&without, &keys), Err(SignatureError::Wrong));
    }
}

/// The header lies about what the token was signed with: no key takes it for that.
#[test]
fn a_signature_is_never_good_for_another_algorithm() {
    let signers = signers();
    let keys = key_set(&signers.iter().collect::<Vec<_>>());
    for signer in &signers {
        for claimed in all().into_iter().filter(|other| *other != signer.algorithm) {
            let lie = json!({"alg": format!("{claimed}")});
            let verdict = verify(&signer.token_with(&lie, &json!({})), &keys);
            assert_eq!(verdict, Err(SignatureError::Wrong), "{claimed}");
        }
    }
}

#[test]
fn a_key_with_alg_takes_no_other_of_its_kind() {
    for (own, other) in [
        (Algorithm::Rs256, Algorithm::Ps256),
        (Algorithm::Ps512, Algorithm::Ps384),
        (Algorithm::Hs256, Algorithm::Hs512),
    ] {
        let mut jwk = document_key(&Signer::of(own, "k").jwk);
        jwk.alg = Some(own);
        let set = Jwks {
            keys: vec![jwk],
            ..Jwks::default()
        };
        let keys = KeySet::import(&set, &all()).0;
        let token = |algorithm| Signer::of(algorithm, "k").token(&json!({}));
        assert_eq!(verify(&token(own), &keys), Ok(()));
        assert_eq!(
            verify(&token(other), &keys),
            Err(SignatureError::UnknownKey)
        );
    }
}

#[test]
fn a_public_key_is_never_an_hmac_secret() {
    // The forger knows the public key in every form, signs with it as a secret, and names that key.
    for algorithm in [Algorithm::Rs256, Algorithm::Es512, Algorithm::EdDsa] {
        let honest = Signer::of(algorithm, "k");
        let keys = key_set(&[&honest]);
        let mut secrets = vec![honest.jwk.to_string().into_bytes()];
        for member in ["n", "x"] {
            if let Some(number) = honest.jwk[member].as_str() {
                secrets.push(number.as_bytes().to_vec());
                secrets.push(crate::base64url::decode(number).unwrap());
            }
        }
        for key in keys.keys() {
            match &key.material {
                Material::Pkcs1(_, key) => secrets.push(key.info.clone()),
                Material::Ecdsa(_, key) => secrets.push(key.to_vec()),
                _ => {}
            }
        }
        for secret in &secrets {
            for hmac in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
                let forged = Signer::hmac(hmac, "k", secret).token(&json!({"sub": "admin"}));
                assert_eq!(verify(&forged, &keys), Err(SignatureError::UnknownKey));
            }
        }
    }
}

/// RFC 8725 section 3.10: whatever key the sender brings along, only the document's are looked at.
#[test]
fn a_key_in_the_header_is_never_looked_at() {
    let (honest, forger) = (
        Signer::of(Algorithm::EdDsa, "k"),
        Signer::of(Algorithm::EdDsa, "k"),
    );
    let keys = key_set(&[&honest]);
    for (member, value) in [
        ("jwk", forger.jwk.clone()),
        ("jku", json!("https://forger.example/keys")),
        ("x5u", json!("https://forger.example/chain")),
        ("x5c", json!([text(b"a certificate")])),
        ("x5t", json!(text([7; 20]))),
    ] {
        let header = json!({"alg": "EdDSA", "kid": "k", member: value});
        let forged = forger.token_with(&header, &json!({}));
        assert_eq!(
            verify(&forged, &keys),
            Err(SignatureError::Wrong),
            "{member}"
        );
        let honest = honest.token_with(&header, &json!({}));
        assert_eq!(verify(&honest, &keys), Ok(()), "{member}");
    }
}

/// `kid` is compared and nothing else: it names no file, no query and no command.
#[test]
fn a_kid_is_only_ever_compared() {
    let (honest, forger) = (
        Signer::of(Algorithm::Hs256, "k"),
        Signer::hs256("k", &[0; 64]),
    );
    let keys = key_set(&[&honest]);
    for kid in [
        "../../../../dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "x' UNION SELECT 'secret' --",
        "k|touch /tmp/x",
        "k\u{0}",
        "K",
        " k",
        "",
        "0",
    ] {
        let header = json!({"alg": "HS256", "kid": kid});
        let forged = forger.token_with(&header, &json!({}));
        assert_eq!(
            verify(&forged, &keys),
            Err(SignatureError::UnknownKey),
            "{kid}"
        );
    }
}

#[test]
fn only_the_providers_algorithms_count() {
    let signer = Signer::hs256("h", &[7; 32]);
    let token = signer.token(&json!({}));
    let jws = Jws::parse(token.as_bytes()).unwrap();
    let allowed = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Hs512];
    let keys = key_set(&[&signer]);
    let verdict = check(
        &jws,
        &keys,
        &allowed,
        &Verifier::default(),
        &verifying_host(),
    );
    assert_eq!(
        verdict,
        Err(SignatureError::AlgorithmNotAllowed(Algorithm::Hs256))
    );
}

#[test]
fn another_keys_name_is_not_tried_with_this_key() {
    let (one, two) = (Signer::es256("one"), Signer::es256("two"));
    let unknown = one.token_with(&json!({"alg": "ES256", "kid": "three"}), &json!({}));
    assert_eq!(
        verify(&unknown, &key_set(&[&one, &two])),
        Err(SignatureError::UnknownKey)
    );
    let misnamed = one.token_with(&json!({"alg": "ES256", "kid": "two"}), &json!({}));
    assert_eq!(
        verify(&misnamed, &key_set(&[&one, &two])),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn a_token_without_kid_is_tried_with_every_key_up_to_a_bound() {
    let signers: Vec<Signer> = (0..=MAX_TRIALS).map(|_| Signer::es256("k")).collect();
    let keys = key_set(&signers.iter().collect::<Vec<_>>());
    let nameless = |signer: &Signer| signer.token_with(&json!({"alg": "ES256"}), &json!({}));
    assert_eq!(verify(&nameless(&signers[MAX_TRIALS - 1]), &keys), Ok(()));
    assert_eq!(
        verify(&nameless(&signers[MAX_TRIALS]), &keys),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn ecdsa_numbers_are_whole_and_in_range_before_the_host_sees_them() {
    // A verifier that has never heard of CVE-2022-21449: what reaches it is believed.
    let gullible = FakeHost::new();
    gullible.set_foreign("verify_signature", |_| Ok(b"\x08\x01".to_vec()));
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let signer = Signer::of(algorithm, "e");
        let token = signer.token(&json!({}));
        let good = Jws::parse(token.as_bytes()).unwrap();
        let length = good.signature.len() / 2;
        let (r, s) = good.signature.split_at(length);
        let (zero, above) = (vec![0; length], vec![0xff; length]);
        let verdict = |signature: &[u8]| {
            let jws = Jws {
                signature: signature.to_vec(),
                ..good.clone()
            };
            let keys = key_set(&[&signer]);
            check(&jws, &keys, &all(), &Verifier::default(), &gullible)
        };
        assert_eq!(verdict(&good.signature), Ok(()));
        let wrong: [&[u8]; 9] = [
            &[],
            &[&*zero, &*zero].concat(),
            &[&*zero, s].concat(),
            &[r, &*zero].concat(),
            &[&*above, s].concat(),
            r,
            &good.signature[1..],
            &[&*good.signature, &[0]].concat(),
            &der::ecdsa_signature(r, s),
        ];
        for signature in wrong {
            assert_eq!(
                verdict(signature),
                Err(SignatureError::Wrong),
                "{signature:?}"
            );
        }
    }
}

#[test]
fn a_host_without_the_function_checks_all_but_ecdsa() {
    let bare = FakeHost::new();
    let signers = signers();
    let keys = key_set(&signers.iter().collect::<Vec<_>>());
    for signer in &signers {
        let token = signer.token(&json!({}));
        let ecdsa = format!("{}", signer.algorithm).starts_with("ES");
        let expected = if ecdsa {
            Err(SignatureError::NoVerifier)
        } else {
            Ok(())
        };
        assert_eq!(verify_at(&bare, token.as_bytes(), &keys), expected);
        let (input, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{input}.{}", text([1; 256]));
        assert!(verify_at(&bare, forged.as_bytes(), &keys).is_err());
    }
}

#[test]
fn a_host_is_asked_once_for_a_function_that_it_lacks() {
    let asked = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = std::rc::Rc::clone(&asked);
    let bare = FakeHost::new();
    bare.set_foreign("verify_signature", move |_| {
        count.set(count.get() + 1);
        Err(HostError::NotFound)
    });
    let (rsa, ec) = (Signer::rs256("r"), Signer::es256("e"));
    let (keys, verifier) = (key_set(&[&rsa, &ec]), Verifier::default());
    for (signer, expected) in [
        (&rsa, Ok(())),
        (&ec, Err(SignatureError::NoVerifier)),
        (&rsa, Ok(())),
    ] {
        let token = signer.token(&json!({}));
        let jws = Jws::parse(token.as_bytes()).unwrap();
        assert_eq!(check(&jws, &keys, &all(), &verifier, &bare), expected);
    }
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_call_that_succeeds_is_not_a_signature_that_is_right() {
    let signer = Signer::rs256("r");
    let token = signer.token(&json!({}));
    for (answer, verdict) in [
        (Ok(b"".to_vec()), SignatureError::Wrong),
        (Ok(b"\x08\x00".to_vec()), SignatureError::Wrong),
        (Ok(b"\x12\x01x".to_vec()), SignatureError::Wrong),
        (
            Ok(b"\xff".to_vec()),
            SignatureError::Host(HostError::BadAnswer),
        ),
        (
            Err(HostError::BadArgument),
            SignatureError::Host(HostError::BadArgument),
        ),
    ] {
        let host = FakeHost::new();
        host.set_foreign("verify_signature", move |_| answer.clone());
        let keys = key_set(&[&signer]);
        assert_eq!(verify_at(&host, token.as_bytes(), &keys), Err(verdict));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_byte_is_never_believed(at in 0usize..4096, bit in 0u8..8) {
        let signers = [Signer::hs256("h", &[7; 32]), Signer::es256("e"), Signer::of(Algorithm::EdDsa, "d")];
        let host = FakeHost::new();
        give_verifier(&host);
        for signer in &signers {
            let mut token = signer.token(&json!({"sub": "ann"})).into_bytes();
            let at = at % token.len();
            token[at] ^= 1 << bit;
            if let Ok(jws) = Jws::parse(&token) {
                let keys = key_set(&signers.each_ref());
                let verdict = check(&jws, &keys, &all(), &Verifier::default(), &host);
                prop_assert!(verdict.is_err());
            }
        }
    }
}
