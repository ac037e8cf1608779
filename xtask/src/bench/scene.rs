//! The Envoys: one for each variant, and one that plays the service behind all of them.

use super::{filters, process, variant::Variant};
use anyhow::{Context as _, Result};
use benches::Load;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use testkit::{Bootstrap, Envoy};

/// The configuration that all begin with: the smallest one that is shipped.
const BASE: &str = "envoy/minimal.yaml";

/// The ports that testkit would start servers of its own for.
const SHIPPED_PORTS: [u16; 2] = [8081, 8082];

/// As many as let one worker always find work.
const CONNECTIONS: usize = 16;

/// What all variants share.
pub(super) struct Scene {
    binary: PathBuf,
    dist: PathBuf,
    direct: bool,
    /// A process of its own, so that its work is counted to nobody. Not a direct response of the measured Envoy: no breaker
    /// counts an answer that did not come from an upstream.
    upstream: Envoy,
}

/// A variant that runs.
pub(super) struct Running {
    pub(super) variant: Variant,
    /// From its start until it was ready.
    pub(super) start: Duration,
    /// The CPU time that took.
    pub(super) start_cpu: Duration,
    /// Bytes of the modules it loaded.
    pub(super) module_bytes: u64,
    envoy: Envoy,
}

// === impl Scene ===

impl Scene {
    /// `direct`: the measured Envoys answer by themselves.
    pub(super) fn open(binary: PathBuf, dist: PathBuf, direct: bool) -> Result<Self> {
        let upstream = Envoy::from_yaml(BASE)?.change(|bootstrap| {
            set_filters(bootstrap, vec![]);
            answer_directly(bootstrap);
        });
        let upstream = upstream.workers(1).binary(&binary).start()?;
        Ok(Self {
            binary,
            dist,
            direct,
            upstream,
        })
    }

    /// Starts a variant and waits until it listens.
    pub(super) fn start(&self, mut variant: Variant) -> Result<Running> {
        let chain = std::mem::take(&mut variant.filters);
        let mut builder = Envoy::from_yaml(BASE)?.change(|bootstrap| {
            set_filters(bootstrap, chain);
            if self.direct {
                answer_directly(bootstrap);
            }
        });
        for port in SHIPPED_PORTS {
            builder = builder.endpoint(port, self.upstream.addr());
        }
        let builder = builder.workers(1).binary(&self.binary).dist(&self.dist);
        let begun = Instant::now();
        let envoy = builder
            .start()
            .with_context(|| format!("starting {}", variant.name))?;
        let start = begun.elapsed();
        Ok(Running {
            start,
            start_cpu: process::cpu(envoy.id()?)?,
            module_bytes: sizes(&self.dist, variant.modules)?,
            variant,
            envoy,
        })
    }

    /// Starts an Envoy that watches this document, as shipped, and waits until it has taken it.
    pub(super) fn watching(&self, workers: u32, document: &str) -> Result<Envoy> {
        let mut builder = Envoy::shipped()?.document(document).workers(workers);
        for port in SHIPPED_PORTS {
            builder = builder.endpoint(port, self.upstream.addr());
        }
        builder.binary(&self.binary).dist(&self.dist).start()
    }

    /// Starts an Envoy with this one filter that answers by itself.
    pub(super) fn alone(&self, workers: u32, filter: Value) -> Result<Envoy> {
        let builder = Envoy::from_yaml(BASE)?.change(|bootstrap| {
            set_filters(bootstrap, vec![filter]);
            answer_directly(bootstrap);
        });
        let builder = builder.workers(workers).binary(&self.binary);
        builder.dist(&self.dist).start()
    }

    /// Ends the service and says whether it behaved.
    pub(super) fn close(self) -> Result<()> {
        self.upstream.finish()
    }
}

// === impl Running ===

impl Running {
    pub(super) fn load(&self) -> Load {
        Load {
            address: self.envoy.addr(),
            connections: CONNECTIONS,
        }
    }

    pub(super) fn cpu(&self) -> Result<Duration> {
        process::cpu(self.envoy.id()?)
    }

    pub(super) fn resident(&self) -> Result<u64> {
        process::resident(self.envoy.id()?)
    }

    /// Ends it and says whether it behaved: an Envoy that logs errors or reloads a VM measures nothing.
    pub(super) fn close(self) -> Result<Variant> {
        let closed = self.envoy.finish();
        closed.with_context(|| self.variant.name)?;
        Ok(self.variant)
    }
}

fn set_filters(bootstrap: &mut Bootstrap, mut chain: Vec<Value>) {
    chain.push(filters::router());
    for manager in bootstrap.connection_managers() {
        if let Some(filters) = manager.get_mut("http_filters") {
            *filters = Value::Array(std::mem::take(&mut chain));
        }
    }
}

/// Lets the one route end in Envoy itself.
fn answer_directly(bootstrap: &mut Bootstrap) {
    let body = json!({ "inline_string": "{\"id\":7,\"state\":\"shipped\"}\n" });
    for manager in bootstrap.connection_managers() {
        if let Some(route) = manager.pointer_mut("/route_config/virtual_hosts/0/routes/0") {
            let answer = json!({ "status": 200, "body": body });
            *route = json!({ "match": { "prefix": "/" }, "direct_response": answer });
        }
    }
}

fn sizes(dist: &Path, modules: &[&str]) -> Result<u64> {
    let size = |module: &&str| {
        let path = dist.join(format!("{module}.wasm"));
        Ok(fs::metadata(&path)
            .with_context(|| path.display().to_string())?
            .len())
    };
    modules.iter().map(size).sum()
}
