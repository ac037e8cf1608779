//! The stack in containers, held against the repository: no engine runs here, so every path, port, stage and name in
//! `docker-compose.yml` and `images/Dockerfile` is checked, and Envoy judges what its container would be given.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

#[path = "compose/dockerfile.rs"]
mod dockerfile;
#[path = "compose/layout.rs"]
mod layout;

use anyhow::{Context as _, ensure};
use dockerfile::Dockerfile;
use serde_json::Value;
use std::{collections::BTreeSet, fs, process::Command};
use testkit::{Bootstrap, envoy_binary, repository};

/// The images that are not built here.
const FOREIGN: [&str; 1] = ["prom/prometheus:v3.5.0"];

/// Those that the Dockerfile begins with.
const BASES: [&str; 4] = [
    "rust:1-bookworm",
    "scratch",
    "debian:bookworm-slim",
    "envoyproxy/envoy:v1.40-latest",
];

fn compose() -> anyhow::Result<Value> {
    yaml("docker-compose.yml")
}

fn yaml(path: &str) -> anyhow::Result<Value> {
    Ok(Bootstrap::read(path)?.tree().clone())
}

fn services(compose: &Value) -> anyhow::Result<Vec<(&String, &Value)>> {
    let services = compose["services"].as_object().context("no services")?;
    Ok(services.iter().collect())
}

