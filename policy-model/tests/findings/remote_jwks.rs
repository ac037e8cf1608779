//! Keys that are fetched.

use super::authentication::secret;
use super::{assert_found, assert_sound, report};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const AT: &str = "/authentication/providers/corp";

fn provider(member: &Value) -> Report {
    let mut provider = json!({"issuer": "https://i", "audiences": ["a"]});
    provider
        .as_object_mut()
        .unwrap()
        .extend(member.as_object().unwrap().clone());
    report(&json!({"authentication": {
        "providers": {"corp": provider}, "requirement": {"anyOf": ["corp"]}
    }}))
}

/// A sound `remoteJwks` with one member changed.
fn remote(name: &str, value: Value) -> Report {
    let mut remote = json!({"cluster": "issuer", "uri": "https://issuer.example/jwks"});
    let members = remote.as_object_mut().unwrap();
    members.insert(name.to_owned(), value);
    provider(&json!({"remoteJwks": remote}))
}

#[test]
fn a_cluster_and_an_address_are_enough() {
    assert_sound(&remote("cluster", json!("issuer")));
    for name in ["cluster", "uri"] {
        assert_found(
            &remote(name, json!("")),
            &format!("error at {AT}/remoteJwks: `cluster` and `uri` are needed"),
        );
    }
}

#[test]
fn an_address_that_cannot_be_asked_is_refused() {
    for uri in ["https://issuer.example", "issuer/jwks", "https://u@i/jwks"] {
        assert_found(
            &remote("uri", json!(uri)),
            &format!("error at {AT}/remoteJwks/uri: an address of keys is http"),
        );
    }
    assert_found(
        &remote("uri", json!("http://issuer.example/jwks")),
        &format!("info at {AT}/remoteJwks/uri: in the clear"),
    );
}

#[test]
fn times_have_their_bounds() {
    for (name, fits, bad) in [
        ("timeoutMs", vec![1, 30_000], vec![0, 30_001]),
        ("waitMs", vec![0, 30_000], vec![30_001]),
        (
            "cacheDurationMs",
            vec![1_000, 604_800_000],
            vec![0, 999, 604_800_001],
        ),
    ] {
        for value in fits {
            assert_sound(&remote(name, json!(value)));
        }
        for value in bad {
            assert_found(
                &remote(name, json!(value)),
                &format!("error at {AT}/remoteJwks/{name}: "),
            );
        }
    }
}

#[test]
fn a_published_secret_is_worth_a_word() {
    let remote = json!({"cluster": "issuer", "uri": "https://issuer.example/jwks"});
    for (algorithm, shared) in [("HS256", true), ("HS512", true), ("ES256", false)] {
        let said = provider(&json!({"remoteJwks": remote, "algorithms": [algorithm]}));
        let wanted = format!("warning at {AT}/remoteJwks: lets every reader sign");
        match shared {
            true => assert_found(&said, &wanted),
            false => assert_sound(&said),
        }
    }
}

#[test]
fn keys_come_from_one_place() {
    let both = json!({
        "localJwks": {"keys": [secret(32)]},
        "remoteJwks": {"cluster": "issuer", "uri": "https://issuer.example/jwks"}
    });
    assert_found(
        &provider(&both),
        &format!("error at {AT}/remoteJwks: `localJwks` beside `remoteJwks`"),
    );
    assert_found(
        &provider(&json!({})),
        &format!("error at {AT}: neither `localJwks` nor `remoteJwks`"),
    );
}
