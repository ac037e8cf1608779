//! Envoy configurations: shown files are the files, and parts are put into the smallest configuration and validated.

use crate::page::Block;
use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use std::fs;
use testkit::{Bootstrap, Envoy, repository};

const SMALLEST: &str = "envoy/minimal.yaml";

/// Checks a block of YAML.
pub(crate) fn check(block: &Block) -> anyhow::Result<()> {
    if let Some(file) = block.value("file") {
        let shown = fs::read_to_string(repository().join(file))?;
        ensure!(shown == block.text, "differs from {file}");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("block.yaml");
    fs::write(&path, &block.text)?;
    if block.is("bootstrap") {
        return Envoy::from_yaml(&path)?.validate();
    }
    let part = Bootstrap::read(&path)?.tree().clone();
    let what = if block.is("resource") {
        "resource"
    } else {
        block.value("fragment").unwrap_or_default()
    };
    let mut put = Ok(());
    let whole = Envoy::from_yaml(SMALLEST)?.change(|bootstrap| put = insert(bootstrap, what, part));
    put?;
    whole.validate()
}

/// Puts a part in its place in the smallest configuration.
fn insert(bootstrap: &mut Bootstrap, what: &str, part: Value) -> anyhow::Result<()> {
    match what {
        "stats_config" | "overload_manager" => merge(bootstrap.tree(), part)?,
        "cluster" => bootstrap.tree()["static_resources"]["clusters"] = part,
        "more_clusters" => {
            let clusters = &mut bootstrap.tree()["static_resources"]["clusters"];
            let clusters = clusters.as_array_mut().context("no clusters")?;
            clusters.extend(part.as_array().cloned().context("not a list of clusters")?);
        }
        "connection_manager" => {
            let mut managers = bootstrap.connection_managers();
            merge(managers.first_mut().context("no connection manager")?, part)?;
        }
        "http_filters" => filters(bootstrap, &part)?,
        "resource" => {
            let plugin = part["resources"][0]["typed_config"].clone();
            ensure!(
                part["resources"][0]["name"] == "governance" && plugin.is_object(),
                "no resource `governance`"
            );
            filters(
                bootstrap,
                &json!([{ "name": "governance", "typed_config": plugin }]),
            )?;
        }
        other => bail!("nowhere to put `{other}`"),
    }
    Ok(())
}

/// The filters of the connection manager, but for the router, which stays.
fn filters(bootstrap: &mut Bootstrap, filters: &Value) -> anyhow::Result<()> {
    let mut managers = bootstrap.connection_managers();
    let own = managers.first_mut().context("no connection manager")?;
    let own = own["http_filters"].as_array_mut().context("no filters")?;
    let router = own.pop().context("no router")?;
    *own = filters
        .as_array()
        .cloned()
        .context("not a list of filters")?;
    own.push(router);
    Ok(())
}

fn merge(into: &mut Value, part: Value) -> anyhow::Result<()> {
    let Value::Object(members) = part else {
        bail!("not an object");
    };
    for (name, value) in members {
        into[name] = value;
    }
    Ok(())
}
