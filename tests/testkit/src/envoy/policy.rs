//! The watched policy file: replaced as a user would replace it, with Envoy's own word on what became of it.
//!
//! Envoy notices a file that is moved into the watched folder, not one that is written in place, so every update is a new
//! file renamed over the old one. What happened is read from the statistics of the extension configuration discovery.

use super::{admin::Admin, stats::Stats};
use crate::{config, poll};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// An update configures the plugin on every thread; a large document on a busy machine takes a while.
const TAKEN: Duration = Duration::from_secs(60);

/// What became of a replaced policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It serves now.
    Accepted,
    /// The former one keeps serving.
    Refused,
}

/// The watched file and what Envoy had counted when it was last looked at.
#[derive(Debug)]
pub(super) struct PolicyFile {
    path: PathBuf,
    prefix: String,
    resource: Value,
    version: u64,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    accepted: u64,
    refused: u64,
}

// === impl PolicyFile ===

impl PolicyFile {
    /// The file at `path` with this content, for the filter of this name.
    pub(super) fn new(path: PathBuf, filter: &str, resource: Value) -> Self {
        let prefix = format!("extension_config_discovery.http_filter.{filter}.");
        Self {
            path,
            prefix,
            resource,
            version: 1,
            seen: Seen::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the document and waits for Envoy's verdict.
    pub(super) fn replace(&mut self, admin: &Admin, document: &Value) -> anyhow::Result<Update> {
        self.seen = self.look(&admin.stats()?);
        self.version += 1;
        config::set(
            &mut self.resource,
            "version_info",
            json!(self.version.to_string()),
        );
        let text = match document {
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other)?,
        };
        let value = self
            .resource
            .pointer_mut("/resources/0/typed_config/config/configuration/value");
        *value.context("a policy file that is not laid out as shipped")? = Value::from(text);
        let new = self.path.with_extension("new");
        fs::write(&new, config::write_yaml(&self.resource)?)?;
        fs::rename(&new, &self.path)?;
        poll::until("Envoy to take or refuse the policy", TAKEN, || {
            self.outcome(admin)
        })
    }

    /// What became of the last replacement; `None` while Envoy has not decided.
    pub(super) fn outcome(&self, admin: &Admin) -> anyhow::Result<Option<Update>> {
        let now = self.look(&admin.stats()?);
        if now.refused > self.seen.refused {
            return Ok(Some(Update::Refused));
        }
        Ok((now.accepted > self.seen.accepted).then_some(Update::Accepted))
    }

    fn look(&self, stats: &Stats) -> Seen {
        let get = |name: &str| stats.get(&format!("{}{name}", self.prefix));
        Seen {
            accepted: get("config_reload"),
            refused: get("update_rejected") + get("update_failure") + get("config_fail"),
        }
    }
}
