//! JoyLive's own auth policies: what could let everybody in, or nobody.

use super::{assert_found, assert_sound, report};
use policy_model::{Document, Report, Severity};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A document with one service that says this too.
fn document(more: &Value) -> Value {
    let mut service = json!({"name": "s", "groups": [{"name": "default", "defaultGroup": true}]});
    let members = more.as_object().unwrap().clone();
    service.as_object_mut().unwrap().extend(members);
    json!({"services": [service]})
}

fn service(more: &Value) -> Report {
    report(&document(more))
}

/// A service whose callers must satisfy this.
fn policy(policy: &Value) -> Report {
    service(&json!({"authorized": true, "authPolicy": policy}))
}

fn token(application: &str, token: &str) -> Value {
    json!({"application": application, "type": "token", "tokenPolicies": [{"token": token}]})
}

#[test]
fn sound_policies_have_no_findings() {
    assert_sound(&service(&json!({"authorized": true, "authPolicies": [
        token("web", "t"),
        {"id": 7, "application": "batch", "type": "jwt", "jwtPolicies": [
            {"algorithm": "HMAC256", "secretKey": SECRET, "expireTime": 900_000, "startTime": 1, "endTime": 2},
            {"algorithm": "SHA256withRSA", "publicKey": "MIIB", "privateKey": "key.pem"},
        ]},
        {"application": "old", "type": "token", "params": [{"token": "u", "key": "X-T", "endTime": "5"}]},
    ]})));
}

#[test]
fn what_is_not_authorized_has_no_effect() {
    let off = service(&json!({"authorized": false, "authPolicy": {"type": "token"}}));
    assert_found(
        &off,
        "warning at /services/0/authPolicy: no effect: `authorized` is not true",
    );
    assert_eq!(off.count(Severity::Error), 0);
}

#[test]
fn nothing_fails_open() {
    for (stated, wanted) in [
        (
            json!({"tokenPolicies": [{"token": "t"}]}),
            ": `type` is missing",
        ),
        (
            json!({"type": "ldap"}),
            "/type: `ldap` is none of token, jwt, none",
        ),
        (json!({"type": "token"}), ": nobody could prove"),
        (
            json!({"type": "token", "params": []}),
            ": nobody could prove",
        ),
        (
            json!({"type": "token", "tokenPolicies": [{"token": ""}]}),
            "/tokenPolicies/0: `token` is missing",
        ),
        (
            json!({"type": "token", "tokenPolicies": [{"token": "t", "startTime": 9, "endTime": 5}]}),
            "/tokenPolicies/0/endTime: never in force: it ends before it starts",
        ),
        (
            json!({"type": "token", "tokenPolicies": [{"token": "t", "key": "x token"}]}),
            "/tokenPolicies/0/key: `x token` is no header's name",
        ),
        (
            json!({"type": "token", "params": [{"tokn": "t"}]}),
            "/params/0: `token` is missing",
        ),
        (
            json!({"type": "jwt", "jwtPolicies": [{"secretKey": SECRET}]}),
            "/jwtPolicies/0: `algorithm` is missing",
        ),
        (
            json!({"type": "jwt", "params": [{"secretKey": SECRET}]}),
            "/params/0: `algorithm` is missing",
        ),
        (
            json!({"type": "jwt", "jwtPolicies": [{"algorithm": "none", "secretKey": SECRET}]}),
            "/jwtPolicies/0/algorithm: `none` is none of HS256",
        ),
        (
            json!({"type": "jwt", "jwtPolicies": [{"algorithm": "HS256"}]}),
            "/jwtPolicies/0: HS256 needs a `secretKey` of 32 bytes, this has 0",
        ),
        (
            json!({"type": "jwt", "jwtPolicies": [{"algorithm": "HmacSHA512", "secretKey": SECRET}]}),
            "/jwtPolicies/0: HS512 needs a `secretKey` of 64 bytes, this has 32",
        ),
        (
            json!({"type": "jwt", "jwtPolicies": [{"algorithm": "RS256", "secretKey": SECRET}]}),
            "/jwtPolicies/0: RS256 needs its public key here",
        ),
        (
            json!({"type": "jwt", "jwtPolicies": [
                {"algorithm": "RS256", "keyStore": "file", "publicKey": "public.pem", "privateKey": "private.pem"},
            ]}),
            "/jwtPolicies/0: RS256 needs its public key here: a proxy reads no key store (write the key itself",
        ),
    ] {
        let wanted = format!("error at /services/0/authPolicy{wanted}");
        assert_found(&policy(&stated), &wanted);
    }
    let at = "error at /services/0/authorized: nobody could call";
    assert_found(&service(&json!({"authorized": true})), at);
    let off = json!({"type": "token", "enabled": false, "tokenPolicies": [{"token": "t"}]});
    assert_found(&policy(&off), at);
}

