//! Envoy's admin interface, as far as tests need it.

use super::stats::{Sample, Stats};
use crate::{Client, Request};
use anyhow::Context as _;
use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

/// The admin interface of one Envoy.
#[derive(Debug)]
pub(super) struct Admin {
    addr: SocketAddr,
}

// === impl Admin ===

impl Admin {
    /// From the file that `--admin-address-path` names; `None` until Envoy has written it.
    pub(super) fn from_file(path: &Path) -> Option<Self> {
        let addr = fs::read_to_string(path).ok()?.trim().parse().ok()?;
        Some(Self { addr })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Whether Envoy serves.
    pub(super) fn ready(&self) -> bool {
        self.get("/ready").is_ok()
    }

    /// The listeners' addresses by name.
    pub(super) fn listeners(&self) -> anyhow::Result<BTreeMap<String, SocketAddr>> {
        let text = self.get("/listeners")?;
        // One line a listener: `name::127.0.0.1:10000`.
        let parse = |line: &str| {
            let (name, addr) = line
                .split_once("::")
                .with_context(|| format!("a listener's line: {line}"))?;
            Ok((name.to_owned(), addr.trim().parse()?))
        };
        text.lines().map(parse).collect()
    }

    pub(super) fn stats(&self) -> anyhow::Result<Stats> {
        Ok(Stats::parse(&self.get("/stats?type=All")?))
    }

    pub(super) fn prometheus(&self) -> anyhow::Result<Vec<Sample>> {
        Ok(Sample::parse_all(&self.get("/stats/prometheus")?))
    }

    fn get(&self, path: &str) -> anyhow::Result<String> {
        let response = Client::new(self.addr).send(&Request::get(path).host("admin"))?;
        anyhow::ensure!(
            response.status == 200,
            "admin {path}: {} {}",
            response.status,
            response.text()
        );
        Ok(response.text())
    }
}
