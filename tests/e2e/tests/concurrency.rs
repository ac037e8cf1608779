//! So many requests at once, over both workers, however they end.

#[path = "concurrency/trap.rs"]
mod trap;

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::{io::Write as _, net::TcpStream, time::Duration};
use testkit::{Envoy, Request, Update, until};

/// Beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that the service answers when the test is long over.
const LONG_MS: &str = "300000";

fn at_once(most: u32, more: &Value) -> Value {
    let mut policy = json!({ "name": "n", "maxConcurrency": most });
    if let (Some(policy), Some(more)) = (policy.as_object_mut(), more.as_object()) {
        policy.extend(more.clone());
    }
    documents::service(&json!({ "concurrencyLimitPolicies": [policy] }))
}

fn slow() -> Request {
    Request::get("/").header("x-echo-delay-ms", LONG_MS)
}

/// Sends a request on a connection of its own and leaves it with the service; dropping the connection is a client that goes.
fn hold(envoy: &Envoy, request: &Request) -> anyhow::Result<TcpStream> {
    let before = arrived(envoy)?;
    let mut connection = TcpStream::connect(envoy.addr())?;
    connection.write_all(&request.to_bytes())?;
    until("the request to reach the service", PATIENCE, || {
        Ok((arrived(envoy)? > before).then_some(()))
    })?;
    Ok(connection)
}

fn arrived(envoy: &Envoy) -> anyhow::Result<u64> {
    Ok(envoy.echo("base")?.requests() + envoy.echo("gray")?.requests())
}

/// No more get in, whichever worker they ask.
fn is_full(envoy: &Envoy, request: &Request) -> anyhow::Result<()> {
    for _ in 0..6 {
        let reply = envoy.send(request)?;
        expect::refusal(&reply, 429, 42902, "F42900")?;
        ensure!(reply.header("retry-after") == Some("1"), "{reply:?}");
    }
    Ok(())
}

/// What was held has been given back: a request gets in.
fn comes_free(envoy: &Envoy, request: &Request) -> anyhow::Result<()> {
    until("a permit to come free", PATIENCE, || {
        let reply = envoy.send(request)?;
        ensure!(matches!(reply.status, 200 | 429), "{reply:?}");
        Ok((reply.status == 200).then_some(()))
    })
}

#[test]
fn as_many_as_may_and_a_client_that_goes_makes_room() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(at_once(4, &json!({}))).start()?;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(hold(&envoy, &slow())?);
    }
    is_full(&envoy, &Request::get("/"))?;
    ensure!(
        arrived(&envoy)? == 4,
        "a refused request reached the service"
    );
    until("the access log", PATIENCE, || {
        let lines = envoy.access_log()?;
        let wanted = "steward_concurrency_limited{n}";
        Ok(lines.into_iter().find(|line| line.contains(wanted)))
    })?;

    held.pop();
    comes_free(&envoy, &Request::get("/"))?;
    drop(held);
    until("all permits to come back", PATIENCE, || {
        let before = arrived(&envoy)?;
        let mut again = Vec::new();
        for _ in 0..4 {
            let mut connection = TcpStream::connect(envoy.addr())?;
            connection.write_all(&slow().to_bytes())?;
            again.push(connection);
        }
        std::thread::sleep(Duration::from_millis(500));
        Ok((arrived(&envoy)? == before + 4).then_some(()))
    })?;
    envoy.finish()
}

