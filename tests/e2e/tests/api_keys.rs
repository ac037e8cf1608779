//! Keys of clients: who gets in, what the service sees, what is counted for whom.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use testkit::{Envoy, Request, Response, tokens, until};

const CORE: &str = "stk_core-0123456789";
const PARTNER: &str = "stk_partner-0123456789";
const GONE: &str = "stk_gone-0123456789";

/// Longer than a test takes.
const HOUR_MS: u64 = 3_600_000;

fn client(id: &str, key: &str) -> Value {
    let digest: String = Sha256::digest(key)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({ "id": id, "sha256": digest })
}

/// A service for tokens and keys, with this servicePolicy.
fn guarded(policy: &Value) -> Value {
    let mut document = documents::with_authentication(documents::service(policy));
    let mut gone = client("gone", GONE);
    gone["expires"] = json!("2020-01-01T00:00:00Z");
    document["authentication"]["apiKeys"] = json!({
        "fromHeaders": ["x-api-key"], "fromParams": ["api_key"],
        "clients": [client("core", CORE), client("partner", PARTNER), gone],
    });
    document["authentication"]["requirement"] = json!({ "anyOf": ["corp", "apiKeys"] });
    document
}

fn with_key(key: &str) -> Request {
    Request::get("/").header("x-api-key", key)
}

fn refused(response: &Response) -> anyhow::Result<()> {
    expect::refusal(response, 401, 40101, "F40100")?;
    let challenge = response
        .header("www-authenticate")
        .context("no www-authenticate")?;
    ensure!(challenge.contains("ApiKey realm="), "{challenge}");
    Ok(())
}

#[test]
fn a_key_gets_in_and_never_reaches_the_service() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(guarded(&json!({}))).start()?;
    let reply = envoy.send(&with_key(CORE))?;
    ensure!(
        expect::seen(&reply, "x-api-key")?.is_none(),
        "the key went on: {reply:?}"
    );
    let reply = envoy.send(&Request::get(format!("/?a=1&api_key={CORE}&b=2")))?;
    ensure!(
        reply.status == 200 && !reply.text().contains(CORE) && reply.text().contains("a=1&b=2"),
        "{reply:?}"
    );
    let by_token = Request::get("/").bearer(&tokens::token("alice")?);
    let reply = envoy.send(&by_token)?;
    ensure!(
        expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
        "{reply:?}"
    );
    envoy.finish()
}

#[test]
fn who_has_no_good_key_stays_outside_and_the_access_log_says_why() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(guarded(&json!({}))).start()?;
    for request in [
        Request::get("/"),
        with_key("stk_guess"),
        with_key(GONE),
        with_key(CORE).header("x-api-key", PARTNER),
        with_key("stk_guess").bearer(&tokens::token("alice")?),
        with_key(CORE).bearer("e30.e30.e30"),
    ] {
        refused(&envoy.send(&request)?)?;
    }
    ensure!(
        envoy.echo("base")?.requests() + envoy.echo("gray")?.requests() == 0,
        "one reached the service"
    );
    let labels = [("kind", "apiKey"), ("outcome", "refused")];
    let counted = envoy.metric("steward_decisions_total", &labels)?;
    ensure!((counted - 4.0).abs() < 0.5, "{counted} were counted");
    for reason in [
        "steward_api_key_unknown",
        "steward_api_key_expired{gone}",
        "steward_api_key_ambiguous",
    ] {
        until(reason, Duration::from_secs(30), || {
            let log = envoy.access_log()?.join("\n");
            Ok(log.contains(reason).then_some(()))
        })?;
    }
    envoy.finish()
}

#[test]
fn each_client_has_a_count_of_its_own_that_no_header_moves() -> anyhow::Result<()> {
    let mut limit = documents::window("each", 2, HOUR_MS);
    limit["rateLimitPolicies"][0]["key"] = json!([{ "type": "apiKey" }]);
    let envoy = Envoy::shipped()?.document(guarded(&limit)).start()?;
    for key in [CORE, PARTNER] {
        for _ in 0..2 {
            let reply = envoy.send(&with_key(key))?;
            ensure!(reply.status == 200, "{reply:?}");
        }
        let forged = with_key(key).header("apikey", "other");
        expect::rate_limited(&envoy.send(&forged)?, 42902)?;
    }
    envoy.finish()
}

#[test]
fn a_condition_tells_clients_apart() -> anyhow::Result<()> {
    let mut limit = documents::window("partners", 1, HOUR_MS);
    limit["rateLimitPolicies"][0]["conditions"] =
        json!([{ "type": "apiKey", "opType": "IN", "values": ["partner"] }]);
    let envoy = Envoy::shipped()?.document(guarded(&limit)).start()?;
    ensure!(envoy.send(&with_key(PARTNER))?.status == 200);
    expect::rate_limited(&envoy.send(&with_key(PARTNER))?, 42901)?;
    for _ in 0..3 {
        let reply = envoy.send(&with_key(CORE))?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    envoy.finish()
}
