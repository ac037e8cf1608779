//! What an operator sees: metrics with labels, access logs that say why, one line at configure, no secret anywhere.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Envoy, Request, tokens, until};

fn limited() -> Value {
    documents::with_authentication(documents::service(&documents::window(
        "one.at a time",
        1,
        3_600_000,
    )))
}

#[test]
fn metrics_have_their_labels() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(limited()).start()?;
    let request = Request::get("/").bearer(&tokens::token("alice")?);
    ensure!(envoy.send(&request)?.status == 200, "the first passes");
    for _ in 0..3 {
        expect::rate_limited(&envoy.send(&request)?, 42901)?;
    }
    let service = ("service", documents::SERVICE);
    let requests = envoy.metric("steward_requests_total", &[service])?;
    ensure!(
        (requests - 4.0).abs() < f64::EPSILON,
        "{requests} requests counted, 4 were sent"
    );
    let refused = [service, ("policy", "one.at a time"), ("outcome", "refused")];
    let refusals = envoy.metric("steward_decisions_total", &refused)?;
    ensure!(
        (refusals - 3.0).abs() < f64::EPSILON,
        "{refusals} refusals counted, 3 were made"
    );
    let info = envoy
        .prometheus()?
        .into_iter()
        .find(|sample| sample.name == "steward_config_info");
    ensure!(
        info.is_some_and(|info| info.label("version").is_some()),
        "no steward_config_info"
    );
    envoy.finish()
}

#[test]
fn the_access_log_says_why() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(limited()).start()?;
    let token = tokens::token("alice")?;
    envoy.send(&Request::get("/no-token"))?;
    envoy.send(&Request::get("/").bearer(&token))?;
    let refused = envoy.send(&Request::get("/limited").bearer(&token))?;
    let lines = until("three lines of access log", Duration::from_secs(30), || {
        let lines = envoy.access_log()?;
        Ok((lines.len() >= 3).then_some(lines))
    })?;
    let line = |path: &str| -> anyhow::Result<Value> {
        let wanted = format!("\"path\":\"{path}\"");
        Ok(serde_json::from_str(
            lines
                .iter()
                .find(|line| line.contains(&wanted))
                .context("no such line")?,
        )?)
    };
    let details = |line: &Value| line["details"].as_str().unwrap_or_default().to_owned();
    ensure!(
        details(&line("/no-token")?).starts_with("steward_"),
        "{lines:#?}"
    );
    ensure!(
        details(&line("/limited")?) == "steward_rate_limited{one.at_a_time}",
        "{lines:#?}"
    );
    ensure!(
        line("/limited")?["request_id"] == refused.header("x-request-id").unwrap_or_default(),
        "another request id"
    );
    envoy.finish()
}

#[test]
fn one_line_at_configure_and_one_for_each_refusal() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(limited()).start()?;
    let before = envoy.log_lines()?.len();
    ensure!(before >= 1, "nothing said at configure");
    envoy.send(&Request::get("/"))?;
    let lines = envoy.log_lines()?;
    let new: Vec<&String> = lines.iter().skip(before).collect();
    ensure!(new.len() == 1, "one refusal, but: {new:#?}");
    envoy.finish()
}

#[test]
fn no_token_and_no_key_is_ever_told() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(limited()).start()?;
    let mut claims = tokens::claims("alice");
    claims["exp"] = json!(1);
    let expired = tokens::sign(tokens::Algorithm::Hs256, &claims)?;
    let reply = envoy.send(&Request::get("/").bearer(&expired))?;
    expect::refusal(&reply, 401, 40101, "F40100")?;
    envoy.send(&Request::get(format!("/in-query?access_token={expired}")))?;
    let access_log = until("the access log", Duration::from_secs(30), || {
        let log = envoy.access_log()?.join("\n");
        Ok(log.contains("/in-query").then_some(log))
    })?;
    let jwks = tokens::jwks()?;
    let secret = jwks["keys"][0]["k"].as_str().context("the HMAC key")?;
    let told = format!("{reply:?}\n{}\n{access_log}", envoy.log_lines()?.join("\n"));
    let parts = expired.split('.').chain([secret]);
    for part in parts {
        ensure!(!told.contains(part), "{part} was told");
    }
    envoy.finish()
}
