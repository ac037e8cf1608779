//! Requests that no honest client sends: each gets an answer, and no worker is lost.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::ensure;
use e2e::{documents, expect};
use serde_json::{Value, json};
use testkit::{Bootstrap, Builder, Envoy, Request, tokens};

/// Every stage at work, so that each sees what comes.
fn everything() -> Value {
    let policy = json!({
        "lanePolicies": [{ "laneSpaceId": "demo" }],
        "rateLimitPolicies": [{
            "name": "by-header",
            "key": [{ "type": "header", "key": "x-bytes" }, { "type": "cookie", "key": "session" }],
            "slidingWindows": [{ "threshold": 1000, "timeWindowInMs": 1000 }],
            "conditions": [{ "type": "header", "opType": "NOT_EQUAL", "key": "x-bytes", "values": ["never"] }],
        }],
        "circuitBreakPolicies": [{ "name": "cb", "level": "SERVICE", "errorCodes": ["500"] }],
    });
    documents::with_authentication(documents::with_lanes(documents::service(&policy)))
}

fn guarded() -> anyhow::Result<Builder> {
    Ok(Envoy::shipped()?.document(everything()))
}

/// The service still answers a good request, on both workers.
fn still_serves(envoy: &Envoy) -> anyhow::Result<()> {
    let good = Request::get("/").bearer(&tokens::token("alice")?);
    for _ in 0..6 {
        expect::seen(&envoy.send(&good)?, "host")?;
    }
    Ok(())
}

#[test]
fn header_values_that_are_no_utf8() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    let bytes: &[u8] = b"\xa1\xb1\xff\xfe";
    let request = Request::get("/")
        .header("x-bytes", bytes)
        .header("cookie", bytes)
        .header("x-gray", bytes)
        .header("baggage", bytes)
        .bearer(&tokens::token("alice")?);
    let reply = envoy.send(&request)?;
    ensure!(
        expect::seen(&reply, "x-bytes")?.as_deref() == Some(r"\xa1\xb1\xff\xfe"),
        "{reply:?}"
    );

    let reply = envoy.send(
        &Request::get("/").header("authorization", [b"Bearer ".as_slice(), bytes].concat()),
    )?;
    expect::refusal(&reply, 401, 40101, "F40100")?;
    still_serves(&envoy)?;
    envoy.finish()
}

#[test]
fn a_thousand_headers() -> anyhow::Result<()> {
    let envoy = guarded()?.change(allow_many_headers).start()?;
    let many = |request: Request| {
        (0..1000).fold(request, |request, index| {
            request.header(&format!("x-many-{index}"), "some value")
        })
    };
    let reply = envoy.send(&many(Request::get("/").bearer(&tokens::token("alice")?)))?;
    ensure!(
        expect::seen(&reply, "x-many-999")?.as_deref() == Some("some value"),
        "the last one is lost"
    );
    expect::refusal(&envoy.send(&many(Request::get("/")))?, 401, 40101, "F40100")?;
    still_serves(&envoy)?;
    envoy.finish()
}

fn allow_many_headers(bootstrap: &mut Bootstrap) {
    for manager in bootstrap.connection_managers() {
        manager["max_request_headers_kb"] = json!(192);
        manager["common_http_protocol_options"]["max_headers_count"] = json!(2000);
    }
}

#[test]
fn the_same_header_many_times() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    let good = tokens::token("alice")?;
    let twice = Request::get("/").bearer(&good).bearer("other");
    let reply = envoy.send(&twice)?;
    // Two tokens are two claims of who this is: never a guess.
    expect::refusal(&reply, 401, 40101, "F40100")?;
    still_serves(&envoy)?;
    envoy.finish()
}

/// Envoy's connection manager itself answers whatever does not begin with a slash, before any filter.
#[test]
fn options_asterisk_ends_at_envoy() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    for request in [
        Request::new("OPTIONS", "*"),
        Request::get("*"),
        Request::get("admin"),
    ] {
        let with_token = request.clone().bearer(&tokens::token("alice")?);
        for request in [request, with_token] {
            let reply = envoy.send(&request)?;
            ensure!(matches!(reply.status, 400 | 404), "{request:?}: {reply:?}");
        }
    }
    let arrived = envoy.echo("base")?.requests() + envoy.echo("gray")?.requests();
    ensure!(arrived == 0, "{arrived} reached the service");
    still_serves(&envoy)?;
    envoy.finish()
}

#[test]
fn connect_is_governed_by_the_service() -> anyhow::Result<()> {
    let envoy = guarded()?.change(allow_connect).start()?;
    let connect = Request::new("CONNECT", "service-provider:80");
    expect::refusal(&envoy.send(&connect)?, 401, 40101, "F40100")?;
    ensure!(
        envoy.echo("base")?.requests() + envoy.echo("gray")?.requests() == 0,
        "it reached the service"
    );
    still_serves(&envoy)?;
    envoy.finish()
}

#[test]
fn connect_to_the_shipped_listener_is_refused() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    let reply = envoy.send(&Request::new("CONNECT", "service-provider:80"))?;
    ensure!((400..500).contains(&reply.status), "{reply:?}");
    still_serves(&envoy)?;
    envoy.finish()
}

fn allow_connect(bootstrap: &mut Bootstrap) {
    for manager in bootstrap.connection_managers() {
        manager["upgrade_configs"] = json!([{ "upgrade_type": "CONNECT" }]);
        let connect =
            json!({ "match": { "connect_matcher": {} }, "route": { "cluster": "service" } });
        if let Some(routes) = manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut() {
            routes.insert(0, connect);
        }
    }
}

#[test]
fn odd_values_where_a_policy_looks() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    let token = tokens::token("alice")?;
    let long = "k=v;".repeat(4000);
    for (name, value) in [
        ("cookie", ";;;=;=a;session;session=;session=\"x"),
        ("cookie", &*long),
        ("baggage", ",,,=,x-lane-code,x-lane-code=,=gray;;"),
        ("x-bytes", ""),
        ("grpc-timeout", "99999999999999999999H"),
        ("content-type", "application/grpc"),
    ] {
        let reply = envoy.send(
            &Request::get("/?a=%&%zz=&=&&a=b=c")
                .header(name, value)
                .bearer(&token),
        )?;
        ensure!(matches!(reply.status, 200 | 400), "{name}: {reply:?}");
    }
    still_serves(&envoy)?;
    envoy.finish()
}
