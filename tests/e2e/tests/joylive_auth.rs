//! JoyLive's `authorized` and `authPolicies`: which application calls, proven by what it shows and by nothing that it says.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Envoy, Request, Response, tokens, tokens::Algorithm, until};

const WEB: &str = "web-token-0123456789";
const OLD: &str = "old-token-0123456789";

/// What stands before the point in SubjectPublicKeyInfo of a key on P-256 (RFC 5480, section 2).
const P256: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// The ES256 key's public half in PEM.
fn public_key() -> anyhow::Result<String> {
    let keys = tokens::jwks_for(&[Algorithm::Es256])?;
    let mut der = P256.to_vec();
    for member in ["x", "y"] {
        let number = keys["keys"][0][member].as_str().context("no number")?;
        der.extend(URL_SAFE_NO_PAD.decode(number)?);
    }
    let body = STANDARD.encode(der);
    Ok(format!(
        "-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    ))
}

/// A service for `web` by token and `batch` by signed token, with this servicePolicy.
fn document(policy: &Value) -> anyhow::Result<Value> {
    let mut document = documents::service(policy);
    let service = &mut document["services"][0];
    service["authorized"] = json!(true);
    service["authPolicies"] = json!([
        { "application": "web", "type": "token", "tokenPolicies": [{ "token": WEB }, { "token": OLD, "endTime": 1 }] },
        { "application": "batch", "type": "jwt", "jwtPolicies": [
            { "algorithm": "SHA256withECDSA", "publicKey": public_key()? },
        ] },
    ]);
    Ok(document)
}

fn start(document: Value) -> anyhow::Result<Envoy> {
    Envoy::shipped()?.document(document).start()
}

fn shows(token: &str) -> Request {
    Request::get("/").header("authorization", format!("Basic {}", STANDARD.encode(token)))
}

fn signed(application: &str) -> anyhow::Result<Request> {
    let mut claims = tokens::claims("nobody");
    claims["iss"] = json!(application);
    let token = tokens::sign(Algorithm::Es256, &claims)?;
    Ok(Request::get("/").bearer(&token))
}

fn is_from(response: &Response, application: &str) -> anyhow::Result<()> {
    let seen = expect::seen(response, "x-service-consumer")?;
    ensure!(
        seen.as_deref() == Some(application),
        "{seen:?} is not {application}"
    );
    Ok(())
}

#[test]
fn the_service_learns_which_application_calls_and_nobody_can_say_another() -> anyhow::Result<()> {
    let envoy = start(document(&json!({}))?)?;
    is_from(&envoy.send(&shows(WEB))?, "web")?;
    is_from(
        &envoy.send(&shows(WEB).header("x-service-consumer", "batch"))?,
        "web",
    )?;
    is_from(&envoy.send(&signed("batch")?)?, "batch")?;
    envoy.finish()
}

#[test]
fn whoever_proves_nothing_stays_outside_and_the_access_log_says_why() -> anyhow::Result<()> {
    let envoy = start(document(&json!({}))?)?;
    let mut expired = tokens::claims("nobody");
    (expired["iss"], expired["exp"]) = (json!("batch"), json!(1));
    let expired = tokens::sign(Algorithm::Es256, &expired)?;
    for request in [
        Request::get("/"),
        Request::get("/").header("x-service-consumer", "web"),
        shows("guess"),
        shows(OLD),
        shows(WEB).header("authorization", WEB),
        signed("web")?,
        Request::get("/").bearer(&expired),
        Request::get("/").bearer("e30.e30."),
    ] {
        let reply = envoy.send(&request)?;
        expect::refusal(&reply, 401, 40101, "F40100")?;
        let challenge = reply.header("www-authenticate").context("no challenge")?;
        ensure!(
            challenge == r#"Basic realm="service-provider", Bearer realm="service-provider""#,
            "{challenge}"
        );
    }
    ensure!(
        envoy.echo("base")?.requests() + envoy.echo("gray")?.requests() == 0,
        "one reached the service"
    );
    let labels = [("kind", "authPolicy"), ("outcome", "refused")];
    let counted = envoy.metric("steward_decisions_total", &labels)?;
    ensure!((counted - 8.0).abs() < 0.5, "{counted} were counted");
    for reason in [
        "steward_auth_policy_missing",
        "steward_auth_policy_unknown",
        "steward_auth_policy_expired{web}",
        "steward_auth_policy_jwt_expired{batch}",
    ] {
        until(reason, Duration::from_secs(30), || {
            let log = envoy.access_log()?.join("\n");
            ensure!(!log.contains("token-0123456789"), "a token in the log");
            Ok(log.contains(reason).then_some(()))
        })?;
    }
    envoy.finish()
}

#[test]
fn a_limit_counts_each_application_apart() -> anyhow::Result<()> {
    let mut limit = documents::window("each", 1, 3_600_000);
    limit["rateLimitPolicies"][0]["key"] = json!([{ "type": "system", "key": "consumer" }]);
    let envoy = start(document(&limit)?)?;
    for request in [shows(WEB), signed("batch")?] {
        let reply = envoy.send(&request)?;
        ensure!(reply.status == 200, "{reply:?}");
        expect::rate_limited(&envoy.send(&request)?, 42902)?;
    }
    envoy.finish()
}

#[test]
fn a_user_and_an_application_are_both_asked_for() -> anyhow::Result<()> {
    let mut document = documents::with_authentication(documents::service(&json!({})));
    document["services"][0]["authorized"] = json!(true);
    document["services"][0]["authPolicies"] = json!([
        { "application": "web", "type": "token", "tokenPolicies": [{ "key": "x-token", "token": WEB }] },
    ]);
    let envoy = start(document)?;
    let user = tokens::token("ann")?;
    let both = Request::get("/").bearer(&user).header("x-token", WEB);
    let reply = envoy.send(&both)?;
    is_from(&reply, "web")?;
    ensure!(
        expect::seen(&reply, "x-user-id")?.as_deref() == Some("ann"),
        "{reply:?}"
    );
    for one in [
        Request::get("/").bearer(&user),
        Request::get("/").header("x-token", WEB),
    ] {
        expect::refusal(&envoy.send(&one)?, 401, 40101, "F40100")?;
    }
    envoy.finish()
}
