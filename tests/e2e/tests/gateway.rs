//! What an API gateway does besides governance, and that governance takes its place in it: `envoy/gateway.yaml`.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

#[path = "gateway/changed.rs"]
mod changed;
#[path = "gateway/collector.rs"]
mod collector;
#[path = "gateway/forward.rs"]
mod forward;

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::{net::TcpListener, time::Duration};
use testkit::{Builder, Envoy, Request, Response, grpc, tokens, until, websocket};

const ORIGIN: &str = "https://app.example";

fn gateway() -> anyhow::Result<Builder> {
    // Where no collector listens, each export is an error line.
    Ok(Envoy::from_yaml("envoy/gateway.yaml")?.expect_log("OTLP HTTP exporter"))
}

fn get(path: &str) -> anyhow::Result<Request> {
    Ok(Request::get(path).bearer(&tokens::token("alice")?))
}

/// Envoy's own refusal in Steward's words.
fn own_refusal(reply: &Response, status: u16, code: u32, reason: &str) -> anyhow::Result<()> {
    let body = reply.json()?;
    ensure!(
        reply.status == status && body["code"] == code && body["reason"] == reason,
        "wanted {status}, {code}, {reason}, got {reply:?}"
    );
    ensure!(
        reply.header("x-request-id") == body["request_id"].as_str(),
        "another request_id: {reply:?}"
    );
    let timestamp = body["timestamp"].as_str().context("no timestamp")?;
    ensure!(timestamp.parse::<u64>().is_ok(), "{reply:?}");
    ensure!(
        body["message"]
            .as_str()
            .is_some_and(|said| !said.is_empty()),
        "{reply:?}"
    );
    Ok(())
}

#[test]
fn every_answer_has_the_security_headers() -> anyhow::Result<()> {
    let envoy = gateway()?.start()?;
    let requests = [
        (200, get("/api/v1/users")?),
        (401, Request::get("/api/v1/users")),
        (404, get("/nowhere")?),
        (200, Request::get("/health")),
    ];
    for (status, request) in requests {
        let reply = envoy.send(&request)?;
        ensure!(reply.status == status, "{reply:?}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            ensure!(reply.header(name) == Some(value), "{name}: {reply:?}");
        }
    }
    envoy.finish()
}

#[test]
fn a_preflight_needs_no_token_and_a_refusal_may_be_read_by_the_page() -> anyhow::Result<()> {
    let envoy = gateway()?.start()?;
    let preflight = |origin: &str| {
        Request::new("OPTIONS", "/api/v1/users")
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
    };
    let reply = envoy.send(&preflight(ORIGIN))?;
    ensure!(reply.status == 200, "{reply:?}");
    let allowed = reply.header("access-control-allow-methods");
    ensure!(
        allowed.is_some_and(|methods| methods.contains("PUT")),
        "{reply:?}"
    );
    ensure!(reply.header("access-control-allow-origin") == Some(ORIGIN));
    ensure!(
        envoy.echo("base")?.requests() == 0,
        "it reached the service"
    );

    let foreign = envoy.send(&preflight("https://evil.example"))?;
    expect::refusal(&foreign, 401, 40101, "F40100")?;
    ensure!(foreign.header("access-control-allow-origin").is_none());

    let refused = envoy.send(&Request::get("/api/v1/users").header("origin", ORIGIN))?;
    expect::refusal(&refused, 401, 40101, "F40100")?;
    ensure!(refused.header("access-control-allow-origin") == Some(ORIGIN));
    ensure!(
        refused
            .header("access-control-expose-headers")
            .is_some_and(|names| names.contains("retry-after")),
        "{refused:?}"
    );
    envoy.finish()
}

#[test]
fn envoys_own_refusals_are_in_the_same_words() -> anyhow::Result<()> {
    let open = gateway()?.document(documents::service(&json!({})));
    let hasty = changed::timeout(open, "/api/", &json!("0.3s"))?;
    let no_room = json!({ "thresholds": [{ "max_requests": 0, "max_pending_requests": 0 }] });
    let envoy = changed::cluster(hasty, "v2", "circuit_breakers", &no_room)?.start()?;
    let send = |path: &str, header: &str, value: &str| {
        envoy.send(&Request::get(path).header(header, value))
    };
    own_refusal(&send("/nowhere", "x", "y")?, 404, 40401, "F40400")?;
    let late = send("/api/x", "x-echo-delay-ms", "20000")?;
    own_refusal(&late, 504, 50401, "F50400")?;
    own_refusal(&send("/api/v2/x", "x", "y")?, 503, 50302, "F50300")?;
    let reset = send("/api/v1/x", "x-echo-reset", "1")?;
    own_refusal(&reset, 503, 50301, "F50300")?;
    // The service's own errors are its own.
    let failed = send("/api/v1/x", "x-echo-status", "503")?;
    expect::from_upstream(&failed, "base")?;
    envoy.finish()
}