#[test]
fn an_application_has_one_policy_and_a_name() {
    let twice = json!([token("web", "t"), token("web", "u")]);
    assert_found(
        &service(&json!({"authorized": true, "authPolicies": twice})),
        "error at /services/0/authPolicies/1: application `web` is already at",
    );
    let nameless = json!([{"type": "token", "tokenPolicies": [{"token": "t"}]}]);
    assert_found(
        &service(&json!({"authorized": true, "authPolicies": nameless})),
        "error at /services/0/authPolicies/0: `application` is missing",
    );
    let torn = json!([token("web\r\nx: y", "t")]);
    assert_found(
        &service(&json!({"authorized": true, "authPolicies": torn})),
        "error at /services/0/authPolicies/0/application: no name that a header could hold",
    );
}

#[test]
fn two_applications_with_one_token_are_told_without_the_token() {
    let said = service(
        &json!({"authorized": true, "authPolicies": [token("web", "sesame"), token("batch", "sesame")]}),
    );
    assert_found(
        &said,
        "warning at /services/0/authPolicies/1/tokenPolicies/0: another application has the same token",
    );
    assert_eq!(said.count(Severity::Error), 0);
    for finding in said.findings() {
        assert!(!finding.to_string().contains("sesame"), "{finding}");
    }
}

#[test]
fn who_need_prove_nothing_is_said() {
    let open = json!({"application": "web", "type": "none"});
    let said = service(&json!({"authorized": true, "authPolicies": [open]}));
    let at = "warning at /services/0/authPolicies/0";
    assert_found(&said, &format!("{at}: type none: everybody passes"));
    assert_found(
        &said,
        &format!("{at}: no effect: without `settings.trustedClientHeaders`"),
    );
    let mut inside = document(&json!({"authorized": true, "authPolicies": [open]}));
    inside["settings"] = json!({"trustedClientHeaders": true});
    let said = report(&inside);
    let without_effect = said
        .findings()
        .iter()
        .filter(|finding| finding.message.contains("no effect"));
    assert_eq!(without_effect.count(), 0);
}

#[test]
fn the_mode_is_the_whole_services() {
    let with = |first: &str, second: &str| {
        let (mut one, mut two) = (token("web", "t"), token("batch", "u"));
        (one["mode"], two["mode"]) = (json!(first), json!(second));
        service(&json!({"authorized": true, "authPolicies": [one, two]}))
    };
    assert_found(
        &with("enforce", "shadow"),
        "error at /services/0/authPolicies/1/mode: not in `mode` shadow while others",
    );
    assert_eq!(with("shadow", "shadow").count(Severity::Error), 0);
}

#[test]
fn params_beside_the_list_are_said_to_do_nothing() {
    let mut both = token("web", "t");
    both["params"] = json!([{"token": "u"}]);
    assert_found(
        &service(&json!({"authorized": true, "authPolicies": [both]})),
        "warning at /services/0/authPolicies/0/params: no effect beside the list",
    );
}

#[test]
fn tokens_and_secrets_stay_out_of_a_documents_debug_text() {
    let json = document(&json!({"authorized": true, "authPolicies": [
        token("web", "sesame"),
        {"application": "b", "type": "jwt", "jwtPolicies": [{"algorithm": "HS256", "secretKey": SECRET}]},
    ]}));
    let (document, _) = Document::read(json.to_string().as_bytes());
    let shown = format!("{document:?}");
    assert!(shown.contains("TokenPolicy") && !shown.contains("sesame") && !shown.contains(SECRET));
}
