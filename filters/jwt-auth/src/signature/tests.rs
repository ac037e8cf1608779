use super::*;
use crate::testing::{Signer, document_key, give_verifier, key_set, text, verifying_host};
use host::fake::FakeHost;
use policy_model::document::Jwks;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The payload that RFC 7515 signs in A.1 to A.3.
const RFC_PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn verify(token: &str, keys: &KeySet) -> Result<(), SignatureError> {
    check(
        &Jws::parse(token.as_bytes()).unwrap(),
        keys,
        &Algorithm::ALL,
        &verifying_host(),
    )
}

fn verify_rfc(header: &str, signature: &str, jwk: &Value) -> Result<(), SignatureError> {
    let set = Jwks {
        keys: vec![document_key(jwk)],
        ..Jwks::default()
    };
    let (keys, skipped) = KeySet::import(&set);
    assert_eq!(skipped, []);
    verify(&format!("{header}.{RFC_PAYLOAD}.{signature}"), &keys)
}

#[test]
fn rfc_7515_a_1_hmac() {
    let k =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
    let jwk = json!({"kty": "oct", "k": k});
    assert_eq!(
        verify_rfc(header, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &jwk),
        Ok(())
    );
    let forged = verify_rfc(header, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXg", &jwk);
    assert_eq!(forged, Err(SignatureError::Wrong));
}

#[test]
fn rfc_7515_a_2_rsa() {
    let jwk = json!({"kty": "RSA", "e": "AQAB", "n": concat!(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_",
        "YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD",
        "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    )});
    let signature = concat!(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQj",
        "bKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZ",
        "ESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
    assert_eq!(verify_rfc("eyJhbGciOiJSUzI1NiJ9", signature, &jwk), Ok(()));
    let cut = &signature[..signature.len() - 2];
    assert_eq!(
        verify_rfc("eyJhbGciOiJSUzI1NiJ9", cut, &jwk),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn rfc_7515_a_3_ecdsa() {
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert_eq!(verify_rfc("eyJhbGciOiJFUzI1NiJ9", signature, &jwk), Ok(()));
}

#[test]
fn every_algorithm_signs_and_verifies() {
    let signers = [
        Signer::hs256("h", &[7; 32]),
        Signer::rs256("r"),
        Signer::es256("e"),
    ];
    let keys = key_set(&signers.each_ref());
    for signer in &signers {
        let token = signer.token(&json!({"sub": "ann"}));
        assert_eq!(verify(&token, &keys), Ok(()));
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = input.split_once('.').unwrap();
        let other_claims = format!("{header}.{}.{signature}", text(r#"{"sub":"bob"}"#));
        assert_eq!(verify(&other_claims, &keys), Err(SignatureError::Wrong));
    }
}

#[test]
fn a_public_key_is_never_an_hmac_secret() {
    // The forger knows the public key in every form, signs with it as a secret, and names the RSA key.
    let rsa = Signer::rs256("r");
    let keys = key_set(&[&rsa]);
    let Material::Rs256(public_key) = &keys.keys()[0].material else {
        panic!("{keys:?}")
    };
    let modulus = rsa.jwk.get("n").unwrap().as_str().unwrap();
    for secret in [public_key.as_slice(), modulus.as_bytes()] {
        let forged = Signer::hs256("r", secret).token(&json!({"sub": "admin"}));
        assert_eq!(verify(&forged, &keys), Err(SignatureError::UnknownKey));
    }
}

#[test]
fn only_the_providers_algorithms_count() {
    let signer = Signer::hs256("h", &[7; 32]);
    let token = signer.token(&json!({}));
    let jws = Jws::parse(token.as_bytes()).unwrap();
    let allowed = [Algorithm::Rs256, Algorithm::Es256];
    let verdict = check(&jws, &key_set(&[&signer]), &allowed, &verifying_host());
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
fn ecdsa_numbers_are_64_bytes_and_not_zero() {
    let signer = Signer::es256("e");
    let token = signer.token(&json!({}));
    let good = Jws::parse(token.as_bytes()).unwrap();
    let (r, s) = good.signature.split_at(32);
    let zero = [0; 32];
    // A verifier that has never heard of CVE-2022-21449: what reaches it is believed.
    let gullible = FakeHost::new();
    gullible.set_foreign("verify_signature", |_| Ok(b"\x08\x01".to_vec()));
    let verdict = |signature: &[u8]| {
        let jws = Jws {
            signature: signature.to_vec(),
            ..good.clone()
        };
        check(&jws, &key_set(&[&signer]), &Algorithm::ALL, &gullible)
    };
    assert_eq!(verdict(&good.signature), Ok(()));
    let der = der::ecdsa_signature(r, s);
    let wrong: [&[u8]; 7] = [
        &[],
        &[0; 64],
        &[zero.as_slice(), s].concat(),
        &[r, &zero].concat(),
        r,
        &good.signature[1..],
        &der,
    ];
    for signature in wrong {
        assert_eq!(
            verdict(signature),
            Err(SignatureError::Wrong),
            "{signature:?}"
        );
    }
}

#[test]
fn a_host_without_the_function_checks_hmac_only() {
    let bare = FakeHost::new();
    let (hmac, rsa) = (Signer::hs256("h", &[7; 32]), Signer::rs256("r"));
    let keys = key_set(&[&hmac, &rsa]);
    let verdict = |signer: &Signer| {
        let token = signer.token(&json!({}));
        check(
            &Jws::parse(token.as_bytes()).unwrap(),
            &keys,
            &Algorithm::ALL,
            &bare,
        )
    };
    assert_eq!(verdict(&hmac), Ok(()));
    assert_eq!(verdict(&rsa), Err(SignatureError::NoVerifier));
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
        let jws = Jws::parse(token.as_bytes()).unwrap();
        assert_eq!(
            check(&jws, &key_set(&[&signer]), &Algorithm::ALL, &host),
            Err(verdict)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_byte_is_never_believed(at in 0usize..4096, bit in 0u8..8) {
        let signers = [Signer::hs256("h", &[7; 32]), Signer::es256("e")];
        let host = FakeHost::new();
        give_verifier(&host);
        for signer in &signers {
            let mut token = signer.token(&json!({"sub": "ann"})).into_bytes();
            let at = at % token.len();
            token[at] ^= 1 << bit;
            if let Ok(jws) = Jws::parse(&token) {
                let verdict = check(&jws, &key_set(&signers.each_ref()), &Algorithm::ALL, &host);
                prop_assert!(verdict.is_err());
            }
        }
    }
}
