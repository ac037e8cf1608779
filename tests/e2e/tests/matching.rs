//! Which service, group and path a request belongs to, as a caller can tell by the limit that meets it.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use testkit::{Envoy, Request, Response};

/// A limit that refuses the second request of its node within the test.
fn once(name: &str) -> Value {
    documents::window(name, 1, 3_600_000)
}

fn limited_by(reply: &Response, policy: &str) -> anyhow::Result<()> {
    expect::rate_limited(reply, 42901)?;
    ensure!(
        reply.json()?["error"]["policy"] == policy,
        "wanted {policy}, got {reply:?}"
    );
    Ok(())
}

#[test]
fn a_service_is_found_by_its_name_and_aliases_in_any_case() -> anyhow::Result<()> {
    let mut document = documents::service(&once("one"));
    document["services"][0]["aliases"] = json!(["orders.example"]);
    let envoy = Envoy::shipped()?.document(document).start()?;
    ensure!(
        envoy.send(&Request::get("/"))?.status == 200,
        "the first passes"
    );
    for host in ["service-provider", "Orders.Example", "ORDERS.EXAMPLE.:8080"] {
        limited_by(&envoy.send(&Request::get("/").host(host))?, "one").context(host)?;
    }
    ensure!(
        envoy.send(&Request::get("/").host("other.example"))?.status == 200,
        "another service"
    );
    envoy.finish()
}

#[test]
fn the_configured_service_wins_over_the_host() -> anyhow::Result<()> {
    let mut document = documents::service(&once("one"));
    document["service"] = json!(documents::SERVICE);
    let envoy = Envoy::shipped()?.document(document).start()?;
    ensure!(
        envoy.send(&Request::get("/").host("a"))?.status == 200,
        "the first passes"
    );
    limited_by(&envoy.send(&Request::get("/").host("b"))?, "one")?;
    envoy.finish()
}

#[test]
fn what_no_service_matches_passes_or_is_refused_as_configured() -> anyhow::Result<()> {
    let mut document = documents::service(&json!({}));
    let mut envoy = Envoy::shipped()?.document(document.clone()).start()?;
    let stranger = Request::get("/").host("unknown.example");
    ensure!(envoy.send(&stranger)?.status == 200, "by default it passes");
    document["settings"] = json!({ "unmatched": "refuse" });
    envoy.replace_policy(&document)?;
    expect::refusal(&envoy.send(&stranger)?, 404, 40401, "F40400")?;
    ensure!(
        envoy.send(&Request::get("/"))?.status == 200,
        "a governed service still answers"
    );
    envoy.finish()
}

#[test]
fn a_method_has_a_policy_of_its_own_and_inherits_the_rest() -> anyhow::Result<()> {
    let mut document = documents::paths(&once("group"), &[("/a", "PREFIX", json!({}))]);
    let methods = json!([{ "name": "POST", "servicePolicy": once("post") }]);
    document["services"][0]["groups"][0]["paths"][0]["methods"] = methods;
    let envoy = Envoy::shipped()?.document(document).start()?;
    for method in ["POST", "GET"] {
        ensure!(
            envoy.send(&Request::new(method, "/a"))?.status == 200,
            "{method}: the first passes"
        );
    }
    limited_by(&envoy.send(&Request::new("POST", "/a"))?, "post")?;
    // The group's limit is the group's, wherever it is inherited.
    limited_by(&envoy.send(&Request::get("/a"))?, "group")?;
    limited_by(&envoy.send(&Request::get("/elsewhere"))?, "group")?;
    envoy.finish()
}

#[test]
fn a_client_picks_its_group_only_where_client_headers_are_trusted() -> anyhow::Result<()> {
    let mut document = documents::service(&once("default"));
    let vip = json!({ "name": "vip", "servicePolicy": documents::window("vip", 1000, 1000) });
    document["services"][0]["groups"]
        .as_array_mut()
        .context("groups")?
        .push(vip);
    let mut envoy = Envoy::shipped()?.document(document.clone()).start()?;
    let request = Request::get("/").header("x-service-group", "vip");
    ensure!(envoy.send(&request)?.status == 200, "the first passes");
    limited_by(&envoy.send(&request)?, "default").context("a client chose its own limits")?;
    document["settings"] = json!({ "trustedClientHeaders": true });
    envoy.replace_policy(&document)?;
    for _ in 0..3 {
        ensure!(
            envoy.send(&request)?.status == 200,
            "the group vip has room"
        );
    }
    envoy.finish()
}

