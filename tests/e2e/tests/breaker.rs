//! Circuit breaking: open on failures, answered in the service's place, closed again when it recovers.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::ensure;
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread::sleep,
    time::Duration,
};
use testkit::{Envoy, Request, Response, Update, grpc, until};

/// Beyond any open time of these tests on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// In what time every worker sees a trip; the next call may be another worker's than the one that tripped it.
const IN_TIME: Duration = Duration::from_millis(100);

fn breaker(more: &Value) -> Value {
    let mut breaker = json!({
        "name": "cb", "level": "SERVICE",
        "slidingWindowType": "count", "slidingWindowSize": 4, "minCallsThreshold": 4,
        "errorCodes": ["500", "502"], "failureRateThreshold": 50, "slowCallRateThreshold": 100,
        "slowCallDurationThreshold": 30_000, "waitDurationInOpenState": 1, "allowedCallsInHalfOpenState": 1,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        breaker[key] = value.clone();
    }
    documents::service(&json!({ "circuitBreakPolicies": [breaker] }))
}

fn degraded() -> Value {
    json!({ "degradeConfig": {
        "responseCode": 203, "contentType": "text/plain",
        "attributes": { "x-degraded": "yes" }, "responseBody": "later, please",
    } })
}

fn is_degraded(reply: &Response) -> bool {
    reply.status == 203
        && reply.header("x-degraded") == Some("yes")
        && reply.text() == "later, please"
}

fn failing() -> Request {
    Request::get("/").header("x-echo-status", "500")
}

/// The calls that fill the window; each reaches the service and its failure reaches the caller.
fn trip(envoy: &Envoy) -> anyhow::Result<()> {
    for _ in 0..4 {
        let reply = envoy.send(&failing())?;
        ensure!(
            reply.status == 500 && reply.header("x-echo-name").is_some(),
            "{reply:?}"
        );
    }
    sleep(IN_TIME);
    Ok(())
}

#[test]
fn a_failing_service_is_answered_for_and_comes_back() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(breaker(&degraded())).start()?;
    trip(&envoy)?;
    let reply = envoy.send(&Request::get("/"))?;
    ensure!(is_degraded(&reply), "{reply:?}");
    ensure!(
        reply.header("content-type") == Some("text/plain"),
        "{reply:?}"
    );
    let back = until("the breaker to close", PATIENCE, || {
        let reply = envoy.send(&Request::get("/"))?;
        ensure!(reply.status == 200 || is_degraded(&reply), "{reply:?}");
        Ok((reply.status == 200).then_some(reply))
    })?;
    expect::seen(&back, "host")?;
    for _ in 0..8 {
        let reply = envoy.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "closed, but: {reply:?}");
    }
    envoy.finish()
}

#[test]
fn a_probe_that_fails_opens_it_again() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?.document(breaker(&degraded())).start()?;
    trip(&envoy)?;
    until("a failing probe", PATIENCE, || {
        Ok((envoy.send(&failing())?.status == 500).then_some(()))
    })?;
    let reply = envoy.send(&Request::get("/"))?;
    ensure!(is_degraded(&reply), "{reply:?}");
    envoy.finish()
}

#[test]
fn without_a_degraded_reply_it_says_so_and_when_to_come_back() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?
        .document(breaker(&json!({ "waitDurationInOpenState": 600 })))
        .start()?;
    trip(&envoy)?;
    let reply = envoy.send(&Request::get("/"))?;
    expect::refusal(&reply, 503, 50303, "F50301")?;
    let seconds: u64 = reply.header("retry-after").unwrap_or_default().parse()?;
    ensure!((1..=600).contains(&seconds), "{reply:?}");
    envoy.finish()
}

