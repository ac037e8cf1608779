//! What a request must bring where it is more than one token: what gets in, what the service sees, what is refused.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::ensure;
use e2e::{documents, expect};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::{Envoy, Request, Response, tokens, tokens::Algorithm};

const KEY: &str = "stk_core-0123456789";
const DEVICES: &str = "https://devices.example";

/// Beside `corp` a provider `device`, whose tokens are in `x-device`, and a client with a key.
fn guarded(requirement: &Value, policy: &Value) -> anyhow::Result<Value> {
    let mut document = documents::with_authentication(documents::service(policy));
    let digest: String = Sha256::digest(KEY)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let authentication = &mut document["authentication"];
    authentication["providers"]["corp"]["types"] = json!(["JWT", "at+jwt"]);
    authentication["providers"]["device"] = json!({
        "issuer": DEVICES, "audiences": [tokens::AUDIENCE],
        "localJwks": tokens::jwks_for(&[Algorithm::Es256])?,
        "subjects": {"opType": "PREFIX", "values": ["till-"]},
        "requiredClaims": {"scope": ["sell"]},
        "fromHeaders": [{"name": "x-device"}], "forward": false, "payloadHeader": "x-device-payload",
    });
    authentication["apiKeys"] =
        json!({ "fromHeaders": ["x-api-key"], "clients": [{ "id": "core", "sha256": digest }] });
    authentication["requirement"] = requirement.clone();
    Ok(document)
}

fn start(requirement: &Value, policy: &Value) -> anyhow::Result<Envoy> {
    let document = guarded(requirement, policy)?;
    Envoy::shipped()?.document(document).start()
}

fn user(typ: &str) -> anyhow::Result<String> {
    let header = json!({ "alg": "RS256", "kid": Algorithm::Rs256.kid(), "typ": typ });
    tokens::sign_as(Algorithm::Rs256, &header, &tokens::claims("alice"))
}

fn device(subject: &str) -> anyhow::Result<String> {
    let mut claims = tokens::claims(subject);
    claims["iss"] = json!(DEVICES);
    claims["scope"] = json!("sell refund");
    tokens::sign(Algorithm::Es256, &claims)
}

fn refused(response: &Response) -> anyhow::Result<()> {
    expect::refusal(response, 401, 40101, "F40100")
}

fn reached(envoy: &Envoy) -> anyhow::Result<u64> {
    Ok(envoy.echo("base")?.requests() + envoy.echo("gray")?.requests())
}

#[test]
fn a_user_and_a_device_must_both_be_known() -> anyhow::Result<()> {
    let envoy = start(&json!({ "allOf": ["corp", "device"] }), &json!({}))?;
    let (user, till) = (user("at+jwt")?, device("till-7")?);
    // Twice: the second time both tokens are known.
    for _ in 0..2 {
        let sent = Request::get("/")
            .bearer(&user)
            .header("x-device", &till)
            .header("x-device-payload", "e30");
        let reply = envoy.send(&sent)?;
        let seen = |name: &str| expect::seen(&reply, name);
        ensure!(seen("x-user-id")?.as_deref() == Some("alice"), "{reply:?}");
        ensure!(
            seen("x-device-payload")?.as_deref() == till.split('.').nth(1),
            "{reply:?}"
        );
        ensure!(seen("authorization")?.is_some(), "{reply:?}");
        ensure!(seen("x-device")?.is_none(), "{reply:?}");
    }
    let passed = reached(&envoy)?;
    for bad in [
        Request::get("/").bearer(&user),
        Request::get("/").header("x-device", &till),
        Request::get("/").bearer(&till).header("x-device", &user),
        Request::get("/").bearer(&user).header("x-device", &user),
        Request::get("/")
            .bearer(&user)
            .header("x-device", device("phone-7")?),
        Request::get("/")
            .bearer(&self::user("logout+jwt")?)
            .header("x-device", &till),
        Request::get("/")
            .bearer(&user)
            .header("x-device", format!("{till}x")),
    ] {
        refused(&envoy.send(&bad)?)?;
    }
    ensure!(reached(&envoy)? == passed, "one reached the service");
    envoy.finish()
}

#[test]
fn a_key_and_a_token_must_both_be_there() -> anyhow::Result<()> {
    let envoy = start(
        &json!({ "allOf": ["apiKeys"], "anyOf": ["corp"] }),
        &json!({}),
    )?;
    let user = user("JWT")?;
    let both = Request::get("/").bearer(&user).header("x-api-key", KEY);
    let reply = envoy.send(&both)?;
    ensure!(
        expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
        "{reply:?}"
    );
    ensure!(expect::seen(&reply, "x-api-key")?.is_none(), "{reply:?}");
    for bad in [
        Request::get("/").bearer(&user),
        Request::get("/").header("x-api-key", KEY),
        Request::get("/").bearer("x").header("x-api-key", KEY),
        Request::get("/").bearer(&user).header("x-api-key", "guess"),
    ] {
        refused(&envoy.send(&bad)?)?;
    }
    ensure!(reached(&envoy)? == 1, "one reached the service");
    envoy.finish()
}

#[test]
fn who_fails_is_nobody_where_that_passes() -> anyhow::Result<()> {
    let requirement = json!({ "anyOf": ["corp"], "allowMissingOrFailed": true });
    let envoy = start(&requirement, &json!({}))?;
    let user = user("JWT")?;
    let forged = format!("{user}x");
    let bad = Request::get("/")
        .bearer(&forged)
        .header("x-user-id", "root");
    let reply = envoy.send(&bad)?;
    for name in ["authorization", "x-user-id"] {
        ensure!(expect::seen(&reply, name)?.is_none(), "{name}: {reply:?}");
    }
    let reply = envoy.send(&Request::get("/").header("x-user-id", "root"))?;
    ensure!(expect::seen(&reply, "x-user-id")?.is_none(), "{reply:?}");
    let reply = envoy.send(&Request::get("/").bearer(&user))?;
    ensure!(
        expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
        "{reply:?}"
    );
    let labels = [("policy", "corp"), ("outcome", "failed")];
    let counted = envoy.metric("steward_decisions_total", &labels)?;
    ensure!((counted - 1.0).abs() < f64::EPSILON, "{counted} failures");
    envoy.finish()
}

/// Its own standard says that it brings no credentials.
#[test]
fn a_browsers_preflight_passes_and_its_call_does_not() -> anyhow::Result<()> {
    let requirement = json!({ "anyOf": ["corp"], "passPreflight": true });
    let policy = json!({ "authorization": {
        "roles": { "reader": ["READ"] }, "methods": { "GET": "READ" },
    } });
    let envoy = start(&requirement, &policy)?;
    let origin = |method: &str| Request::new(method, "/").header("origin", "https://page.example");
    let question = || origin("OPTIONS").header("access-control-request-method", "DELETE");
    let user = user("JWT")?;
    let reply = envoy.send(&question().bearer(&user).header("x-user-id", "root"))?;
    for name in ["authorization", "x-user-id"] {
        ensure!(expect::seen(&reply, name)?.is_none(), "{name}: {reply:?}");
    }
    for bad in [
        origin("DELETE").header("access-control-request-method", "DELETE"),
        origin("OPTIONS"),
        Request::new("OPTIONS", "/").header("access-control-request-method", "DELETE"),
        question().header("access-control-request-method", "GET"),
        question().header("origin", "https://other.example"),
    ] {
        refused(&envoy.send(&bad)?)?;
    }
    ensure!(reached(&envoy)? == 1, "one reached the service");
    envoy.finish()
}
