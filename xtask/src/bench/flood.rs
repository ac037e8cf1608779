//! What a flood of keys does to a keyed limit: `cargo xtask bench --flood`.
//!
//! A million strangers come once each, each under a key of its own, as fast as one Envoy with two workers answers. Among them
//! come residents, who were there before, and newcomers, who are as honest and come for the first time. A resident has an
//! entry of its own; a newcomer whose slot is full is counted with the strangers there, and may be refused for them.

use super::{filters, process, scene::Scene, table};
use anyhow::{Context as _, Result};
use benches::{Load, Shot, Tally, document};
use serde_json::json;
use std::{rc::Rc, time::Duration};
use testkit::{Envoy, Request};

/// Keys that come once.
const STRANGERS: usize = 1_000_000;

/// In so many parts, so that the requests need not lie in memory all at once.
const PARTS: usize = 20;

/// Of both, in each part.
const INNOCENTS: usize = 500;

/// Room of the tables that are tried: the default, and the most that there is.
const ENTRIES: [u32; 2] = [65_536, 1_048_576];

/// As many as let two workers always find work.
const CONNECTIONS: usize = 32;

/// Requests of a few keys beforehand, to compare with.
const CALM: usize = 50_000;

/// Longer than a flood takes here: what has come is counted to its end.
const WINDOW_MS: u32 = 600_000;

/// A request of a client, once per part, and the calm's many of ten clients, must fit.
const THRESHOLD: u32 = 100;

/// What was measured with tables of one size.
#[derive(Debug)]
pub(super) struct Row {
    entries: u32,
    calm: Phase,
    flood: Phase,
    before_kib: u64,
    after_kib: u64,
    overflows: u64,
    residents: Share,
    newcomers: Share,
}

/// A load's requests.
#[derive(Debug)]
struct Phase {
    requests: usize,
    cpu_us: f64,
    p50_us: f64,
    p99_us: f64,
    longest_us: f64,
}

/// So many of so many were refused.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    refused: usize,
    all: usize,
}

/// One Envoy, and what came of its requests.
struct Flood {
    envoy: Envoy,
    latencies: Vec<u64>,
    residents: Share,
    newcomers: Share,
}

/// Measures with tables of each size.
pub(super) fn measure(scene: &Scene) -> Result<Vec<Row>> {
    ENTRIES
        .into_iter()
        .map(|entries| row(scene, entries))
        .collect()
}

fn row(scene: &Scene, entries: u32) -> Result<Row> {
    let mut flood = Flood {
        envoy: scene.alone(2, filters::wasm("rate-limit", &limit(entries)))?,
        latencies: Vec::new(),
        residents: Share::default(),
        newcomers: Share::default(),
    };
    let calm: Vec<_> = (0..CALM)
        .map(|n| shot(&format!("calm-{}", n % 1_000)))
        .collect();
    let calm = flood.phase(|flood| flood.send(&calm).map(drop))?;
    let residents: Vec<_> = (0..INNOCENTS)
        .map(|n| shot(&format!("resident-{n}")))
        .collect();
    flood.send(&residents)?;
    let before_kib = process::resident(flood.envoy.id()?)?;
    let storm = flood.phase(|flood| (0..PARTS).try_for_each(|part| flood.part(part)))?;
    let after_kib = process::resident(flood.envoy.id()?)?;
    let overflows = flood.envoy.stats()?.sum("steward_state_overflow_total");
    let Flood {
        envoy,
        residents,
        newcomers,
        ..
    } = flood;
    envoy.finish().context("the flooded Envoy")?;
    Ok(Row {
        entries,
        calm,
        flood: storm,
        before_kib,
        after_kib,
        overflows,
        residents,
        newcomers,
    })
}

fn limit(entries: u32) -> serde_json::Value {
    let policy = json!({ "rateLimitPolicies": [{
        "name": "each",
        "key": [{ "type": "header", "key": "x-user" }],
        "slidingWindows": [{ "threshold": THRESHOLD, "timeWindowInMs": WINDOW_MS }],
    }] });
    json!({
        "services": [{ "name": document::HOST, "groups": [{ "name": "default", "servicePolicy": policy }] }],
        "settings": { "state": { "entriesPerPolicy": entries } },
    })
}

