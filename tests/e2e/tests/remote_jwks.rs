//! Keys that are fetched from their issuer: by one worker for all, before they are old, and not more often because somebody
//! would like that.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

#[path = "remote_jwks/issuer.rs"]
mod issuer;

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use issuer::{Issuer, Manner};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Envoy, Request, Update, tokens, tokens::Algorithm, until};

/// Long beside anything that is waited for here, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(60);

/// A document whose keys come from the cluster `issuer`.
fn document(cache_ms: u64) -> Value {
    let mut document = documents::with_authentication(documents::service(&json!({})));
    let provider = &mut document["authentication"]["providers"]["corp"];
    provider["algorithms"] = json!(["RS256", "ES256"]);
    provider["localJwks"] = Value::Null;
    provider["remoteJwks"] = json!({
        "cluster": "issuer", "uri": "https://issuer.example/.well-known/jwks.json",
        "timeoutMs": 500, "cacheDurationMs": cache_ms,
    });
    document
}

fn started(issuer: &Issuer, document: Value) -> anyhow::Result<Envoy> {
    let addr = issuer.addr();
    let endpoint = json!({ "endpoint": { "address": { "socket_address": {
        "address": addr.ip().to_string(), "port_value": addr.port(),
    } } } });
    let cluster = json!({
        "name": "issuer",
        "connect_timeout": "1s",
        "load_assignment": { "cluster_name": "issuer", "endpoints": [{ "lb_endpoints": [endpoint] }] },
    });
    let add = |bootstrap: &mut testkit::Bootstrap| {
        if let Some(clusters) = bootstrap.tree()["static_resources"]["clusters"].as_array_mut() {
            clusters.push(cluster);
        }
    };
    Envoy::shipped()?.document(document).change(add).start()
}

fn keys(algorithms: &[Algorithm]) -> anyhow::Result<Manner> {
    let keys = tokens::jwks_for(algorithms)?.to_string();
    Ok(Manner::Answer(200, keys.into_bytes()))
}

fn token(algorithm: Algorithm) -> anyhow::Result<String> {
    tokens::sign(algorithm, &tokens::claims("alice"))
}

/// The status of a request on a connection of its own, so that all workers get some.
fn status(envoy: &Envoy, token: &str) -> anyhow::Result<u16> {
    Ok(envoy.send(&Request::get("/").bearer(token))?.status)
}

fn until_passes(envoy: &Envoy, token: &str) -> anyhow::Result<()> {
    until("a token to pass", LIMIT, || {
        Ok((status(envoy, token)? == 200).then_some(()))
    })
}

fn all_pass(envoy: &Envoy, token: &str) -> anyhow::Result<()> {
    for number in 0..30 {
        let status = status(envoy, token)?;
        ensure!(status == 200, "request {number}: {status}");
    }
    Ok(())
}

fn fetches(envoy: &Envoy, outcome: &str) -> anyhow::Result<f64> {
    envoy.metric(
        "steward_jwks_fetches_total",
        &[("provider", "corp"), ("outcome", outcome)],
    )
}

/// Waits until a fetch has failed for this reason.
fn until_failed(envoy: &Envoy, reason: &str) -> anyhow::Result<()> {
    until(reason, LIMIT, || {
        let failed = |line: &String| line.contains("jwks_fetch_failed") && line.contains(reason);
        Ok(envoy.log_lines()?.iter().any(failed).then_some(()))
    })
}

#[test]
fn one_fetch_brings_the_keys_to_all_workers() -> anyhow::Result<()> {
    let issuer = Issuer::start(keys(&[Algorithm::Es256])?)?;
    let envoy = started(&issuer, document(600_000))?;
    let token = token(Algorithm::Es256)?;
    until_passes(&envoy, &token)?;
    all_pass(&envoy, &token)?;
    let asked = issuer.asked();
    ensure!(
        asked == ["GET /.well-known/jwks.json HTTP/1.1"],
        "{asked:?}"
    );
    ensure!(fetches(&envoy, "fetched")? == 1.0, "not one fetch");
    let fetched_at = envoy.metric("steward_jwks_fetched_timestamp_seconds", &[])?;
    let age = tokens::now().as_secs_f64() - fetched_at;
    ensure!((0.0..120.0).contains(&age), "fetched {age} s ago");
    envoy.finish()
}

#[test]
fn before_the_first_keys_a_request_is_told_to_come_again() -> anyhow::Result<()> {
    let issuer = Issuer::start(Manner::Hang)?;
    let envoy = started(&issuer, document(600_000))?;
    let token = token(Algorithm::Es256)?;
    let response = envoy.send(&Request::get("/").bearer(&token))?;
    expect::refusal(&response, 503, 50304, "F50302")?;
    ensure!(response.header("retry-after") == Some("1"), "{response:?}");
    // It hangs: Envoy gives the call up, and the next try is after a while.
    until_failed(&envoy, "no answer in time")?;
    issuer.behave(keys(&[Algorithm::Es256])?);
    until_passes(&envoy, &token)?;
    let said = envoy.access_log()?;
    ensure!(
        said.iter()
            .any(|line| line.contains("steward_jwt_keys_unavailable{corp}")),
        "{said:?}"
    );
    envoy.finish()
}

