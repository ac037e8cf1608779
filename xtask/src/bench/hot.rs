//! How often two workers get in each other's way: `cargo xtask bench --hot`.
//!
//! Every request is of one key, so that both workers change one shared value all the time. A swap that is lost to the other
//! worker is worked out anew; `steward_state_cas_retries_total` counts them.

use super::{filters, scene::Scene, table};
use anyhow::{Result, ensure};
use benches::{Load, Shot, document};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};
use testkit::Request;

/// What was measured with one kind of limit.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    requests: usize,
    a_second: f64,
    retries: u64,
}

/// How long each is under load.
const SPAN: Duration = Duration::from_secs(10);

const CONNECTIONS: usize = 64;

fn kinds() -> [(&'static str, Value); 5] {
    let key = json!([{ "type": "header", "key": "x-user" }]);
    let windows = json!([{ "threshold": document::UNREACHABLE, "timeWindowInMs": 1_000 }]);
    let most = document::UNREACHABLE;
    [
        (
            "one window, one for all",
            json!({ "rateLimitPolicies": [{ "name": "n", "slidingWindows": windows }] }),
        ),
        (
            "one window, one key",
            json!({ "rateLimitPolicies": [{ "name": "n", "slidingWindows": windows, "key": key }] }),
        ),
        (
            "at once, one for all",
            json!({ "concurrencyLimitPolicies": [{ "name": "n", "maxConcurrency": most }] }),
        ),
        (
            "at once, one key",
            json!({ "concurrencyLimitPolicies": [{ "name": "n", "maxConcurrency": most, "key": key }] }),
        ),
        (
            "one window and at once, one key",
            json!({
                "rateLimitPolicies": [{ "name": "n", "slidingWindows": windows, "key": key }],
                "concurrencyLimitPolicies": [{ "name": "n", "maxConcurrency": most, "key": key }],
            }),
        ),
    ]
}

/// Measures each kind of limit.
pub(super) fn measure(scene: &Scene) -> Result<Vec<Row>> {
    let rows = kinds()
        .into_iter()
        .map(|(name, policy)| row(scene, name, &policy));
    rows.collect()
}

fn row(scene: &Scene, name: &'static str, policy: &Value) -> Result<Row> {
    let groups = json!([{ "name": "default", "servicePolicy": policy }]);
    let document = json!({ "services": [{ "name": document::HOST, "groups": groups }] });
    let envoy = scene.alone(2, filters::wasm("rate-limit", &document))?;
    let request = Request::get("/")
        .host(document::HOST)
        .header("x-user", "ann");
    let shot = Shot {
        bytes: request.to_bytes().into(),
        status: 200,
    };
    let load = Load {
        address: envoy.addr(),
        connections: CONNECTIONS,
    };
    let (tally, _) = load.repeat(&Rc::from([shot]), 0, SPAN)?;
    let stats = envoy.stats()?;
    for worker in [".worker_0.", ".worker_1."] {
        let served: u64 = stats
            .containing(worker)
            .filter(|(name, _)| name.ends_with("downstream_cx_total"))
            .map(|(_, count)| count)
            .sum();
        ensure!(served > 0, "{worker} served nobody: this measures nothing");
    }
    let retries = stats.sum("steward_state_cas_retries_total");
    envoy.finish()?;
    let requests = tally.latencies.len();
    #[expect(clippy::cast_precision_loss, reason = "a million")]
    let a_second = requests as f64 / SPAN.as_secs_f64();
    Ok(Row {
        name,
        requests,
        a_second,
        retries,
    })
}

/// In Markdown.
pub(super) fn table(rows: &[Row]) -> String {
    let head = ["limit", "requests", "a second", "retries", "of requests"];
    #[expect(clippy::cast_precision_loss, reason = "a million")]
    let share = |row: &Row| 100.0 * row.retries as f64 / row.requests.max(1) as f64;
    let line = |row: &Row| {
        vec![
            row.name.to_owned(),
            row.requests.to_string(),
            format!("{:.0}", row.a_second),
            row.retries.to_string(),
            format!("{:.2} %", share(row)),
        ]
    };
    table::table(&head, rows.iter().map(line))
}
