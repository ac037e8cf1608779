//! How often each kind of request asks the host, pinned.
//!
//! A call out of the VM and back is the dearest thing a filter does (measured on Envoy 1.40: a header map 1.1 µs, a
//! compare-and-swap 0.7 µs), and it can be counted without a clock. A number here may fall; whoever lets one rise should
//! know it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end where it fails"
)]

mod scene;

use benches::document::{HOST, LIMITED_USER};
use host_model::{Envoy, Request, Response, Worker};
use scene::{Governance, document, token, with_open_breaker};

struct Scene {
    _envoy: Envoy,
    worker: Worker,
}

impl Scene {
    fn new(document: &[u8]) -> Self {
        let envoy = Envoy::new();
        envoy.set_wall_clock(testkit::tokens::now());
        let worker = envoy.worker::<Governance>(document).unwrap();
        Self {
            _envoy: envoy,
            worker,
        }
    }

    /// The answer to the second of two like requests: by then nothing is new.
    fn ask_twice(&mut self, token: Option<&str>) -> Response {
        self.ask(token);
        self.ask(token)
    }

    fn ask(&mut self, token: Option<&str>) -> Response {
        self.send(Request::get("/orders/7?page=2"), token)
    }

    fn send(&mut self, request: Request, token: Option<&str>) -> Response {
        let request = request.header(":authority", HOST);
        let request = request.header("x-lane", "gray");
        self.worker.request(match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        })
    }
}

/// By the functions' names, sorted.
fn calls(response: &Response) -> Vec<(&'static str, usize)> {
    response.calls.iter().collect()
}

#[test]
fn a_passing_request() {
    let response = Scene::new(&document()).ask_twice(Some(&token("ann")));
    assert_eq!(response.status, 200);
    let forwarded = response.forwarded.as_ref().unwrap();
    assert_eq!(forwarded.get("x-user-id"), Some("ann"));
    assert!(forwarded.get("x-steward-subset").is_some());
    assert_eq!(
        calls(&response),
        [
            ("clock_time_get", 3),
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_header_map_value", 1),
            ("proxy_get_shared_data", 1),
            ("proxy_increment_metric", 5),
            ("proxy_replace_header_map_value", 4),
            ("proxy_set_shared_data", 2),
        ]
    );
}

/// A body costs one more callback and the time at its end; from then on the upstream can be slow.
#[test]
fn a_passing_request_with_a_body() {
    let mut scene = Scene::new(&document());
    let token = token("ann");
    scene.ask_twice(Some(&token));
    let response = scene.send(Request::post("/orders/7", b"{}"), Some(&token));
    assert_eq!(response.status, 200);
    assert_eq!(
        calls(&response),
        [
            ("clock_time_get", 4),
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_header_map_value", 1),
            ("proxy_get_shared_data", 1),
            ("proxy_increment_metric", 5),
            ("proxy_replace_header_map_value", 4),
            ("proxy_set_shared_data", 2),
        ]
    );
}

#[test]
fn a_request_without_a_token() {
    let response = Scene::new(&document()).ask_twice(None);
    assert_eq!(response.status, 401);
    assert_eq!(
        calls(&response),
        [
            ("clock_time_get", 1),
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_log_level", 2),
            ("proxy_increment_metric", 2),
            ("proxy_log", 1),
            ("proxy_send_local_response", 1),
            ("proxy_set_property", 1),
        ]
    );
}

#[test]
fn a_request_over_its_limit() {
    let response = Scene::new(&document()).ask_twice(Some(&token(LIMITED_USER)));
    assert_eq!(response.status, 429);
    assert_eq!(
        calls(&response),
        [
            ("clock_time_get", 3),
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_log_level", 1),
            ("proxy_get_shared_data", 1),
            ("proxy_increment_metric", 4),
            ("proxy_log", 1),
            ("proxy_send_local_response", 1),
            ("proxy_set_property", 1),
        ]
    );
}

#[test]
fn a_request_that_the_breaker_refuses() {
    let response = Scene::new(&with_open_breaker()).ask_twice(Some(&token("ann")));
    assert_eq!(response.status, 503);
    assert_eq!(
        calls(&response),
        [
            ("clock_time_get", 3),
            ("proxy_get_header_map_pairs", 1),
            ("proxy_get_log_level", 1),
            ("proxy_get_shared_data", 1),
            ("proxy_increment_metric", 5),
            ("proxy_log", 1),
            ("proxy_send_local_response", 1),
            ("proxy_set_property", 1),
            ("proxy_set_shared_data", 1),
        ]
    );
}
