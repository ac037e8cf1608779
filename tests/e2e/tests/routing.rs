//! Lanes and tags: the right instance, no forged lane, and 503 where there is none.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::json;
use testkit::{Envoy, Request};

/// Round robin would show a second instance within these.
const TRIES: usize = 6;

fn reaches(envoy: &Envoy, request: &Request, instance: &str) -> anyhow::Result<()> {
    for _ in 0..TRIES {
        expect::from_upstream(&envoy.send(request)?, instance)?;
    }
    Ok(())
}

fn lanes() -> anyhow::Result<testkit::Builder> {
    let policy =
        json!({ "lanePolicies": [{ "laneSpaceId": "demo", "lanes": { "canary": "gray" } }] });
    Ok(Envoy::shipped()?.document(documents::with_lanes(documents::service(&policy))))
}

#[test]
fn a_lane_rule_picks_the_lane_and_others_stay_in_the_default_lane() -> anyhow::Result<()> {
    let envoy = lanes()?.start()?;
    reaches(&envoy, &Request::get("/").header("x-gray", "true"), "gray")?;
    reaches(&envoy, &Request::get("/"), "base")?;
    reaches(&envoy, &Request::get("/").header("x-gray", "false"), "base")?;
    envoy.finish()
}

#[test]
fn a_lane_is_redirected_as_the_policy_says() -> anyhow::Result<()> {
    let envoy = lanes()?.start()?;
    reaches(
        &envoy,
        &Request::get("/").header("x-canary", "true"),
        "gray",
    )?;
    envoy.finish()
}

#[test]
fn a_client_cannot_choose_its_lane() -> anyhow::Result<()> {
    let envoy = lanes()?.start()?;
    let forged = [
        Request::get("/").header("x-lane-code", "gray"),
        Request::get("/")
            .header("x-lane-code", "gray")
            .header("x-lane-space-id", "demo"),
        Request::get("/")
            .header("X-Lane-Code", "gray")
            .header("X-LANE-SPACE-ID", "demo"),
        Request::get("/").header("baggage", "x-lane-space-id=demo,x-lane-code=gray"),
        // [{"x-lane-space-id": "demo", "x-lane-code": "gray"}], as the load balancer would take it.
        Request::get("/").header(
            "x-steward-subset",
            "MjYKNCoyChkKD3gtbGFuZS1zcGFjZS1pZBIGGgRkZW1vChUKC3gtbGFuZS1jb2RlEgYaBGdyYXk=",
        ),
    ];
    for request in forged {
        reaches(&envoy, &request, "base").with_context(|| format!("{request:?}"))?;
    }
    envoy.finish()
}

#[test]
fn a_lane_without_instances_that_rejects_is_answered_503() -> anyhow::Result<()> {
    let policy = json!({ "lanePolicies": [{ "laneSpaceId": "demo" }] });
    let mut document = documents::with_lanes(documents::service(&policy));
    document["laneSpaces"][0]["lanes"][2]["fallbackType"] = json!("REJECT");
    let envoy = Envoy::shipped()?.document(document).start()?;
    let reply = envoy.send(&Request::get("/").header("x-canary", "true"))?;
    expect::no_instance(&reply)?;
    reaches(&envoy, &Request::get("/"), "base")?;
    envoy.finish()
}

#[test]
fn a_tag_rule_picks_instances_by_their_labels() -> anyhow::Result<()> {
    let rule = |order: u32, value: &str, version: &str| {
        json!({
            "order": order,
            "conditions": [{ "type": "header", "opType": "EQUAL", "key": "x-version", "values": [value] }],
            "destinations": [{ "weight": 100, "conditions": [{ "opType": "EQUAL", "key": "version", "values": [version] }] }],
        })
    };
    let rules = [
        rule(1, "old", "1"),
        rule(2, "new", "2"),
        rule(3, "future", "9"),
    ];
    let policy = json!({ "routePolicies": [{ "name": "by-version", "tagRules": rules }] });
    let envoy = Envoy::shipped()?
        .document(documents::service(&policy))
        .start()?;
    reaches(
        &envoy,
        &Request::get("/").header("x-version", "old"),
        "base",
    )?;
    reaches(
        &envoy,
        &Request::get("/").header("x-version", "new"),
        "gray",
    )?;
    let reply = envoy.send(&Request::get("/").header("x-version", "future"))?;
    expect::no_instance(&reply)?;
    envoy.finish()
}

#[test]
fn weighted_destinations_share_the_traffic() -> anyhow::Result<()> {
    let destination = |weight: u32, version: &str| json!({ "weight": weight, "conditions": [{ "opType": "EQUAL", "key": "version", "values": [version] }] });
    let rule = json!({ "destinations": [destination(90, "1"), destination(10, "2")] });
    let policy = json!({ "routePolicies": [{ "name": "canary", "tagRules": [rule] }] });
    let envoy = Envoy::shipped()?
        .document(documents::service(&policy))
        .start()?;
    let mut client = envoy.client();
    for _ in 0..400 {
        let reply = client.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    // 40 are expected; below 10 or above 100 would be five and ten standard deviations (6) away.
    let gray = envoy.echo("gray")?.requests();
    ensure!(
        (10..=100).contains(&gray),
        "{gray} of 400 went to a destination of weight 10 in 100"
    );
    envoy.finish()
}
