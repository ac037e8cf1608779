//! Changes to the shipped configuration that make it fail in a known way.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use testkit::{Bootstrap, Builder};

const ROUTES: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts/0/routes";
const CLUSTERS: &str = "/static_resources/clusters";

/// Sets a member of the cluster of this name.
pub(crate) fn cluster(
    builder: Builder,
    name: &str,
    member: &str,
    value: &Value,
) -> anyhow::Result<Builder> {
    one_of(
        builder,
        CLUSTERS,
        &|cluster| cluster["name"] == name,
        &[member],
        value,
    )
}

/// Sets the timeout of every route for this prefix.
pub(crate) fn timeout(builder: Builder, prefix: &str, value: &Value) -> anyhow::Result<Builder> {
    let has = |route: &Value| route["match"]["prefix"] == prefix;
    one_of(builder, ROUTES, &has, &["route", "timeout"], value)
}

fn one_of(
    builder: Builder,
    list: &str,
    wanted: &dyn Fn(&Value) -> bool,
    place: &[&str],
    value: &Value,
) -> anyhow::Result<Builder> {
    let mut done = Ok(());
    let set = |bootstrap: &mut Bootstrap| -> anyhow::Result<()> {
        let entries = bootstrap.tree().pointer_mut(list);
        let entries = entries.and_then(Value::as_array_mut).context("no list")?;
        let mut count = 0;
        for entry in entries.iter_mut().filter(|entry| wanted(entry)) {
            *place.iter().fold(entry, |at, key| &mut at[*key]) = value.clone();
            count += 1;
        }
        ensure!(count > 0, "nothing to change in {list}");
        Ok(())
    };
    let builder = builder.change(|bootstrap| done = set(bootstrap));
    done.map(|()| builder)
}