#[test]
fn no_instance_at_all_is_told_as_such() -> anyhow::Result<()> {
    let open = gateway()?.document(documents::service(&json!({})));
    let empty = json!({ "cluster_name": "v1" });
    let envoy = changed::cluster(open, "v1", "load_assignment", &empty)?.start()?;
    let reply = envoy.send(&Request::get("/api/v1/x"))?;
    own_refusal(&reply, 503, 50301, "F50300")?;
    envoy.finish()
}

#[test]
fn one_trace_id_in_the_span_the_log_and_at_the_service() -> anyhow::Result<()> {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let collector = TcpListener::bind(("127.0.0.1", 0))?;
    let envoy = gateway()?.endpoint(4318, collector.local_addr()?).start()?;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let reply = envoy.send(&get("/api/v1/users")?.header("traceparent", &parent))?;
    let seen = expect::seen(&reply, "traceparent")?.context("no traceparent at the service")?;
    ensure!(seen.contains(TRACE) && seen != parent, "{seen}");

    let exported = collector::receive(&collector)?;
    ensure!(
        exported.starts_with(b"POST /v1/traces "),
        "{}",
        exported.escape_ascii()
    );
    let id = u128::from_str_radix(TRACE, 16)?.to_be_bytes();
    for wanted in [&id[..], b"gateway"] {
        ensure!(
            exported.windows(wanted.len()).any(|part| part == wanted),
            "{} is not in {}",
            wanted.escape_ascii(),
            exported.escape_ascii()
        );
    }
    let line = logged(&envoy, "path", "/api/v1/users")?;
    ensure!(line["trace_id"] == TRACE, "{line}");
    envoy.finish()
}

#[test]
fn the_access_log_says_what_the_client_asked_for_and_why_it_was_refused() -> anyhow::Result<()> {
    let envoy = gateway()?.start()?;
    let refused = envoy.send(&Request::get("/api/v1/secret"))?;
    let line = logged(&envoy, "path", "/api/v1/secret")?;
    ensure!(line["details"] == "steward_jwt_missing", "{line}");
    ensure!(line["steward"] == "service=gateway", "{line}");
    ensure!(
        line["status"] == 401 && line["upstream"].is_null(),
        "{line}"
    );
    ensure!(line["request_id"].as_str() == refused.header("x-request-id"));
    ensure!(
        line["trace_id"].as_str().is_some_and(|id| id.len() == 32),
        "{line}"
    );
    envoy.send(&get("/api/v2/orders?page=2")?)?;
    let line = logged(&envoy, "path", "/api/v2/orders")?;
    ensure!(line["details"] == "via_upstream", "{line}");
    ensure!(line["steward"].is_null(), "{line}");
    ensure!(
        line["upstream"] == envoy.echo("gray")?.addr().to_string(),
        "{line}"
    );
    envoy.finish()
}

#[test]
fn health_needs_no_token_and_metrics_are_not_for_the_public() -> anyhow::Result<()> {
    let (admin, tell) = forward::listen()?;
    let envoy = gateway()?.endpoint(9901, admin).start()?;
    tell.send(envoy.admin_addr())?;

    let health = envoy.send(&Request::get("/health"))?;
    ensure!(
        health.status == 200 && health.json()?["status"] == "healthy",
        "{health:?}"
    );
    let beside = envoy.send(&Request::get("/health/x"))?;
    expect::refusal(&beside, 401, 40101, "F40100")?;
    let public = envoy.send(&get("/metrics")?)?;
    own_refusal(&public, 404, 40401, "F40400")?;

    let internal = envoy.listener("internal").context("no such listener")?;
    let internal = |path: &str| testkit::Client::new(internal).send(&Request::get(path));
    let metrics = internal("/metrics")?;
    ensure!(
        metrics.text().contains("steward_requests_total{"),
        "{metrics:?}"
    );
    let ready = internal("/health")?;
    ensure!(ready.status == 200 && ready.text() == "LIVE\n", "{ready:?}");
    for power in ["/quitquitquit", "/config_dump", "/stats"] {
        ensure!(internal(power)?.status == 404, "{power} is open");
    }
    envoy.finish()
}

#[test]
fn the_internal_listener_ships_on_loopback() -> anyhow::Result<()> {
    let mut bootstrap = testkit::Bootstrap::read("envoy/gateway.yaml")?;
    let tree = bootstrap.tree();
    for place in [
        &tree["admin"]["address"],
        &tree["static_resources"]["listeners"][1]["address"],
    ] {
        ensure!(place["socket_address"]["address"] == "127.0.0.1", "{place}");
    }
    Ok(())
}

