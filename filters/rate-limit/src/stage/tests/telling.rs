//! What callers and operators are told.

use super::scene::{Scene, WALL, by_header, header, limit, service, windows, with};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn a_refusal_tells_why_and_for_how_long() {
    let policy = with(
        limit("limit 1", 1, 60_000),
        json!({ "realizeType": "TokenBucket" }),
    );
    let scene = Scene::new(&json!([policy]));
    assert!(scene.passes("/", &[("x-request-id", "r-1")]));
    scene.host.advance(Duration::from_millis(58_700));
    let outcome = scene.get("/", &[("x-request-id", "r-1")]);
    let reply = outcome.refusal();
    assert_eq!(
        (reply.status, reply.details.as_str()),
        (429, "steward_rate_limited{limit_1}")
    );
    assert_eq!(header(reply, "retry-after"), Some("2"));
    assert_eq!(header(reply, "ratelimit"), Some("\"limit 1\";r=0;t=2"));
    assert_eq!(
        header(reply, "ratelimit-policy"),
        Some("\"limit 1\";q=1;w=60")
    );
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["code"], 42901);
    let reset = WALL.as_secs() + 60;
    assert_eq!(
        body["error"],
        json!({ "policy": "limit 1", "limit": 1, "remaining": 0, "retry_after": 2, "reset": reset })
    );
    scene.host.advance(Duration::from_secs(1));
    assert!(!scene.passes("/", &[]), "a second earlier it does not pass");
    scene.host.advance(Duration::from_secs(1));
    assert!(scene.passes("/", &[]), "when promised, it does");
}

#[test]
fn who_passes_is_told_where_it_stands() {
    let policy = json!({ "name": "two", "slidingWindows": windows(&[(100, 1_000), (3, 2_000)]) });
    let scene = Scene::telling(&json!([policy]));
    scene.get("/", &[]);
    let outcome = scene.get("/", &[]);
    assert_eq!(outcome.header("ratelimit"), Some("\"two/2s\";r=1;t=2"));
    assert_eq!(
        outcome.header("ratelimit-policy"),
        Some("\"two/1s\";q=100;w=1, \"two/2s\";q=3;w=2")
    );
}

#[test]
fn who_passes_is_told_only_if_the_document_says_so() {
    let scene = Scene::new(&json!([limit("all", 1, 1_000)]));
    let untouched = [(":status".to_owned(), "200".to_owned())];
    assert_eq!(scene.get("/", &[]).response, untouched);
    let outcome = scene.get("/", &[]);
    let told = header(outcome.refusal(), "ratelimit");
    assert_eq!(told, Some("\"all\";r=0;t=1"), "a refusal tells always");
}

#[test]
fn the_fields_are_the_document_s_choice() {
    let document = |style| {
        json!({
            "services": [service(&json!([limit("all", 2, 1_000)]))],
            "settings": { "rateLimitHeaders": style, "rateLimitHeadersOnSuccess": true },
        })
    };
    let scene = Scene::with(&document("x-ratelimit"));
    let outcome = scene.get("/", &[]);
    let trio = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ]
    .map(|name| outcome.header(name));
    assert_eq!(trio, [Some("2"), Some("1"), Some("1")]);
    assert_eq!(outcome.header("ratelimit"), None);

    let scene = Scene::with(&document("none"));
    assert_eq!(
        scene.get("/", &[]).response,
        [(":status".to_owned(), "200".to_owned())]
    );
    scene.get("/", &[]);
    let outcome = scene.get("/", &[]);
    assert_eq!(
        outcome.refusal().headers.len(),
        2,
        "content-type and retry-after"
    );
}

#[test]
fn all_policies_tell_where_a_request_stands() {
    let each = with(
        limit("each", 9, 1_000),
        json!({ "key": by_header("x-user") }),
    );
    let scene = Scene::telling(&json!([limit("all", 3, 2_000), each]));
    let outcome = scene.get("/", &[("x-user", "ann")]);
    assert_eq!(
        outcome.header("ratelimit"),
        Some("\"all\";r=2;t=2, \"each\";r=8;t=1")
    );
}

#[test]
fn a_shadow_limit_counts_and_lets_pass() {
    let scene = Scene::telling(&json!([with(
        limit("all", 2, 1_000),
        json!({ "mode": "shadow" })
    )]));
    assert_eq!(scene.count(5, &[]), 5);
    assert_eq!(
        (
            scene.decisions("all", "passed"),
            scene.decisions("all", "would_refuse")
        ),
        (2, 3)
    );
    assert_eq!(
        scene.get("/", &[]).header("ratelimit"),
        None,
        "a client does not see it"
    );
}

#[test]
fn grpc_callers_get_resource_exhausted() {
    let scene = Scene::new(&json!([limit("all", 1, 1_000)]));
    let grpc = [("content-type", "application/grpc")];
    scene.get("/", &grpc);
    let outcome = scene.get("/", &grpc);
    assert_eq!(outcome.refusal().grpc_status, Some(8));
    assert_eq!(outcome.refusal().body, b"too many requests, retry later");
}