#[test]
fn every_worker_sees_it_open() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?
        .document(breaker(&json!({ "waitDurationInOpenState": 600 })))
        .start()?;
    // Connections are spread evenly over the two workers, and each stays with its worker.
    let mut clients: Vec<_> = (0..10).map(|_| envoy.client()).collect();
    for client in &mut clients {
        let reply = client.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    // Good calls stand in the window already, so it takes fewer failures than a fresh one.
    until("the breaker to open", PATIENCE, || {
        Ok((envoy.send(&failing())?.status == 503).then_some(()))
    })?;
    until("every connection to be refused", PATIENCE, || {
        let mut open = true;
        for client in &mut clients {
            open &= client.send(&Request::get("/"))?.status == 503;
        }
        Ok(open.then_some(()))
    })?;
    envoy.finish()
}

/// Envoy itself answers this request, the upstream having failed, until the breaker does.
fn opens_by_envoys_own(envoy: &Envoy, request: &Request) -> anyhow::Result<()> {
    for _ in 0..4 {
        let reply = envoy.send(request)?;
        let is_envoys = reply.status == 503 && reply.json()?["code"] == 50301;
        ensure!(is_envoys, "{reply:?}");
    }
    sleep(IN_TIME);
    expect::refusal(&envoy.send(&Request::get("/"))?, 503, 50303, "F50301")
}

#[test]
fn a_refused_connection_is_a_failure() -> anyhow::Result<()> {
    // tcpmux, a service of 1988: nobody listens there, and the OS gives that port to nobody else meanwhile.
    let gone = SocketAddr::from(([127, 0, 0, 1], 1));
    let document = breaker(&json!({ "errorCodes": ["503"], "waitDurationInOpenState": 600 }));
    let envoy = Envoy::shipped()?
        .document(document)
        .endpoint(8081, gone)
        .endpoint(8082, gone)
        .start()?;
    opens_by_envoys_own(&envoy, &Request::get("/"))?;
    envoy.finish()
}

#[test]
fn refusals_of_other_policies_are_never_counted() -> anyhow::Result<()> {
    let mut document =
        breaker(&json!({ "errorCodes": ["429", "500"], "waitDurationInOpenState": 600 }));
    let limit = documents::window("two", 2, 3_600_000)["rateLimitPolicies"].clone();
    document["services"][0]["groups"][0]["servicePolicy"]["rateLimitPolicies"] = limit;
    let envoy = Envoy::shipped()?.document(document).start()?;
    let mut client = envoy.client();
    for expected in [200, 200] {
        ensure!(
            client.send(&Request::get("/"))?.status == expected,
            "the first two pass"
        );
    }
    for _ in 0..12 {
        expect::rate_limited(&client.send(&Request::get("/"))?, 42901)?;
    }
    envoy.finish()
}

/// The status of a gRPC call comes in its trailers, so only the stream's end tells it.
#[test]
fn a_failing_grpc_service_is_seen_by_the_status_in_its_trailers() -> anyhow::Result<()> {
    let document = breaker(&json!({ "errorCodes": ["14"], "waitDurationInOpenState": 600 }));
    let envoy = Envoy::from_yaml("envoy/gateway.yaml")?
        .document(document)
        .workers(1)
        // Where no collector listens, each export is an error line.
        .expect_log("OTLP HTTP exporter")
        .start()?;
    let call = grpc::Call::new("/steward.Echo/Say").message(b"\0\0\0\0\x05hello");
    let call = call.host(documents::SERVICE);
    for _ in 0..4 {
        let failing = call.clone().header("x-echo-grpc-status", "14");
        let answer = failing.send(envoy.addr())?;
        ensure!(answer.message == b"\0\0\0\0\x05hello", "{answer:?}");
    }
    let refused = call.send(envoy.addr())?;
    ensure!(refused.grpc_status.as_deref() == Some("14"), "{refused:?}");
    ensure!(
        refused.message.is_empty(),
        "it was let through: {refused:?}"
    );
    envoy.finish()
}

