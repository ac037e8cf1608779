//! Providers, keys and requirements.

use super::{GROUP, assert_found, assert_sound, at_group, report};
use policy_model::{Document, Report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub(crate) fn secret(bytes: usize) -> Value {
    json!({"kty": "oct", "k": "A".repeat((bytes * 4).div_ceil(3))})
}

fn provider(more: &Value) -> Value {
    let mut provider =
        json!({"issuer": "https://i", "audiences": ["a"], "localJwks": {"keys": [secret(32)]}});
    provider
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"authentication": {"providers": {"corp": provider}, "requirement": {"anyOf": ["corp"]}}})
}

fn corp(more: &Value) -> Report {
    report(&provider(more))
}

fn keys(key: &Value) -> Report {
    corp(&json!({"localJwks": {"keys": [key]}}))
}

const CORP: &str = "/authentication/providers/corp";

#[test]
fn a_sound_provider_has_its_defaults() {
    let (document, said) = Document::read(provider(&json!({})).to_string().as_bytes());
    assert_sound(&said);
    let providers = document.unwrap().authentication.providers;
    let corp = providers.first().unwrap();
    assert_eq!(
        corp.algorithms,
        [policy_model::document::JwtAlgorithm::Hs256]
    );
    assert_eq!(
        corp.from_headers,
        [policy_model::document::TokenHeader::bearer()]
    );
    assert!(corp.forward && corp.require_expiration);
    assert_eq!(corp.clock_skew_seconds, 60);
}

#[test]
fn requirements_name_providers() {
    let said = report(&json!({"authentication": {
        "providers": {"corp": {"localJwks": {"keys": [secret(32)]}}}, "requirement": {"anyOf": ["crop"]}
    }}));
    assert_found(
        &said,
        "error at /authentication/requirement/anyOf/0: did you mean `corp`?",
    );
    assert_found(
        &said,
        &format!("warning at {CORP}: no requirement names `corp`"),
    );
    let node = report(
        &json!([{"name": "s", "groups": [{"name": "default", "servicePolicy": {
            "authentication": {"requirement": {"anyOf": ["corp"]}}
        }}]}]),
    );
    let at = "/0/groups/0/servicePolicy/authentication/requirement/anyOf/0";
    assert_found(
        &node,
        &format!("error at {at}: no provider is called `corp` (the document has none)"),
    );
}

#[test]
fn a_provider_without_keys_is_refused() {
    assert_found(
        &corp(&json!({"localJwks": null})),
        &format!("error at {CORP}: neither `localJwks` nor"),
    );
    let empty = corp(&json!({"localJwks": {"keys": []}}));
    assert_found(
        &empty,
        &format!("error at {CORP}/localJwks: every token would be refused"),
    );
    let other = keys(&json!({"kty": "oct", "k": secret(32)["k"], "use": "enc"}));
    assert_found(
        &other,
        &format!("info at {CORP}/localJwks/keys/0: left out"),
    );
    assert!(other.is_refusal());
}

#[test]
fn what_cannot_be_read_is_not_called_missing() {
    for (more, at, missing) in [
        (json!({"localJwks": "{}"}), "localJwks", "neither"),
        (json!({"audiences": "shop"}), "audiences", "is not stated"),
    ] {
        let said = corp(&more);
        assert_found(&said, &format!("error at {CORP}/{at}: expected"));
        assert!(!said.findings().iter().any(|f| f.message.contains(missing)));
    }
    for none in [json!(null), json!([])] {
        assert_found(
            &corp(&json!({"audiences": none})),
            &format!("info at {CORP}: `audiences` is not stated"),
        );
    }
}

#[test]
fn weak_or_broken_keys_are_refused() {
    let number = |bytes: usize| "A".repeat((bytes * 4).div_ceil(3));
    for (key, member, message) in [
        (secret(31), "/k", "31 bytes, 32 are needed"),
        (
            json!({"kty": "EC", "crv": "P-256", "x": number(32), "y": number(31)}),
            "/y",
            "32 bytes",
        ),
        (json!({"kty": "RSA", "e": "AQAB"}), "", "`n` is missing"),
        (json!({"kty": "oct", "k": "a+b/"}), "/k", "not base64url"),
        (
            json!({"kty": "oct", "k": number(32), "alg": "RS256"}),
            "/alg",
            "RS256 needs another key than oct",
        ),
        (
            json!({"kty": "EC", "crv": "P-384", "x": number(48), "y": number(48), "alg": "ES256"}),
            "/alg",
            "ES256 needs",
        ),
    ] {
        assert_found(
            &keys(&key),
            &format!("error at {CORP}/localJwks/keys/0{member}: {message}"),
        );
    }
}

#[test]
fn a_secret_is_as_long_as_the_shortest_hash_that_it_may_serve() {
    let said = |algorithms: &Value, bytes| {
        corp(&json!({"algorithms": algorithms, "localJwks": {"keys": [secret(bytes)]}}))
    };
    assert_found(
        &said(&json!(["HS512"]), 48),
        &format!("error at {CORP}/localJwks/keys/0/k: 48 bytes, 64 are needed"),
    );
    assert_found(
        &said(&json!(["HS512", "HS384"]), 47),
        &format!("error at {CORP}/localJwks/keys/0/k: 47 bytes, 48 are needed"),
    );
    assert!(!said(&json!(["HS512", "HS384"]), 48).is_refusal());
    let stated = json!({"kty": "oct", "k": secret(48)["k"], "alg": "HS384"});
    assert!(!keys(&stated).is_refusal());
}

