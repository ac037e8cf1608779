//! What a large document costs before the first request: the time a worker is held up while its VM is configured, at the
//! start and when one service has changed, and the memory of each VM.
//!
//! A worker's own thread is what is measured, since a worker that configures serves nobody meanwhile; what V8 compiles in
//! the background and what the main thread does (a canary VM and its own) is left out. Memory is compared between an Envoy
//! of one worker and one of several: what each further worker adds is its VM.

use super::{process, result::median, scene::Scene};
use anyhow::{Context as _, Result, ensure};
use benches::document::{self, PATHS};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};
use testkit::{Envoy, Update};

/// One document's row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) rules: u32,
    pub(super) document_bytes: usize,
    /// A worker's CPU time from its thread's start until it was idle, the module's first run included.
    pub(super) start: Duration,
    /// A worker's CPU time for a document in which one service changed.
    pub(super) reload: Duration,
    /// Resident memory of the process with one worker.
    pub(super) resident_kib: u64,
    /// Resident memory that each further worker adds.
    pub(super) vm_kib: u64,
}

/// Documents of so many services; an empty one to compare with.
const SERVICES: [u32; 3] = [0, 100, 1_000];

/// Workers of the Envoy that shows what each one adds.
const MANY: u32 = 5;

/// Changed documents for one Envoy.
const RELOADS: u32 = 3;

/// Envoy's name for a worker's thread begins so.
const WORKER: &str = "wrk:";

/// Envoy is idle when all its threads together ran for less than `LITTLE` within a `PAUSE`.
const PAUSE: Duration = Duration::from_millis(150);
const LITTLE: Duration = Duration::from_millis(3);
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures all of them.
pub(super) fn measure(scene: &Scene) -> Result<Vec<Row>> {
    let row = |services| {
        let row = row(scene, services);
        row.with_context(|| format!("a document of {services} services"))
    };
    SERVICES.into_iter().map(row).collect()
}

fn row(scene: &Scene, services: u32) -> Result<Row> {
    let text = document::large(services, 0).to_string();
    let mut one = scene.watching(1, &text)?;
    idle(&one)?;
    let id = one.id()?;
    let (start, resident_kib) = (process::cpu_of(id, WORKER)?, process::resident(id)?);
    let many = scene.watching(MANY, &text)?;
    idle(&many)?;
    let more = process::resident(many.id()?)?.saturating_sub(resident_kib);
    many.finish()?;
    let reloads = (1..=RELOADS).map(|version| {
        // An empty document has nothing else to change, and Envoy reloads nothing for the same text.
        let space = " ".repeat(version as usize);
        let changed = document::large(services, version).to_string() + &space;
        reload(&mut one, &changed)
    });
    let reloads = reloads.collect::<Result<Vec<_>>>()?;
    one.finish()?;
    Ok(Row {
        rules: services * PATHS,
        document_bytes: text.len(),
        start,
        reload: Duration::from_secs_f64(median(reloads)),
        resident_kib,
        vm_kib: more / u64::from(MANY - 1),
    })
}

/// A worker's CPU time, in seconds.
fn reload(envoy: &mut Envoy, text: &str) -> Result<f64> {
    let before = process::cpu_of(envoy.id()?, WORKER)?;
    let update = envoy.replace_policy(&Value::from(text))?;
    ensure!(update == Update::Accepted, "Envoy refused it");
    idle(envoy)?;
    let after = process::cpu_of(envoy.id()?, WORKER)?;
    Ok(after.saturating_sub(before).as_secs_f64())
}

/// Waits until nothing is left to be done: workers take a configuration after the main thread did.
fn idle(envoy: &Envoy) -> Result<()> {
    let (id, end) = (envoy.id()?, Instant::now() + PATIENCE);
    let mut before = process::cpu(id)?;
    loop {
        thread::sleep(PAUSE);
        let now = process::cpu(id)?;
        if now.saturating_sub(before) < LITTLE {
            return Ok(());
        }
        ensure!(Instant::now() < end, "Envoy does not come to rest");
        before = now;
    }
}

// === impl Row ===

impl Row {
    pub(super) fn json(&self) -> Value {
        json!({
            "rules": self.rules,
            "document_bytes": self.document_bytes,
            "worker_start_ms": self.start.as_secs_f64() * 1e3,
            "worker_reload_ms": self.reload.as_secs_f64() * 1e3,
            "resident_kib": self.resident_kib,
            "vm_kib": self.vm_kib,
        })
    }
}