#[test]
fn a_request_waits_for_the_first_keys() -> anyhow::Result<()> {
    let issuer = Issuer::start(Manner::Hang)?;
    let mut document = document(600_000);
    document["authentication"]["providers"]["corp"]["remoteJwks"]["waitMs"] = json!(30_000);
    let envoy = started(&issuer, document)?;
    let token = token(Algorithm::Es256)?;
    let request = Request::get("/").bearer(&token);
    let response = std::thread::scope(|scope| {
        let waits = scope.spawn(|| envoy.send(&request));
        // Nothing but the issuer can end its waiting.
        until_failed(&envoy, "no answer in time")?;
        ensure!(!waits.is_finished(), "it does not wait");
        issuer.behave(keys(&[Algorithm::Es256])?);
        waits.join().map_err(|_| anyhow::anyhow!("it failed"))?
    })?;
    ensure!(
        expect::seen(&response, "x-user-id")?.as_deref() == Some("alice"),
        "{response:?}"
    );
    envoy.finish()
}

#[test]
fn a_new_key_is_fetched_when_a_token_names_it_and_random_names_are_no_storm() -> anyhow::Result<()>
{
    let issuer = Issuer::start(keys(&[Algorithm::Es256])?)?;
    let envoy = started(&issuer, document(600_000))?;
    let old = token(Algorithm::Es256)?;
    until_passes(&envoy, &old)?;

    issuer.behave(keys(&[Algorithm::Es256, Algorithm::Rs256])?);
    let start = tokens::now();
    for number in 0..200 {
        let header = json!({ "alg": "ES256", "kid": format!("random-{number}") });
        let random = tokens::sign_as(Algorithm::Es256, &header, &tokens::claims("mallory"))?;
        let status = status(&envoy, &random)?;
        ensure!(status == 401, "{status}");
    }
    let new = token(Algorithm::Rs256)?;
    until_passes(&envoy, &new)?;
    all_pass(&envoy, &new)?;
    all_pass(&envoy, &old)?;
    // The first keys, the ones asked for, and once more for each interval that all this took.
    let intervals = (tokens::now() - start).as_secs() / 10;
    let asked = issuer.asked().len() as u64;
    ensure!(
        (2..=2 + intervals).contains(&asked),
        "asked {asked} times in {intervals} intervals"
    );
    envoy.finish()
}

#[test]
fn old_keys_serve_while_their_issuer_fails() -> anyhow::Result<()> {
    let issuer = Issuer::start(keys(&[Algorithm::Es256])?)?;
    let envoy = started(&issuer, document(1_000))?;
    let token = token(Algorithm::Es256)?;
    until_passes(&envoy, &token)?;
    let too_long = [b"{\"keys\": [".as_slice(), &vec![b' '; 1_048_576], b"]}"].concat();
    for (manner, reason) in [
        (Manner::Answer(500, Vec::new()), "status 500"),
        (Manner::Answer(200, b"<html>".to_vec()), "not JSON"),
        (Manner::Answer(200, too_long), "more than 1 MiB"),
        (Manner::Close, "no connection"),
    ] {
        issuer.behave(manner);
        until_failed(&envoy, reason)?;
        all_pass(&envoy, &token)?;
    }
    // It is back, with another key: the old one goes.
    issuer.behave(keys(&[Algorithm::Rs256])?);
    let new = self::token(Algorithm::Rs256)?;
    until_passes(&envoy, &new)?;
    until("the old key to go", LIMIT, || {
        Ok((status(&envoy, &token)? == 401).then_some(()))
    })?;
    ensure!(
        fetches(&envoy, "failed")? >= 4.0,
        "failures are not counted"
    );
    envoy.finish()
}

#[test]
fn a_new_document_goes_on_with_the_keys_that_are_there() -> anyhow::Result<()> {
    let issuer = Issuer::start(keys(&[Algorithm::Es256])?)?;
    let mut first = document(600_000);
    let mut envoy = started(&issuer, first.clone())?;
    let token = token(Algorithm::Es256)?;
    until_passes(&envoy, &token)?;

    let provider = &mut first["authentication"]["providers"]["corp"];
    provider["clockSkewSeconds"] = json!(61);
    let update = envoy.replace_policy(&first)?;
    ensure!(update == Update::Accepted, "refused");
    all_pass(&envoy, &token)?;
    // A fetch that somebody asks for comes after any that the new document would have begun.
    let unknown = self::token(Algorithm::Rs256)?;
    until("a second fetch", LIMIT, || {
        ensure!(status(&envoy, &unknown)? == 401, "an unknown key passes");
        Ok((issuer.asked().len() > 1).then_some(()))
    })?;
    ensure!(issuer.asked().len() == 2, "{:?}", issuer.asked());
    let line = envoy.log_lines()?.into_iter();
    let told = line
        .filter(|line| line.contains("\"jwks_fetched\""))
        .count();
    ensure!(told == 1, "a set is told {told} times");
    envoy.finish()
}

#[test]
fn a_cluster_that_is_not_there_is_said() -> anyhow::Result<()> {
    let issuer = Issuer::start(Manner::Close)?;
    let mut document = document(600_000);
    document["authentication"]["providers"]["corp"]["remoteJwks"]["cluster"] = json!("elsewhere");
    let envoy = started(&issuer, document)?;
    until_failed(&envoy, "the request was not sent")?;
    let line = envoy.log_lines()?.into_iter();
    let line = line
        .rev()
        .find(|line| line.contains("jwks_fetch_failed"))
        .context("a line")?;
    ensure!(line.contains("\"cluster\":\"elsewhere\""), "{line}");
    envoy.finish()
}
