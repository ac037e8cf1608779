//! The configurations that users copy.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fs;
use testkit::{Envoy, Request, repository};

/// Labels that an instance must all have.
type Labels<'a> = &'a [(&'a str, &'a str)];

#[test]
fn every_shipped_configuration_passes_validation() -> anyhow::Result<()> {
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("envoy"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            Envoy::from_yaml(&path)?
                .validate()
                .with_context(|| path.display().to_string())?;
            seen += 1;
        }
    }
    ensure!(seen >= 2, "only {seen} configurations found");
    Ok(())
}

#[test]
fn every_shipped_configuration_starts_and_serves() -> anyhow::Result<()> {
    for path in ["envoy/envoy.yaml", "envoy/minimal.yaml"] {
        let envoy = Envoy::from_yaml(path)?.start().context(path)?;
        let token = testkit::tokens::token("alice")?;
        let reply = envoy.send(&Request::get("/echo").bearer(&token))?;
        ensure!(reply.status == 200, "{path}: {reply:?}");
        envoy.finish().context(path)?;
    }
    Ok(())
}

/// The route table takes any host: nobody may leave the limits behind by naming another one.
#[test]
fn another_host_is_no_way_past_the_shipped_policies() -> anyhow::Result<()> {
    let envoy = Envoy::from_yaml("envoy/envoy.yaml")?.start()?;
    let token = testkit::tokens::token("alice")?;
    for host in [
        "other.example",
        "127.0.0.1",
        "service-provider.example",
        "x@service-provider",
    ] {
        let reply = envoy.send(&Request::get("/echo").host(host).bearer(&token))?;
        ensure!(matches!(reply.status, 400 | 404), "{host}: {reply:?}");
        ensure!(reply.header("x-echo-name").is_none(), "{host}: {reply:?}");
    }
    let reply = envoy.send(
        &Request::get("/echo")
            .host("SERVICE-provider.:80")
            .bearer(&token),
    )?;
    ensure!(reply.status == 200, "{reply:?}");
    envoy.finish()
}

/// Without the module: the load balancer's half of routing, with the reserved header made by hand.
#[test]
fn the_load_balancer_tries_choices_from_left_to_right() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.change(remove_governance).start()?;
    let gray: Labels<'_> = &[("x-lane-space-id", "demo"), ("x-lane-code", "gray")];
    let pink: Labels<'_> = &[("x-lane-space-id", "demo"), ("x-lane-code", "pink")];
    let base: Labels<'_> = &[("x-lane-space-id", "demo"), ("x-lane-code", "base")];
    let gray_unit = [gray, &[("unit", "unit1")]].concat();
    let cases: &[(&[Labels<'_>], &[&str])] = &[
        (&[gray], &["gray"]),
        (&[pink, base], &["base"]),
        (&[pink], &[]),
        (&[&[("version", "2")]], &["gray"]),
        (&[&[("unit", "unit1")]], &["base", "gray"]),
        (&[&gray_unit], &["gray"]),
        (&[&[("steward", "any")]], &["base", "gray"]),
        (&[], &[]),
    ];
    for (choices, instances) in cases {
        let request = Request::get("/").header("x-steward-subset", subset_header(choices));
        reaches(&envoy, &request, instances).with_context(|| format!("{choices:?}"))?;
    }
    reaches(&envoy, &Request::get("/"), &["base", "gray"]).context("no choice")?;
    envoy.finish()
}

/// Six requests reach all of these instances and no other; with none of them each is answered 503.
fn reaches(envoy: &Envoy, request: &Request, instances: &[&str]) -> anyhow::Result<()> {
    let mut reached = Vec::new();
    for _ in 0..6 {
        let reply = envoy.send(request)?;
        match reply.header("x-echo-name") {
            Some(name) => {
                ensure!(
                    !reply.text().contains("x-steward-subset"),
                    "the header leaked: {reply:?}"
                );
                reached.push(name.to_owned());
            }
            None => ensure!(
                reply.status == 503 && reply.json()?["code"] == 50301,
                "{reply:?}"
            ),
        }
    }
    reached.sort();
    reached.dedup();
    ensure!(
        reached == instances,
        "wanted {instances:?}, reached {reached:?}"
    );
    Ok(())
}

fn remove_governance(bootstrap: &mut testkit::Bootstrap) {
    for manager in bootstrap.connection_managers() {
        if let Some(filters) = manager["http_filters"].as_array_mut() {
            filters.retain(|filter| filter["name"] != "governance");
        }
    }
}

/// A serialized `google.protobuf.Value` that is a list of structs of strings, in base64 (protobuf encoding guide).
fn subset_header(choices: &[Labels<'_>]) -> String {
    let entry = |(key, value): &(&str, &str)| {
        field(
            1,
            &[
                field(1, key.as_bytes()),
                field(2, &field(3, value.as_bytes())),
            ]
            .concat(),
        )
    };
    let structure = |labels: &Labels<'_>| {
        field(
            1,
            &field(5, &labels.iter().flat_map(entry).collect::<Vec<_>>()),
        )
    };
    STANDARD.encode(field(
        6,
        &choices.iter().flat_map(structure).collect::<Vec<_>>(),
    ))
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 127 {
        out.push(128 | u8::try_from(length & 127).unwrap_or_default());
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or_default());
    [out, bytes.to_vec()].concat()
}