#[test]
fn callers_that_give_up_on_a_hanging_service_open_it_too() -> anyhow::Result<()> {
    let document = breaker(&json!({
        "minCallsThreshold": 2, "slowCallRateThreshold": 100, "slowCallDurationThreshold": 1,
        "waitDurationInOpenState": 600,
    }));
    let envoy = Envoy::shipped()?.document(document).workers(1).start()?;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: {}\r\nx-echo-delay-ms: 60000\r\n\r\n",
        documents::SERVICE
    );
    for call in 1..=2 {
        let mut caller = TcpStream::connect(envoy.addr())?;
        caller.write_all(head.as_bytes())?;
        let calls = || Ok((envoy.stats()?.sum("upstream_rq_total") >= call).then_some(()));
        until("the call's arrival", PATIENCE, calls)?;
        drop(caller);
    }
    let opened = || {
        let reply = envoy.send(&Request::get("/"))?;
        Ok((reply.status == 503).then_some(reply))
    };
    let refused = until("an open breaker", PATIENCE, opened)?;
    expect::refusal(&refused, 503, 50303, "F50301")?;
    envoy.finish()
}

#[test]
fn slow_calls_open_it_too_over_a_window_of_time() -> anyhow::Result<()> {
    let document = breaker(&json!({
        "slidingWindowType": "time", "slidingWindowSize": 600, "minCallsThreshold": 2,
        "slowCallRateThreshold": 100, "slowCallDurationThreshold": 50, "waitDurationInOpenState": 600,
    }));
    let envoy = Envoy::shipped()?.document(document).start()?;
    let slow = Request::get("/").header("x-echo-delay-ms", "200");
    // The time of a request with a body begins at its end, so the module must be told of that.
    let slow_with_body = Request::new("POST", "/")
        .header("x-echo-delay-ms", "200")
        .body("x");
    for request in [slow, slow_with_body] {
        let reply = envoy.send(&request)?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    sleep(IN_TIME);
    expect::refusal(&envoy.send(&Request::get("/"))?, 503, 50303, "F50301")?;
    envoy.finish()
}

#[test]
fn a_connection_that_breaks_is_a_failure() -> anyhow::Result<()> {
    let document = breaker(&json!({ "errorCodes": ["503"], "waitDurationInOpenState": 600 }));
    let envoy = Envoy::shipped()?.document(document).start()?;
    opens_by_envoys_own(&envoy, &Request::get("/").header("x-echo-reset", "1"))?;
    envoy.finish()
}

#[test]
fn an_open_breaker_stays_open_over_a_reload() -> anyhow::Result<()> {
    let mut document = breaker(&json!({ "waitDurationInOpenState": 600 }));
    let mut envoy = Envoy::shipped()?.document(document.clone()).start()?;
    trip(&envoy)?;
    expect::refusal(&envoy.send(&Request::get("/"))?, 503, 50303, "F50301")?;
    document["services"][0]["aliases"] = json!(["another.example"]);
    ensure!(
        envoy.replace_policy(&document)? == Update::Accepted,
        "refused"
    );
    expect::refusal(&envoy.send(&Request::get("/"))?, 503, 50303, "F50301")?;
    envoy.finish()
}

/// Envoy tells UNKNOWN of a web page that answers a gRPC request: no client may open a web service's breaker by that.
#[test]
fn a_web_service_called_as_grpc_stays_open_for_business() -> anyhow::Result<()> {
    let page = web_page()?;
    let document = breaker(&json!({ "errorCodes": [], "waitDurationInOpenState": 600 }));
    let envoy = Envoy::shipped()?
        .document(document)
        .endpoint(8081, page)
        .endpoint(8082, page)
        .start()?;
    let disguised = Request::get("/").header("content-type", "application/grpc");
    for _ in 0..6 {
        envoy.send(&disguised)?;
    }
    let reply = envoy.send(&Request::get("/"))?;
    ensure!(reply.status == 200, "{reply:?}");
    envoy.finish()
}

/// A service that knows nothing of gRPC, one answer a connection.
fn web_page() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
            );
        }
    });
    Ok(addr)
}
