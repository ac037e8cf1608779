//! Each filter loads alone as its own module.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use testkit::{Envoy, Request};

const MODULES: [&str; 5] = [
    "jwt-auth",
    "rate-limit",
    "traffic-route",
    "circuit-breaker",
    "governance",
];

fn alone(module: &str, document: Value) -> anyhow::Result<Envoy> {
    Envoy::shipped()?
        .module(module)
        .document(document)
        .start()
        .with_context(|| module.to_owned())
}

#[test]
fn each_module_loads_with_an_empty_document_and_lets_everything_pass() -> anyhow::Result<()> {
    for module in MODULES {
        let envoy = alone(module, json!({ "services": [] }))?;
        let reply = envoy.send(&Request::get("/"))?;
        expect::seen(&reply, "host").with_context(|| module.to_owned())?;
        envoy.finish().with_context(|| module.to_owned())?;
    }
    Ok(())
}

#[test]
fn jwt_auth_alone_asks_for_a_token() -> anyhow::Result<()> {
    let envoy = alone(
        "jwt-auth",
        documents::with_authentication(documents::service(&json!({}))),
    )?;
    expect::refusal(&envoy.send(&Request::get("/"))?, 401, 40101, "F40100")?;
    let token = testkit::tokens::token("alice")?;
    let reply = envoy.send(&Request::get("/").bearer(&token))?;
    ensure!(
        expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
        "{reply:?}"
    );
    envoy.finish()
}

#[test]
fn rate_limit_alone_limits() -> anyhow::Result<()> {
    let envoy = alone(
        "rate-limit",
        documents::service(&documents::window("one", 1, 60_000)),
    )?;
    expect::seen(&envoy.send(&Request::get("/"))?, "host")?;
    expect::rate_limited(&envoy.send(&Request::get("/"))?, 42901)?;
    envoy.finish()
}

#[test]
fn traffic_route_alone_picks_the_lane() -> anyhow::Result<()> {
    let policy = json!({ "lanePolicies": [{ "laneSpaceId": "demo" }] });
    let envoy = alone(
        "traffic-route",
        documents::with_lanes(documents::service(&policy)),
    )?;
    for _ in 0..4 {
        expect::from_upstream(
            &envoy.send(&Request::get("/").header("x-gray", "true"))?,
            "gray",
        )?;
        expect::from_upstream(&envoy.send(&Request::get("/"))?, "base")?;
    }
    envoy.finish()
}

#[test]
fn circuit_breaker_alone_opens() -> anyhow::Result<()> {
    let policy = json!({ "circuitBreakPolicies": [{ "name": "forced", "level": "SERVICE", "forceOpen": true }] });
    let envoy = alone("circuit-breaker", documents::service(&policy))?;
    expect::refusal(&envoy.send(&Request::get("/"))?, 503, 50303, "F50301")?;
    ensure!(
        envoy.echo("base")?.requests() + envoy.echo("gray")?.requests() == 0,
        "a request got through"
    );
    envoy.finish()
}