fn shot(user: &str) -> Shot {
    let request = Request::get("/")
        .host(document::HOST)
        .header("x-user", user);
    Shot {
        bytes: request.to_bytes().into(),
        status: Shot::ANY,
    }
}

// === impl Flood ===

impl Flood {
    fn phase(&mut self, load: impl FnOnce(&mut Self) -> Result<()>) -> Result<Phase> {
        self.latencies.clear();
        let before = process::cpu(self.envoy.id()?)?;
        load(self)?;
        let used = process::cpu(self.envoy.id()?)?.saturating_sub(before);
        Ok(Phase::of(&mut self.latencies, used))
    }

    fn send(&mut self, shots: &[Shot]) -> Result<Tally> {
        let load = Load {
            address: self.envoy.addr(),
            connections: CONNECTIONS,
        };
        let tally = load.once(&Rc::from(shots))?;
        self.latencies.extend(&tally.latencies);
        Ok(tally)
    }

    /// Strangers, and a resident and a newcomer every so many of them.
    fn part(&mut self, part: usize) -> Result<()> {
        let strangers = STRANGERS / PARTS;
        let every = strangers / INNOCENTS;
        let mut shots = Vec::with_capacity(strangers + 2 * INNOCENTS);
        for number in 0..strangers {
            shots.push(shot(&format!("stranger-{part}-{number}")));
            if number % every == 0 {
                let innocent = number / every;
                shots.push(shot(&format!("resident-{innocent}")));
                shots.push(shot(&format!("newcomer-{part}-{innocent}")));
            }
        }
        let tally = self.send(&shots)?;
        let refused = |of: usize| {
            let at = |shot: &&usize| (**shot % (every + 2)) == of;
            tally.refused.iter().filter(at).count()
        };
        self.residents.add(refused(1));
        self.newcomers.add(refused(2));
        Ok(())
    }
}

// === impl Share ===

impl Share {
    fn add(&mut self, refused: usize) {
        self.refused += refused;
        self.all += INNOCENTS;
    }

    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    fn text(self) -> String {
        format!(
            "{:.1} %",
            100.0 * self.refused as f64 / self.all.max(1) as f64
        )
    }
}

// === impl Phase ===

impl Phase {
    #[expect(clippy::cast_precision_loss, reason = "a million")]
    fn of(latencies: &mut [u64], used: Duration) -> Self {
        latencies.sort_unstable();
        let requests = latencies.len();
        let at = |part: usize| {
            let rank = requests.saturating_sub(1) * part / 100;
            latencies.get(rank).copied().unwrap_or_default() as f64 / 1e3
        };
        Self {
            requests,
            cpu_us: used.as_secs_f64() * 1e6 / requests.max(1) as f64,
            p50_us: at(50),
            p99_us: at(99),
            longest_us: at(100),
        }
    }

    fn cells(&self) -> [String; 5] {
        [
            self.requests.to_string(),
            format!("{:.1}", self.cpu_us),
            format!("{:.0}", self.p50_us),
            format!("{:.0}", self.p99_us),
            format!("{:.1}", self.longest_us / 1e3),
        ]
    }
}

/// All of it, in Markdown.
pub(super) fn tables(rows: &[Row]) -> [String; 2] {
    let head = [
        "table",
        "load",
        "requests",
        "CPU µs",
        "p50 µs",
        "p99 µs",
        "longest ms",
    ];
    let line = |row: &Row, load: &str, phase: &Phase| {
        let first = [row.entries.to_string(), load.to_owned()];
        first.into_iter().chain(phase.cells()).collect::<Vec<_>>()
    };
    let times = rows.iter().flat_map(|row| {
        [
            line(row, "1,000 keys", &row.calm),
            line(row, "1,000,000 keys once", &row.flood),
        ]
    });
    let effects = [
        "table",
        "resident MiB before",
        "after",
        "counted with strangers",
        "residents refused",
        "newcomers refused",
    ];
    let mib = |kib: u64| (kib / 1024).to_string();
    let effect = rows.iter().map(|row| {
        vec![
            row.entries.to_string(),
            mib(row.before_kib),
            mib(row.after_kib),
            row.overflows.to_string(),
            row.residents.text(),
            row.newcomers.text(),
        ]
    });
    [table::table(&head, times), table::table(&effects, effect)]
}
