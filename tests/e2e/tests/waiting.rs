//! Requests that wait for their turn, in a real Envoy: `maxWaitMs`, `maxWaiting`, clients that leave, a VM that dies.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]
#![allow(
    clippy::disallowed_types,
    reason = "clients run on threads of their own and tell in which order they were answered"
)]

#[path = "waiting/mortal.rs"]
mod mortal;

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};
use testkit::{Envoy, Request, Update, until};

/// Far beyond what a turn takes on a loaded machine.
const LIMIT: Duration = Duration::from_secs(60);

/// One in `window` milliseconds, and who would pass within `wait` waits.
fn document(window: u64, wait: u64, settings: Value) -> Value {
    let mut policy = documents::window("slow", 1, window);
    policy["rateLimitPolicies"][0]["maxWaitMs"] = json!(wait);
    let mut document = documents::service(&policy);
    document["settings"] = settings;
    document
}

fn waits(envoy: &Envoy, outcome: &str) -> anyhow::Result<f64> {
    envoy.metric("steward_rate_waits_total", &[("outcome", outcome)])
}

/// Waits until so many are held. There is no metric of it: who is held has been counted by nobody yet, but has begun.
fn until_begun(envoy: &Envoy, requests: u64) -> anyhow::Result<()> {
    until("the requests to begin", LIMIT, || {
        let stats = envoy.stats()?;
        let active = stats.containing("downstream_rq_active");
        let begun: u64 = active
            .filter(|(name, _)| !name.contains("admin"))
            .map(|(_, count)| count)
            .sum();
        Ok((begun >= requests).then_some(()))
    })
}

/// A request whose answer nobody has read yet.
fn begin(envoy: &Envoy) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(envoy.addr())?;
    stream.set_read_timeout(Some(LIMIT))?;
    let host = documents::SERVICE;
    write!(
        stream,
        "GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )?;
    Ok(stream)
}

/// The status of its answer.
fn status(mut stream: TcpStream) -> anyhow::Result<u16> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1);
    let status = status.with_context(|| format!("no answer: {answer:?}"))?;
    Ok(status.parse()?)
}

#[test]
fn requests_go_on_in_the_order_of_arrival_and_never_too_early() -> anyhow::Result<()> {
    const WINDOW: u64 = 3_000;
    let document = document(WINDOW, 20_000, json!({}));
    let envoy = Envoy::shipped()?.document(document).start()?;
    let first = Instant::now();
    let reply = envoy.send(&Request::get("/"))?;
    ensure!(reply.status == 200, "{reply:?}");
    let passed = Instant::now();

    let answered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for name in ["second", "third"] {
            let answered = &answered;
            let stream = begin(&envoy)?;
            scope.spawn(move || {
                let status = status(stream);
                if let Ok(mut all) = answered.lock() {
                    all.push((name, status, Instant::now()));
                }
            });
            until_begun(&envoy, if name == "second" { 1 } else { 2 })?;
        }
        anyhow::Ok(())
    })?;
    let answered = answered.into_inner()?;
    let order: Vec<_> = answered.iter().map(|(name, ..)| *name).collect();
    ensure!(order == ["second", "third"], "{answered:?}");
    for (number, (_, status, at)) in (1..).zip(&answered) {
        ensure!(matches!(status, Ok(200)), "{answered:?}");
        // The first passed somewhere between these two moments.
        let span = at.duration_since(first);
        ensure!(
            span >= Duration::from_millis(WINDOW) * number,
            "{span:?} after {passed:?}"
        );
    }
    ensure!(waits(&envoy, "passed")? == 2.0, "two have waited");
    until("the histogram, which Envoy merges by and by", LIMIT, || {
        let count = envoy.metric("steward_rate_wait_ms_count", &[("policy", "slow")])?;
        Ok((count == 2.0).then_some(()))
    })?;
    envoy.finish()
}

#[test]
fn where_the_room_is_full_a_request_is_refused_at_once() -> anyhow::Result<()> {
    let document = document(3_000, 20_000, json!({ "maxWaiting": 1 }));
    let envoy = Envoy::shipped()?.document(document).workers(1).start()?;
    ensure!(envoy.send(&Request::get("/"))?.status == 200);
    let waiting = begin(&envoy)?;
    until_begun(&envoy, 1)?;
    for _ in 0..3 {
        expect::rate_limited(&envoy.send(&Request::get("/"))?, 42901)?;
    }
    ensure!(status(waiting)? == 200);
    envoy.finish()
}