#[test]
fn a_curve_is_one_of_its_key_type() {
    let number = "A".repeat(43);
    for (kty, crv) in [
        ("EC", "Ed25519"),
        ("EC", "secp256k1"),
        ("OKP", "P-256"),
        ("OKP", "X25519"),
    ] {
        let key = json!({"kty": kty, "crv": crv, "x": number, "y": number});
        assert_found(
            &keys(&key),
            &format!(
                "warning at {CORP}/localJwks/keys/0/crv: no algorithm has curve `{crv}` with this `kty`"
            ),
        );
    }
}

#[test]
fn a_key_for_other_work_than_verifying_is_left_out() {
    for (member, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("key_ops", json!(["encrypt", "wrapKey"])),
    ] {
        let mut key = secret(32);
        key[member] = value;
        assert_found(
            &keys(&key),
            &format!("info at {CORP}/localJwks/keys/0: the key is not for verifying signatures"),
        );
    }
}

#[test]
fn every_registered_algorithm_is_carried_out() {
    for name in [
        "HS384", "HS512", "RS384", "RS512", "PS256", "PS384", "PS512", "ES384", "ES512", "EdDSA",
    ] {
        let said = corp(
            &json!({"algorithms": [name], "remoteJwks": {"cluster": "c", "uri": "https://i/k"}}),
        );
        let about = format!("{CORP}/algorithms");
        let complaints = said
            .findings()
            .iter()
            .filter(|found| found.to_string().contains(&about));
        assert_eq!(complaints.count(), 0, "{name}: {:?}", said.findings());
    }
}

#[test]
fn keys_that_are_not_used_are_said() {
    let rsa = json!({"kty": "RSA", "n": "A".repeat(342), "e": "AQAB"});
    let said = corp(&json!({"algorithms": ["ES256"], "localJwks": {"keys": [rsa]}}));
    assert_found(
        &said,
        &format!("warning at {CORP}/localJwks/keys/0: none of the provider's algorithms"),
    );
    let mixed = corp(&json!({"localJwks": {"keys": [rsa, secret(32)]}}));
    assert_found(
        &mixed,
        &format!("warning at {CORP}/algorithms: better keep them apart"),
    );
    let private = json!({"kty": "RSA", "n": "A".repeat(342), "e": "AQAB", "d": "AQ"});
    assert_found(
        &keys(&private),
        &format!("warning at {CORP}/localJwks/keys/0/d: private key"),
    );
}

#[test]
fn secrets_stay_out_of_findings() {
    let said = keys(&json!({"kty": "oct", "k": "sesame+open/", "alg": "HS256"}));
    assert!(said.is_refusal());
    let client = json!({"id": "a", "sha256": "sesame"});
    let clients = report(
        &json!({"authentication": {"apiKeys": {"fromHeaders": ["x"], "clients": [client]}}}),
    );
    assert_found(
        &clients,
        "error at /authentication/apiKeys/clients/0/sha256: 64 hexadecimal digits",
    );
    for finding in said.findings().iter().chain(clients.findings()) {
        assert!(!finding.to_string().contains("sesame"), "{finding}");
    }
    let (document, _) = Document::read(provider(&json!({})).to_string().as_bytes());
    assert!(!format!("{document:?}").contains("AAAA"));
}

#[test]
fn names_of_algorithms_headers_and_claims_are_checked() {
    let none = corp(&json!({"algorithms": ["none"]}));
    assert_found(
        &none,
        &format!("error at {CORP}/algorithms/0: `none` is none of HS256"),
    );
    let header = corp(&json!({"claimToHeaders": [{"claim": "sub", "header": "x user"}]}));
    assert_found(
        &header,
        &format!("error at {CORP}/claimToHeaders/0: `x user` is no header's name"),
    );
    for steering in ["host", "content-length", "x-steward-subset"] {
        assert_found(
            &corp(&json!({"claimToHeaders": [{"claim": "sub", "header": steering}]})),
            &format!("error at {CORP}/claimToHeaders/0: `{steering}` is not a claim's to set"),
        );
    }
    let twice = json!([{"claim": "a", "header": "x-a"}, {"claim": "b", "header": "X-A"}]);
    assert_found(
        &corp(&json!({"claimToHeaders": twice})),
        &format!("error at {CORP}: header of claims `x-a`"),
    );
    assert_found(
        &corp(&json!({"issuer": ""})),
        &format!("warning at {CORP}: tokens of any issuer"),
    );
}

#[test]
fn a_requirement_without_its_object_is_refused() {
    for member in ["anyOf", "allOf", "allowMissing"] {
        let own = report(&json!({"authentication": {member: ["corp"]}, "services": []}));
        assert_found(
            &own,
            &format!(
                "error at /authentication/{member}: `{member}` does nothing here (it belongs in `requirement`)"
            ),
        );
        assert_found(
            &at_group(&json!({"authentication": {member: ["corp"]}})),
            &format!("error at {GROUP}/authentication/{member}: `{member}` does nothing here"),
        );
    }
}
