//! Signed tokens of applications.

use super::*;
use crate::{
    algorithm::Algorithm,
    der,
    testing::{Signer, text},
};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn signer(secret: &str) -> Signer {
    Signer::hs256("any", secret.as_bytes())
}

fn claims(issuer: &str) -> Value {
    json!({"iss": issuer, "aud": "orders.example", "iat": NOW, "exp": NOW + 900})
}

fn key_policy(application: Option<&str>, key: &Value) -> Value {
    json!({"application": application, "type": "jwt", "jwtPolicies": [key]})
}

fn hmac(secret: &str) -> Value {
    json!({"algorithm": "HMAC256", "secretKey": secret})
}

/// A service for `web`, by tokens that it signs with this key.
fn signing(key: &Value) -> Scene {
    let mut scene = scene();
    scene.document["services"][0]["authPolicies"] = json!([key_policy(Some("web"), key)]);
    scene
}

fn show(scene: &Scene, token: &str) -> Result<Vec<Change>, String> {
    ask(scene, &[("authorization", &bearer(token))])
}

#[test]
fn an_application_gets_in_with_a_token_that_its_secret_has_signed() {
    for name in ["HS256", "HMAC256", "HmacSHA256"] {
        let scene = signing(&json!({"algorithm": name, "secretKey": SECRET}));
        let token = signer(SECRET).token(&claims("web"));
        assert_eq!(show(&scene, &token), Ok(vec![named("web")]));
        assert_eq!(
            ask(&scene, &[("authorization", &token)]),
            Ok(vec![named("web")])
        );
    }
}

#[test]
fn whatever_is_wrong_with_a_token_refuses_it() {
    let scene = signing(&hmac(SECRET));
    let good = signer(SECRET);
    let with = |name: &str, value: Value| {
        let mut claims = claims("web");
        claims[name] = value;
        good.token(&claims)
    };
    let without = |name: &str| {
        let mut claims = claims("web");
        claims.as_object_mut().unwrap().remove(name);
        good.token(&claims)
    };
    let none = format!(
        "{}.{}.",
        text(r#"{"alg":"none"}"#),
        text(claims("web").to_string())
    );
    for (token, wanted) in [
        (
            signer(&SECRET.replace('0', "1")).token(&claims("web")),
            "jwt_signature{web}",
        ),
        (good.token(&claims("batch")), "jwt_issuer"),
        (without("iss"), "jwt_issuer"),
        (with("aud", json!("payments.example")), "jwt_audience{web}"),
        (without("aud"), "jwt_audience{web}"),
        (with("exp", json!(NOW - 60)), "jwt_expired{web}"),
        (without("exp"), "jwt_no_expiration{web}"),
        (with("nbf", json!(NOW + 61)), "jwt_not_yet_valid{web}"),
        (with("iat", json!(NOW + 61)), "jwt_issued_in_future{web}"),
        (
            Signer::hmac(Algorithm::Hs512, "any", &[7; 64]).token(&claims("web")),
            "jwt_algorithm{web}",
        ),
        (none, "jwt_algorithm"),
        ("e30.e30".to_owned(), "jwt_malformed"),
        (SECRET.to_owned(), "jwt_malformed"),
    ] {
        let wanted = format!("steward_auth_policy_{wanted}");
        assert_eq!(show(&scene, &token), Err(wanted), "{token}");
    }
    let host = scene.send(&get("/orders", &[]));
    assert_eq!(details(&host), "steward_auth_policy_missing");
    let challenge = header(&refusal(&host), "www-authenticate").unwrap();
    assert_eq!(challenge, r#"Bearer realm="orders.example""#);
}

#[test]
fn a_key_of_one_application_does_not_sign_for_another() {
    let mut scene = signing(&hmac(SECRET));
    let others = "another-secret-of-thirty-two-bytes";
    let policies = scene.document["services"][0]["authPolicies"]
        .as_array_mut()
        .unwrap();
    policies.push(key_policy(Some("batch"), &hmac(others)));
    let scene = with_others(
        scene,
        key_policy(None, &hmac("the-secret-of-all-others-32-bytes")),
    );
    let by = |secret: &str, issuer: &str| show(&scene, &signer(secret).token(&claims(issuer)));
    assert_eq!(by(SECRET, "web"), Ok(vec![named("web")]));
    assert_eq!(by(others, "batch"), Ok(vec![named("batch")]));
    assert_eq!(
        by("the-secret-of-all-others-32-bytes", "third"),
        Ok(vec![named("third")])
    );
    let wrong = |whose: &str| Err(format!("steward_auth_policy_jwt_signature{{{whose}}}"));
    assert_eq!(by(SECRET, "batch"), wrong("batch"));
    assert_eq!(by(SECRET, "third"), wrong("authPolicy"));
    // The others' key names whom it likes, but nobody who has a key of his own.
    assert_eq!(by("the-secret-of-all-others-32-bytes", "web"), wrong("web"));
    assert!(by("the-secret-of-all-others-32-bytes", "a\r\nx: y").is_err());
}

#[test]
fn inside_the_name_must_be_the_issuer() {
    let scene = inside(signing(&hmac(SECRET)));
    let scene = with_others(scene, key_policy(None, &hmac(SECRET)));
    let token = signer(SECRET).token(&claims("web"));
    let ask = |name: &str| {
        ask(
            &scene,
            &[
                ("x-service-consumer", name),
                ("authorization", &bearer(&token)),
            ],
        )
    };
    assert_eq!(ask("web"), Ok(vec![]));
    assert_eq!(ask("third"), Err("steward_auth_policy_jwt_issuer".into()));
}

#[test]
fn a_key_has_its_time_and_two_may_hold_side_by_side() {
    let now = NOW * 1_000;
    let (old, new) = (SECRET, "a-newer-secret-of-thirty-two-bytes");
    let mut scene = signing(&hmac(old));
    let keys = &mut scene.document["services"][0]["authPolicies"][0]["jwtPolicies"];
    keys[0]["endTime"] = json!(now + 1);
    keys.as_array_mut().unwrap().push(hmac(new));
    for secret in [old, new] {
        assert!(show(&scene, &signer(secret).token(&claims("web"))).is_ok());
    }
    scene.document["services"][0]["authPolicies"][0]["jwtPolicies"][0]["endTime"] = json!(now);
    let refused = show(&scene, &signer(old).token(&claims("web")));
    assert_eq!(
        refused,
        Err("steward_auth_policy_jwt_signature{web}".into())
    );
    assert!(show(&scene, &signer(new).token(&claims("web"))).is_ok());
}

#[test]
fn tokens_and_signed_tokens_stand_in_one_header() {
    let mut scene = signing(&hmac(SECRET));
    let policies = scene.document["services"][0]["authPolicies"]
        .as_array_mut()
        .unwrap();
    policies.push(token_policy(Some("batch"), BATCH));
    assert_eq!(
        ask(&scene, &[("authorization", &basic(BATCH))]),
        Ok(vec![named("batch")])
    );
    let token = signer(SECRET).token(&claims("web"));
    assert_eq!(show(&scene, &token), Ok(vec![named("web")]));
    assert_eq!(
        show(&scene, "guess"),
        Err("steward_auth_policy_unknown".into())
    );
    let reply = refusal(&scene.send(&get("/orders", &[])));
    let challenge = header(&reply, "www-authenticate").unwrap();
    assert_eq!(
        challenge,
        r#"Basic realm="orders.example", Bearer realm="orders.example""#
    );
}

/// A public key as openssl and Java's tools write it.
fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap());
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}