#[test]
fn a_client_that_leaves_gives_its_place_to_the_next() -> anyhow::Result<()> {
    // Room for one turn within the wait, not for two.
    let document = document(10_000, 15_000, json!({}));
    let envoy = Envoy::shipped()?.document(document).start()?;
    ensure!(envoy.send(&Request::get("/"))?.status == 200);
    let leaves = begin(&envoy)?;
    until_begun(&envoy, 1)?;
    expect::rate_limited(&envoy.send(&Request::get("/"))?, 42901)?;
    drop(leaves);
    until("the client to be gone", LIMIT, || {
        Ok((waits(&envoy, "left")? == 1.0).then_some(()))
    })?;
    ensure!(
        envoy.send(&Request::get("/"))?.status == 200,
        "the place is taken"
    );
    ensure!(waits(&envoy, "passed")? == 1.0);
    envoy.finish()
}

/// More than Envoy buffers for a connection: it stops reading until the request goes on.
#[test]
fn what_a_request_sends_while_it_waits_goes_up_with_it() -> anyhow::Result<()> {
    const SENT: usize = 4 << 20;
    let envoy = Envoy::shipped()?
        .document(document(3_000, 20_000, json!({})))
        .start()?;
    let upload = Request::new("POST", "/").body(vec![b'x'; SENT]);
    for waited in [0.0, 1.0] {
        let reply = envoy.send(&upload)?;
        ensure!(reply.status == 200, "{reply:?}");
        ensure!(waits(&envoy, "passed")? == waited);
    }
    let up = envoy.stats()?.sum("upstream_cx_tx_bytes_total");
    ensure!(up >= 2 * SENT as u64, "{up} bytes went up");
    envoy.finish()
}

/// The old configuration's timer runs as long as one of its requests waits.
#[test]
fn a_request_that_waits_outlives_its_configuration() -> anyhow::Result<()> {
    let mut document = document(4_000, 20_000, json!({}));
    let mut envoy = Envoy::shipped()?.document(document.clone()).start()?;
    ensure!(envoy.send(&Request::get("/"))?.status == 200);
    let waiting = [begin(&envoy)?, begin(&envoy)?];
    until_begun(&envoy, 2)?;
    document["services"][0]["aliases"] = json!(["another"]);
    ensure!(envoy.replace_policy(&document)? == Update::Accepted);
    for waiting in waiting {
        ensure!(status(waiting)? == 200);
    }
    ensure!(waits(&envoy, "passed")? == 2.0);
    envoy.finish()
}

/// Its worker's VM dies while it waits: nobody is left to resume it, and Envoy ends it.
#[test]
fn what_a_dead_vm_leaves_waiting_ends_by_the_stream_idle_timeout() -> anyhow::Result<()> {
    let modules = mortal::modules()?;
    let mut envoy = Envoy::shipped()?
        .document(document(20_000, 30_000, json!({})))
        .module("rate-limit")
        .dist(modules.path())
        .workers(1)
        .change(|bootstrap| {
            for manager in bootstrap.connection_managers() {
                ensure_timeout(manager);
                manager["stream_idle_timeout"] = json!("3s");
                manager["http_protocol_options"] = json!({ "enable_trailers": true });
            }
        })
        .expect_log("wasm")
        .start()?;
    envoy.expect_vm_reload();
    ensure!(envoy.send(&Request::get("/"))?.status == 200);
    let waiting = begin(&envoy)?;
    until_begun(&envoy, 1)?;
    mortal::kill(&envoy)?;
    let status = status(waiting)?;
    ensure!(matches!(status, 503 | 504), "{status}");
    ensure!(waits(&envoy, "passed")? == 0.0, "nobody resumed it");
    // The next request finds a new VM, in which the turn is still taken: the state is not the VM's.
    until("the new VM", LIMIT, || {
        let reply = envoy.send(&Request::get("/"))?;
        Ok((reply.status == 429).then_some(()))
    })?;
    envoy.finish()
}

/// What the shipped files promise in this case.
fn ensure_timeout(manager: &Value) {
    assert_eq!(manager["stream_idle_timeout"], "60s");
}