/// A list of strings; empty where there is none.
fn words(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

#[test]
fn every_mounted_file_is_there_and_cannot_be_changed() -> anyhow::Result<()> {
    let compose = compose()?;
    let mut seen = 0;
    for (name, service) in services(&compose)? {
        for volume in words(&service["volumes"]) {
            let (host, _) = layout::mount(volume).with_context(|| name.clone())?;
            ensure!(repository().join(host).exists(), "{name}: no {host}");
            ensure!(volume.ends_with(":ro"), "{name}: {volume} may be written");
            seen += 1;
        }
    }
    ensure!(seen == 3, "{seen} mounts");
    Ok(())
}

#[test]
fn every_image_is_built_here_or_known() -> anyhow::Result<()> {
    let file = Dockerfile::read("images/Dockerfile")?;
    let compose = compose()?;
    let mut built = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for (name, service) in services(&compose)? {
        let image = service["image"].as_str().context("no image")?;
        let build = &service["build"];
        if build.is_null() {
            // Ours is in no registry: what is found there under its name is somebody else's.
            if service["pull_policy"] == "never" {
                taken.insert(image);
            } else {
                ensure!(FOREIGN.contains(&image), "{name}: {image}");
            }
            continue;
        }
        ensure!(
            built.insert(image),
            "{name}: {image} is built twice at once"
        );
        ensure!(build["context"] == "." && build["dockerfile"] == "images/Dockerfile");
        let target = build["target"].as_str().context("no target")?;
        ensure!(
            file.stage(target).is_some() && image == format!("steward/{target}"),
            "{name}: {image} of stage {target}"
        );
    }
    ensure!(taken.is_subset(&built), "{taken:?} of {built:?}");
    for stage in &file.stages {
        ensure!(BASES.contains(&stage.base.as_str()), "{}", stage.base);
    }
    Ok(())
}

#[test]
fn every_copied_file_is_one_that_the_build_makes() -> anyhow::Result<()> {
    let file = Dockerfile::read("images/Dockerfile")?;
    let mut made: BTreeSet<String> = ["target/debug/echo", "target/debug/tokens"]
        .map(str::to_owned)
        .into();
    for source in ["tests/echo/src/main.rs", "tests/testkit/src/bin/tokens.rs"] {
        ensure!(repository().join(source).is_file(), "no {source}");
    }
    for entry in fs::read_dir(repository().join("filters"))? {
        let name = entry?.file_name();
        made.insert(format!("dist/{}.wasm", name.to_string_lossy()));
    }
    let mut seen = 0;
    for copy in file.stages.iter().flat_map(|stage| &stage.copies) {
        ensure!(copy.from == "build", "{copy:?}");
        ensure!(made.contains(&copy.source), "nothing makes {copy:?}");
        seen += 1;
    }
    ensure!(seen == 4, "{seen} copies");
    let module = file.stage("module").context("no stage `module`")?;
    ensure!(module.base == "scratch" && module.copies.len() == 1);
    ensure!(module.copies[0].target == "/plugin.wasm");
    Ok(())
}

#[test]
fn what_is_built_is_copied_into_the_build() -> anyhow::Result<()> {
    let ignored = fs::read_to_string(repository().join(".dockerignore"))?;
    let ignored: BTreeSet<&str> = ignored
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    ensure!(ignored == BTreeSet::from(["/.git", "/dist", "/target"]));
    Ok(())
}

#[test]
fn published_ports_are_those_of_the_demo_and_on_loopback() -> anyhow::Result<()> {
    let compose = compose()?;
    let mut published = BTreeSet::new();
    for (_, service) in services(&compose)? {
        for port in words(&service["ports"]) {
            let (outer, inner) = port
                .strip_prefix("127.0.0.1:")
                .and_then(|ports| ports.split_once(':'))
                .with_context(|| format!("{port} is open to other machines"))?;
            ensure!(outer == inner, "{port}");
            published.insert(outer.to_owned());
        }
    }
    ensure!(published == ["10000", "9090", "9901"].map(str::to_owned).into());
    let shipped = yaml("envoy/envoy.yaml")?;
    let listener = &shipped["static_resources"]["listeners"][0]["address"]["socket_address"];
    ensure!(listener["port_value"] == 10000 && listener["address"] == "0.0.0.0");
    ensure!(shipped["admin"]["address"]["socket_address"]["port_value"] == 9901);
    let scrape = &yaml("envoy/compose/prometheus.yml")?["scrape_configs"][0];
    ensure!(scrape["static_configs"][0]["targets"][0] == "envoy:9901");
    ensure!(scrape["metrics_path"] == "/stats/prometheus");
    Ok(())
}

/// The upstreams must be where `envoy.yaml` looks for them, and carry the labels by which it chooses.
#[test]
fn the_instances_are_the_endpoints_of_the_shipped_configuration() -> anyhow::Result<()> {
    let compose = compose()?;
    let mut running = BTreeSet::new();
    for (name, service) in services(&compose)? {
        let command = words(&service["command"]);
        let ["/usr/local/bin/echo", instance, addr, labels @ ..] = command.as_slice() else {
            continue;
        };
        ensure!(instance == name && service["network_mode"] == "service:envoy");
        let labels: BTreeSet<String> = labels.iter().map(|&label| label.to_owned()).collect();
        running.insert(((*addr).to_owned(), labels));
    }
    let shipped = yaml("envoy/envoy.yaml")?;
    let assignment = &shipped["static_resources"]["clusters"][0]["load_assignment"];
    let endpoints = assignment["endpoints"][0]["lb_endpoints"].as_array();
    let expected = endpoints.context("no endpoints")?.iter().map(endpoint);
    ensure!(running == expected.collect(), "{running:#?}");
    Ok(())
}

fn endpoint(endpoint: &Value) -> (String, BTreeSet<String>) {
    let socket = &endpoint["endpoint"]["address"]["socket_address"];
    let addr = socket["address"].as_str().unwrap_or_default();
    let labels = endpoint["metadata"]["filter_metadata"]["envoy.lb"].as_object();
    let labels = labels.into_iter().flatten();
    let written =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    (
        format!("{addr}:{}", socket["port_value"]),
        written.collect(),
    )
}

#[test]
fn the_image_has_the_envoy_that_the_tests_run() -> anyhow::Result<()> {
    let file = Dockerfile::read("images/Dockerfile")?;
    let base = &file.stage("envoy").context("no stage `envoy`")?.base;
    let version = base
        .strip_prefix("envoyproxy/envoy:v")
        .and_then(|tag| tag.strip_suffix("-latest"));
    let version = version.with_context(|| base.clone())?;
    let output = Command::new(envoy_binary()?).arg("--version").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.contains(&format!("/{version}.")), "{version}: {said}");
    Ok(())
}

#[test]
fn envoy_accepts_what_its_container_is_given() -> anyhow::Result<()> {
    let file = Dockerfile::read("images/Dockerfile")?;
    let envoy = &compose()?["services"]["envoy"];
    let container = layout::Container::of(&file, envoy)?;
    container.everything_named_is_there()?;
    let output = Command::new(envoy_binary()?)
        .args(container.command(words(&envoy["command"])))
        .args(["--mode", "validate"])
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