#[test]
fn versions_live_side_by_side_by_path_and_by_header() -> anyhow::Result<()> {
    let envoy = gateway()?.start()?;
    let versioned = |path: &str, version: &str| {
        Ok::<_, anyhow::Error>(get(path)?.header("api-version", version))
    };
    let cases = [
        (get("/api/v1/users/7?x=1")?, "base", "/users/7?x=1"),
        (get("/api/v2/users/7?x=1")?, "gray", "/users/7?x=1"),
        (get("/api/users/7")?, "base", "/users/7"),
        (versioned("/api/users/7", "1")?, "base", "/users/7"),
        (versioned("/api/users/7", "2")?, "gray", "/users/7"),
    ];
    for (request, instance, path) in cases {
        let reply = envoy.send(&request)?;
        expect::from_upstream(&reply, instance)?;
        ensure!(reply.json()?["path"] == path, "{reply:?}");
    }
    envoy.finish()
}

#[test]
fn governance_sees_the_path_that_the_client_wrote() -> anyhow::Result<()> {
    let once = documents::window("v1-once", 1, 3_600_000);
    let paths = [("/api/v1/users", "PREFIX", once)];
    let envoy = gateway()?
        .document(documents::paths(&json!({}), &paths))
        .start()?;
    let v1 = Request::get("/api/v1/users/7");
    ensure!(envoy.send(&v1)?.status == 200, "the first passes");
    expect::rate_limited(&envoy.send(&v1)?, 42901)?;
    let refused = logged(&envoy, "details", "steward_rate_limited{v1-once}")?;
    ensure!(
        refused["steward"] == format!("service={};policy=v1-once", documents::SERVICE),
        "{refused}"
    );
    ensure!(envoy.send(&Request::get("/api/v2/users/7"))?.status == 200);
    envoy.finish()
}

#[test]
fn websocket_speaks_both_ways_after_a_checked_handshake() -> anyhow::Result<()> {
    let envoy = gateway()?.start()?;
    let refused = envoy.send(&websocket::handshake("/ws"))?;
    expect::refusal(&refused, 401, 40101, "F40100")?;
    let request = websocket::handshake("/ws").bearer(&tokens::token("alice")?);
    let said = websocket::exchange(envoy.addr(), &request, &["hello", "and again"])?;
    ensure!(said == ["hello", "and again"], "{said:?}");
    // Other paths do not become tunnels.
    let elsewhere = websocket::handshake("/api/v1/ws").bearer(&tokens::token("alice")?);
    ensure!(envoy.send(&elsewhere)?.status != 101, "a tunnel");
    envoy.finish()
}

#[test]
fn grpc_passes_and_is_refused_in_its_own_words() -> anyhow::Result<()> {
    let envoy = gateway()?.start()?;
    let token = tokens::token("alice")?;
    let call = grpc::Call::new("/steward.Echo/Say").message(b"\0\0\0\0\x05hello");

    let answer = call.clone().bearer(&token).send(envoy.addr())?;
    ensure!(answer.status == 200, "{answer:?}");
    ensure!(answer.message == b"\0\0\0\0\x05hello", "{answer:?}");
    ensure!(answer.grpc_status.as_deref() == Some("0"), "{answer:?}");

    let refused = call.clone().send(envoy.addr())?;
    ensure!(refused.status == 200, "{refused:?}");
    // 16 is UNAUTHENTICATED.
    ensure!(refused.grpc_status.as_deref() == Some("16"), "{refused:?}");
    ensure!(refused.message.is_empty(), "a body: {refused:?}");
    ensure!(
        refused
            .grpc_message
            .as_deref()
            .is_some_and(|said| !said.contains('{')),
        "{refused:?}"
    );

    // The service's own status arrives as the service said it.
    let failed = call.header("x-echo-grpc-status", "5").bearer(&token);
    let failed = failed.send(envoy.addr())?;
    ensure!(failed.grpc_status.as_deref() == Some("5"), "{failed:?}");
    envoy.finish()
}

#[test]
fn a_grpc_limit_is_resource_exhausted() -> anyhow::Result<()> {
    let document = documents::service(&documents::window("once", 1, 3_600_000));
    let envoy = gateway()?.document(document).start()?;
    let call = grpc::Call::new("/steward.Echo/Say").message(b"\0\0\0\0\0");
    let call = call.host(documents::SERVICE);
    let statuses = [call.clone().send(envoy.addr())?, call.send(envoy.addr())?];
    let statuses = statuses.map(|answer| answer.grpc_status.unwrap_or_default());
    ensure!(statuses == ["0", "8"], "{statuses:?}");
    envoy.finish()
}

/// The first access-log line with this member.
fn logged(envoy: &Envoy, member: &str, value: &str) -> anyhow::Result<Value> {
    until("a line of access log", Duration::from_secs(30), || {
        for line in envoy.access_log()? {
            let Ok(line) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            if line[member] == value {
                return Ok(Some(line));
            }
        }
        Ok(None)
    })
}