#[test]
fn a_policy_in_shadow_lets_pass_and_counts_what_it_would_refuse() -> anyhow::Result<()> {
    let mut policy = once("one");
    policy["rateLimitPolicies"][0]["mode"] = json!("shadow");
    let envoy = three_pass(&policy)?;
    let labels = [("policy", "one"), ("outcome", "would_refuse")];
    let counted = envoy.metric("steward_decisions_total", &labels)?;
    ensure!(
        (counted - 2.0).abs() < f64::EPSILON,
        "{counted} counted, two of three are too many"
    );
    // Envoy makes up an id for a request that brings none: a UUID.
    let said = envoy.log_lines()?;
    let of_shadow = said.iter().filter(|line| line.contains("would_refuse"));
    let ids =
        of_shadow.filter_map(|line| line.split(r#""request_id":""#).nth(1)?.split('"').next());
    let lengths: Vec<_> = ids.map(str::len).collect();
    ensure!(lengths == [36, 36], "{said:#?}");
    envoy.finish()
}

#[test]
fn a_disabled_policy_does_not_exist() -> anyhow::Result<()> {
    let mut policy = once("one");
    policy["rateLimitPolicies"][0]["enabled"] = json!(false);
    let envoy = three_pass(&policy)?;
    let decisions = envoy.metric("steward_decisions_total", &[("policy", "one")])?;
    ensure!(
        decisions == 0.0,
        "{decisions} decisions of a policy that is switched off"
    );
    let requests = envoy.metric("steward_requests_total", &[("service", documents::SERVICE)])?;
    ensure!(
        (requests - 3.0).abs() < f64::EPSILON,
        "{requests} requests counted, 3 were sent"
    );
    envoy.finish()
}

fn three_pass(policy: &Value) -> anyhow::Result<Envoy> {
    let envoy = Envoy::shipped()?
        .document(documents::service(policy))
        .start()?;
    for _ in 0..3 {
        let reply = envoy.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    Ok(envoy)
}

/// gRPC over HTTP/1.1 carries the same headers; what counts is the content type and the path `/package.Service/Method`.
#[test]
fn grpc_callers_are_matched_by_service_and_method_and_answered_in_their_own_words()
-> anyhow::Result<()> {
    let mut document = documents::service(&json!({}));
    document["services"][0]["serviceType"] = json!("RPC_APP");
    document["services"][0]["groups"][0]["paths"] = json!([{
        "path": "shop.Orders",
        "methods": [{ "name": "Place", "servicePolicy": once("place") }],
    }]);
    let envoy = Envoy::shipped()?.document(document).start()?;
    let call = |method: &str| {
        Request::new("POST", format!("/shop.Orders/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
    };
    ensure!(
        envoy.send(&call("Place"))?.header("x-echo-name").is_some(),
        "the first passes"
    );
    let refused = envoy.send(&call("Place"))?;
    ensure!(
        refused.header("grpc-status") == Some("8"),
        "not RESOURCE_EXHAUSTED: {refused:?}"
    );
    let message = refused.header("grpc-message").unwrap_or_default();
    ensure!(!message.is_empty() && !message.contains('{'), "{refused:?}");
    ensure!(
        envoy.send(&call("List"))?.header("x-echo-name").is_some(),
        "another method has no limit"
    );
    envoy.finish()
}

#[test]
fn a_grpc_caller_without_a_token_is_unauthenticated() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?
        .document(documents::with_authentication(documents::service(&json!(
            {}
        ))))
        .start()?;
    let call =
        Request::new("POST", "/shop.Orders/Place").header("content-type", "application/grpc");
    let refused = envoy.send(&call)?;
    ensure!(refused.header("grpc-status") == Some("16"), "{refused:?}");
    envoy.finish()
}
