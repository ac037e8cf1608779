//! The shipped configurations, and the few changes that make them run anywhere.
//!
//! A shipped YAML names the ports and paths of a production host. Everything else in it is what is tested, so changes are
//! made in the parsed tree, at the places listed in [`Bootstrap`]'s methods, and nowhere else.

use crate::setup;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Where shipped configurations expect the module and the watched folder.
const INSTALLED: &str = "/etc/steward";

/// An Envoy bootstrap as a tree.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    tree: Value,
}

// === impl Bootstrap ===

impl Bootstrap {
    /// Reads a YAML file; a relative path counts from the repository's root.
    ///
    /// # Errors
    /// No such file, or no YAML.
    pub fn read(path: impl AsRef<Path>) -> anyhow::Result<Self> {
        Ok(Self {
            tree: read_yaml(&setup::repository().join(path))?,
        })
    }

    /// The tree, to be looked at or changed.
    pub fn tree(&mut self) -> &mut Value {
        &mut self.tree
    }

    /// Every HTTP connection manager's configuration.
    pub fn connection_managers(&mut self) -> Vec<&mut Value> {
        let mut found = Vec::new();
        collect(
            &mut self.tree,
            &|value| value.get("http_filters").is_some() && value.get("stat_prefix").is_some(),
            &mut found,
        );
        found
    }

    /// Moves listeners and the admin interface to loopback ports: the first listeners to `ports`, others to any.
    pub(crate) fn move_ports(&mut self, ports: &[u16], admin: u16) {
        let loopback =
            |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
        if let Some(address) = self.tree.pointer_mut("/admin/address") {
            *address = loopback(admin);
        }
        let listeners = self
            .tree
            .pointer_mut("/static_resources/listeners")
            .and_then(Value::as_array_mut);
        for (index, entry) in listeners.into_iter().flatten().enumerate() {
            if let Some(address) = entry.get_mut("address") {
                *address = loopback(ports.get(index).copied().unwrap_or(0));
            }
        }
    }

    /// Points upstream endpoints elsewhere, by the port they ship with.
    pub(crate) fn move_endpoints(&mut self, moved: &BTreeMap<u16, SocketAddr>) {
        let mut endpoints = Vec::new();
        collect(
            &mut self.tree,
            &|value| {
                value
                    .pointer("/address/socket_address/port_value")
                    .is_some()
            },
            &mut endpoints,
        );
        for endpoint in endpoints {
            let Some(socket) = endpoint.pointer_mut("/address/socket_address") else {
                continue;
            };
            let port = socket
                .get("port_value")
                .and_then(Value::as_u64)
                .and_then(|port| u16::try_from(port).ok());
            if let Some(addr) = port.and_then(|port| moved.get(&port)) {
                *socket = json!({ "address": addr.ip().to_string(), "port_value": addr.port() });
            }
        }
    }

    /// The `envoy.lb` labels of the shipped endpoint with this port.
    pub(crate) fn labels(&mut self, port: u16) -> Vec<(String, String)> {
        let mut endpoints = Vec::new();
        let pointer = "/endpoint/address/socket_address/port_value";
        collect(
            &mut self.tree,
            &|value| value.pointer(pointer).is_some_and(|known| known == port),
            &mut endpoints,
        );
        let labels = endpoints.first().and_then(|endpoint| {
            endpoint
                .pointer("/metadata/filter_metadata/envoy.lb")?
                .as_object()
        });
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        labels
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect()
    }

    /// Points every plugin at `dist`'s modules, and at `module` and `document` where given.
    pub(crate) fn fit_plugins(
        &mut self,
        dist: &Path,
        module: Option<&str>,
        document: Option<&Value>,
    ) -> anyhow::Result<()> {
        fit_plugins(&mut self.tree, dist, module, document)
    }

    /// Moves the watched folder to `folder`. Returns each watched file: its new place, and its shipped content.
    pub(crate) fn move_watched(&mut self, folder: &Path) -> anyhow::Result<Vec<(PathBuf, Value)>> {
        let mut sources = Vec::new();
        collect(
            &mut self.tree,
            &|value| value.get("path_config_source").is_some(),
            &mut sources,
        );
        sources
            .into_iter()
            .map(|source| move_source(source, folder))
            .collect()
    }

    /// The name of the filter whose configuration is discovered, if one is.
    pub(crate) fn discovered_filter(&mut self) -> Option<String> {
        let mut found = Vec::new();
        collect(
            &mut self.tree,
            &|value| value.get("config_discovery").is_some(),
            &mut found,
        );
        found.first()?.get("name")?.as_str().map(str::to_owned)
    }

    /// As JSON, which Envoy takes as well.
    pub(crate) fn to_json(&self) -> String {
        self.tree.to_string()
    }
}

/// Reads a YAML file into a tree.
pub(crate) fn read_yaml(path: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    yaml_serde::from_str(&text).with_context(|| format!("{} is no YAML", path.display()))
}

/// Writes a tree as YAML; text of several lines becomes a block that a person can edit.
pub(crate) fn write_yaml(tree: &Value) -> anyhow::Result<String> {
    Ok(yaml_serde::to_string(tree)?)
}

/// Points every plugin in `tree` at its module in `dist`, and gives it `document` where there is one.
///
/// A document that is a JSON string is taken as the text itself, so that a broken one can be given.
pub(crate) fn fit_plugins(
    tree: &mut Value,
    dist: &Path,
    module: Option<&str>,
    document: Option<&Value>,
) -> anyhow::Result<()> {
    let mut plugins = Vec::new();
    collect(
        tree,
        &|value| value.get("vm_config").is_some(),
        &mut plugins,
    );
    for plugin in plugins {
        if let Some(document) = document {
            let text = match document {
                Value::String(text) => text.clone(),
                other => serde_json::to_string_pretty(other)?,
            };
            set(
                plugin,
                "configuration",
                json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": text }),
            );
        }
        let code = plugin
            .pointer_mut("/vm_config/code/local/filename")
            .context("a plugin whose code is no local file")?;
        let name = module.map_or_else(|| stem(code), str::to_owned);
        *code = Value::from(setup::module_in(dist, &name)?.to_string_lossy());
    }
    Ok(())
}

fn move_source(source: &mut Value, folder: &Path) -> anyhow::Result<(PathBuf, Value)> {
    let watched = source
        .get_mut("path_config_source")
        .context("a configuration source")?;
    let installed = watched
        .get("path")
        .and_then(Value::as_str)
        .context("a watched path")?
        .to_owned();
    let within = Path::new(&installed)
        .strip_prefix(INSTALLED)
        .with_context(|| {
            format!("a shipped configuration watches {installed}, outside {INSTALLED}")
        })?;
    let shipped = read_yaml(&setup::repository().join("envoy").join(within))?;
    let path = folder.join(within.file_name().context("a watched file's name")?);
    set(watched, "path", Value::from(path.to_string_lossy()));
    set(
        watched,
        "watched_directory",
        json!({ "path": folder.to_string_lossy() }),
    );
    Ok((path, shipped))
}

fn stem(path: &Value) -> String {
    let path = Path::new(path.as_str().unwrap_or_default());
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Sets a field of an object.
pub(crate) fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// Every outermost value in the tree that `wanted` picks.
fn collect<'a>(
    tree: &'a mut Value,
    wanted: &dyn Fn(&Value) -> bool,
    found: &mut Vec<&'a mut Value>,
) {
    if wanted(tree) {
        found.push(tree);
        return;
    }
    match tree {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| collect(item, wanted, found)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| collect(field, wanted, found)),
        _ => {}
    }
}
