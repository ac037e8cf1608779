//! The policy file changes under a running Envoy; and documents that cannot be enforced.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::documents;
use serde_json::{Value, json};
use testkit::{Envoy, Request, Update};

const HOUR_MS: u64 = 3_600_000;

/// Breaks one thing in a good document.
fn broken(pointer: &str, value: Value) -> anyhow::Result<Value> {
    let mut document = documents::service(&documents::window("one", 1, HOUR_MS));
    *document.pointer_mut(pointer).context("no such place")? = value;
    Ok(document)
}

#[test]
fn a_document_that_cannot_be_enforced_is_refused_and_the_old_one_keeps_serving()
-> anyhow::Result<()> {
    const THRESHOLD: &str =
        "/services/0/groups/0/servicePolicy/rateLimitPolicies/0/slidingWindows/0/threshold";
    let good = documents::service(&documents::window("one", 1, HOUR_MS));
    let mut envoy = Envoy::shipped()?.document(good).start()?;
    ensure!(
        envoy.send(&Request::get("/"))?.status == 200,
        "the first passes"
    );

    for document in [
        broken(THRESHOLD, json!(0))?,
        broken(THRESHOLD, json!("many"))?,
    ] {
        envoy.expect_log(THRESHOLD);
        ensure!(
            envoy.replace_policy(&document)? == Update::Refused,
            "accepted: {document}"
        );
        let named = envoy
            .log_lines()?
            .iter()
            .filter(|line| line.contains(THRESHOLD))
            .count();
        ensure!(named >= 1, "the finding is not in the log");
        ensure!(
            envoy.send(&Request::get("/"))?.status == 429,
            "the old limit is gone"
        );
    }
    envoy.finish()
}

#[test]
fn text_that_is_no_json_is_refused_with_its_place() -> anyhow::Result<()> {
    let mut envoy = Envoy::shipped()?
        .document(json!({ "services": [] }))
        .start()?;
    envoy.expect_log("line 2");
    ensure!(
        envoy.replace_policy(&json!("{\n  \"services\": [}"))? == Update::Refused,
        "accepted"
    );
    ensure!(
        envoy
            .log_lines()?
            .iter()
            .any(|line| line.contains("line 2")),
        "{:#?}",
        envoy.log_lines()?
    );
    ensure!(
        envoy.send(&Request::get("/"))?.status == 200,
        "the old document is gone"
    );
    envoy.finish()
}

#[test]
fn envoy_does_not_start_with_a_document_that_cannot_be_enforced() -> anyhow::Result<()> {
    let document = broken(
        "/services/0/groups/0/servicePolicy/rateLimitPolicies/0/slidingWindows/0/threshold",
        json!(0),
    )?;
    let refused = Envoy::from_yaml("envoy/minimal.yaml")?
        .document(document)
        .start();
    let error = refused.err().context("it started")?.to_string();
    ensure!(
        error.contains("/slidingWindows/0/threshold"),
        "the log does not name the place:\n{error}"
    );
    Ok(())
}

/// A `Struct` reaches a Wasm plugin as raw protobuf in Envoy 1.40: the log must say what to write instead.
#[test]
fn a_struct_configuration_is_refused_with_advice() -> anyhow::Result<()> {
    let refused = Envoy::from_yaml("envoy/minimal.yaml")?.change(|bootstrap| {
        for manager in bootstrap.connection_managers() {
            manager["http_filters"][0]["typed_config"]["config"]["configuration"] =
                json!({ "@type": "type.googleapis.com/google.protobuf.Struct", "value": { "services": [] } });
        }
    });
    let error = refused.start().err().context("it started")?.to_string();
    ensure!(
        error.contains("google.protobuf.StringValue"),
        "no advice in the log:\n{error}"
    );
    Ok(())
}

#[test]
fn joylives_own_file_loads_unmodified() -> anyhow::Result<()> {
    let sample =
        include_str!("../../../policy-model/fixtures/joylive/policies/microservice.package.json");
    let document: Value = serde_json::from_str(sample)?;
    let mut envoy = Envoy::shipped()?
        .document(json!({ "services": [] }))
        .start()?;
    ensure!(
        envoy.replace_policy(&document)? == Update::Accepted,
        "refused"
    );
    // Its own limit for `?limiter=true`: one a second and three in two seconds.
    let request = Request::get("/anything?limiter=true").host("service-consumer");
    let mut statuses = Vec::new();
    for _ in 0..50 {
        statuses.push(envoy.send(&request)?.status);
    }
    ensure!(
        statuses.first() == Some(&200) && statuses.contains(&429),
        "{statuses:?}"
    );
    ensure!(
        envoy
            .send(&Request::get("/anything").host("service-consumer"))?
            .status
            == 200,
        "no limit without it"
    );
    envoy.finish()
}

#[test]
fn requests_in_flight_see_no_gap_while_policies_change() -> anyhow::Result<()> {
    let document = |threshold: u32| documents::service(&documents::window("wide", threshold, 1000));
    let mut envoy = Envoy::shipped()?.document(document(1_000_000)).start()?;
    let addr = envoy.addr();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let load = std::thread::spawn(move || -> anyhow::Result<usize> {
        let mut client = testkit::Client::new(addr);
        let mut served = 0;
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let reply = client.send(&Request::get("/"))?;
            ensure!(reply.status == 200, "{reply:?}");
            served += 1;
        }
        Ok(served)
    });
    for threshold in 1_000_001..1_000_004 {
        ensure!(
            envoy.replace_policy(&document(threshold))? == Update::Accepted,
            "refused"
        );
    }
    drop(stop);
    let served = load.join().ok().context("the load panicked")??;
    ensure!(served > 0, "no request was sent meanwhile");
    envoy.finish()
}