fn spki(signer: &Signer) -> Vec<u8> {
    let member = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(signer.jwk[name].as_str().unwrap())
            .unwrap()
    };
    let curve = match signer.algorithm {
        Algorithm::Es256 => crate::curve::Curve::P256,
        Algorithm::Es384 => crate::curve::Curve::P384,
        Algorithm::Es512 => crate::curve::Curve::P521,
        _ => return der::rsa_public_key(&member("n"), &member("e")),
    };
    der::ec_public_key(curve, &member("x"), &member("y"))
}

#[test]
fn a_public_key_in_the_document_verifies() {
    use Algorithm::{Es256, Es384, Es512, Rs256, Rs384, Rs512};
    for (algorithm, name) in [
        (Rs256, "SHA256withRSA"),
        (Rs384, "RSA384"),
        (Rs512, "RS512"),
        (Es256, "ES256"),
        (Es384, "ECDSA384"),
        (Es512, "SHA512withECDSA"),
    ] {
        let signer = Signer::of(algorithm, "any");
        let der = spki(&signer);
        for key in [pem(&der), STANDARD.encode(&der)] {
            let scene = signing(&json!({"algorithm": name, "publicKey": key}));
            assert_eq!(
                show(&scene, &signer.token(&claims("web"))),
                Ok(vec![named("web")])
            );
            let confused = Signer::hmac(Algorithm::Hs256, "any", key.as_bytes());
            let refused = show(&scene, &confused.token(&claims("web")));
            assert_eq!(
                refused,
                Err("steward_auth_policy_jwt_algorithm{web}".into())
            );
        }
    }
}

#[test]
fn what_is_no_public_key_refuses_the_document() {
    let mut der = spki(&Signer::rs256("any"));
    der.push(0);
    let short = der::rsa_public_key(&[0xff; 128], &[1, 0, 1]);
    for key in [
        "public.pem".to_owned(),
        String::from("////"),
        pem(&der),
        pem(&der[..200]),
        pem(&short),
    ] {
        let scene = signing(&json!({"algorithm": "RS256", "publicKey": key}));
        let host = scene.host();
        let bytes = scene.document.to_string();
        let engine =
            <engine::Engine<(Authenticate,)> as host::Plugin>::configure(&host, bytes.as_bytes());
        assert!(engine.is_none(), "{key}");
    }
}