#[test]
fn however_a_request_ends_its_permit_comes_back() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?
        .document(at_once(1, &json!({})))
        .change(|bootstrap| {
            for manager in bootstrap.connection_managers() {
                manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["timeout"] =
                    json!("1s");
            }
        })
        .start()?;
    let endings = [
        ("x-echo-status", "200", 200),
        ("x-echo-status", "500", 500),
        ("x-echo-reset", "1", 503),
        ("x-echo-delay-ms", LONG_MS, 504),
    ];
    for (name, value, status) in endings {
        // Twice: what is not given back is missing the second time.
        for _ in 0..2 {
            until("a permit to come free", PATIENCE, || {
                let reply = envoy.send(&Request::get("/").header(name, value))?;
                ensure!(
                    matches!(reply.status, 429) || reply.status == status,
                    "{name}: {reply:?}"
                );
                Ok((reply.status == status).then_some(()))
            })?;
        }
    }
    comes_free(&envoy, &Request::get("/"))?;
    envoy.finish()
}

#[test]
fn each_key_has_a_limit_of_its_own() -> anyhow::Result<()> {
    let key = json!({ "key": [{ "type": "header", "key": "x-user" }] });
    let envoy = Envoy::shipped()?.document(at_once(1, &key)).start()?;
    let of = |user: &str| Request::get("/").header("x-user", user);
    let _ann = hold(&envoy, &of("ann").header("x-echo-delay-ms", LONG_MS))?;
    is_full(&envoy, &of("ann"))?;
    let reply = envoy.send(&of("bob"))?;
    ensure!(reply.status == 200, "{reply:?}");
    envoy.finish()
}

#[test]
fn a_reload_keeps_what_is_under_way_and_a_long_stream_stays_counted() -> anyhow::Result<()> {
    let mut envoy = Envoy::shipped()?.document(at_once(1, &json!({}))).start()?;
    let held = hold(&envoy, &slow())?;
    for version in [2, 3] {
        let document = at_once(1, &json!({ "version": version }));
        ensure!(
            envoy.replace_policy(&document)? == Update::Accepted,
            "refused"
        );
        is_full(&envoy, &Request::get("/"))?;
    }
    // Longer than a worker that says nothing is believed to live.
    std::thread::sleep(Duration::from_secs(6));
    is_full(&envoy, &Request::get("/"))?;
    drop(held);
    comes_free(&envoy, &Request::get("/"))?;
    envoy.finish()
}

#[test]
fn who_may_wait_gets_in_when_another_leaves() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?
        .document(at_once(1, &json!({ "maxWaitMs": 30_000 })))
        .start()?;
    let held = hold(&envoy, &slow())?;
    let addr = envoy.addr();
    let waiting = std::thread::spawn(move || testkit::Client::new(addr).send(&Request::get("/")));
    until("the request to be asked", PATIENCE, || {
        let active = envoy.stats()?.sum("downstream_rq_active");
        Ok((active >= 2).then_some(()))
    })?;
    drop(held);
    let reply = waiting.join().ok().context("the client panicked")??;
    ensure!(reply.status == 200, "{reply:?}");
    envoy.finish()
}

/// The dead module's request is still with the service; nobody tells of its end.
#[test]
fn what_a_module_held_that_trapped_comes_back() -> anyhow::Result<()> {
    let get = json!({ "conditions": [{ "type": "method", "values": ["GET"] }] });
    let dist = trap::on_request_body("governance")?;
    let mut envoy = Envoy::shipped()?
        .document(at_once(1, &get))
        .dist(dist.path())
        .workers(1)
        .start()?;
    envoy.expect_log("proxy_on_request_body");
    envoy.expect_vm_reload();
    let held = hold(&envoy, &slow())?;
    let trapped = envoy.send(&Request::new("POST", "/").body("trap"))?;
    ensure!(trapped.status == 503, "{trapped:?}");
    let reply = envoy.send(&Request::get("/"))?;
    ensure!(matches!(reply.status, 429 | 503), "too soon: {reply:?}");
    until("the permit to come back", PATIENCE, || {
        let reply = envoy.send(&Request::get("/"))?;
        ensure!(matches!(reply.status, 200 | 429 | 503), "{reply:?}");
        Ok((reply.status == 200).then_some(()))
    })?;
    drop(held);
    comes_free(&envoy, &Request::get("/"))?;
    envoy.finish()
}
