//! The whole filter, SDK included, in a model of Envoy: what a host in memory cannot show.

use super::scene::{NOW, Scene};
use crate::{JwtAuth, testing::Signer};
use host_model::{Envoy, Request, Response, Worker};
use serde_json::json;
use std::time::Duration;

struct Running {
    scene: Scene,
    envoy: Envoy,
    worker: Worker,
}

impl Running {
    fn new(scene: Scene) -> Self {
        let envoy = Envoy::new();
        envoy.set_wall_clock(Duration::from_secs(NOW));
        let document = scene.document.to_string();
        let worker = envoy.worker::<JwtAuth>(document.as_bytes()).unwrap();
        Self {
            scene,
            envoy,
            worker,
        }
    }

    fn ask(&mut self, request: Request) -> Response {
        self.worker
            .request(request.header(":authority", "orders.example"))
    }

    fn ask_with(&mut self, token: &str) -> Response {
        self.ask(Request::get("/orders").header("authorization", format!("Bearer {token}")))
    }
}

fn details(response: &Response) -> &str {
    response.details.as_deref().unwrap_or_default()
}

#[test]
fn every_algorithm_passes_and_its_forgery_does_not() {
    for (name, make) in [
        (
            "HS256",
            (|| Signer::hs256("k", b"a secret of at least thirty-two bytes")) as fn() -> Signer,
        ),
        ("RS256", || Signer::rs256("k")),
        ("ES256", || Signer::es256("k")),
    ] {
        let signer = make();
        let scene = Scene::new().provider("localJwks", json!({"keys": [signer.jwk]}));
        let mut running = Running::new(scene);
        let token = signer.token(&running.scene.claims());
        let response = running.ask_with(&token);
        assert_eq!(response.status, 200, "{name}: {}", details(&response));
        assert_eq!(
            response.forwarded.unwrap().get("x-user-id"),
            Some("ann"),
            "{name}"
        );
        let last = token.len() - 20;
        let other = if token.as_bytes()[last] == b'A' {
            "B"
        } else {
            "A"
        };
        let forged = format!("{}{other}{}", &token[..last], &token[last + 1..]);
        let response = running.ask_with(&forged);
        assert_eq!(
            (response.status, details(&response)),
            (401, "steward_jwt_signature{corp}")
        );
        assert!(response.forwarded.is_none());
    }
}

#[test]
fn hostile_headers_end_in_401_and_the_worker_lives() {
    let mut running = Running::new(Scene::new());
    let with = |value: &[u8]| Request::get("/orders").header("authorization", value);
    let long = [b"Bearer ".as_slice(), &[b'a'; 65_536]].concat();
    let mut crowd = Request::get("/orders");
    for number in 0..1_000 {
        crowd = crowd.header(&format!("x-{number}"), b"\xa1\xb1");
    }
    for request in [
        with(b"\xa1\xb1"),
        with(b"Bearer \xff\xfe.\xff.\xff"),
        with(&long),
        with(b"Bearer ..").header("authorization", b"Bearer .."),
        crowd,
    ] {
        let response = running.ask(request);
        assert_eq!(response.status, 401);
        assert!(
            details(&response).starts_with("steward_jwt_"),
            "{}",
            details(&response)
        );
    }
    let token = running.scene.token();
    assert_eq!(running.ask_with(&token).status, 200);
}

#[test]
fn a_good_token_costs_few_host_calls() {
    let mut running = Running::new(Scene::new());
    let token = running.scene.token();
    let calls = running.ask_with(&token).calls;
    assert_eq!(calls.of("proxy_get_header_map_pairs"), 1);
    assert_eq!(calls.of("proxy_call_foreign_function"), 1);
    assert_eq!(calls.of("proxy_get_header_map_value"), 0);
    assert_eq!(calls.of("proxy_get_property"), 0);
}

#[test]
fn a_token_dies_while_the_worker_runs() {
    let mut running = Running::new(Scene::new());
    let token = running.scene.token();
    assert_eq!(running.ask_with(&token).status, 200);
    running.worker.advance(Duration::from_secs(659));
    assert_eq!(running.ask_with(&token).status, 200);
    running.worker.advance(Duration::from_secs(1));
    assert_eq!(
        details(&running.ask_with(&token)),
        "steward_jwt_expired{corp}"
    );
}

/// By the SDK's own calls, whose dispatcher must know each answer; the canary and the main thread, configured first, ask nobody.
#[test]
fn keys_that_one_worker_fetches_are_anothers_too() {
    let mut scene = Scene::new();
    let provider = &mut scene.document["authentication"]["providers"]["corp"];
    provider.as_object_mut().unwrap().remove("localJwks");
    provider["remoteJwks"] = json!({"cluster": "issuer", "uri": "https://issuer.example/jwks"});
    let keys = json!({"keys": [scene.signer.jwk]}).to_string();
    let token = scene.token();

    let mut running = Running::new(scene);
    running.envoy.add_cluster("issuer");
    let document = running.scene.document.to_string();
    let mut other = running
        .envoy
        .worker::<JwtAuth>(document.as_bytes())
        .unwrap();
    let response = running.ask_with(&token);
    assert_eq!(response.status, 503);
    running.worker.advance(Duration::from_millis(100));
    assert!(other.run_timer());
    assert_eq!(other.callouts(), []);
    let calls = running.worker.callouts();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].headers.get(":path"), Some("/jwks"));
    let answer = host_model::Upstream::status(200).body(keys);
    running.worker.answer_callout(Some(&answer));

    assert_eq!(running.ask_with(&token).status, 200);
    let request = Request::get("/orders")
        .header(":authority", "orders.example")
        .header("authorization", format!("Bearer {token}"));
    assert_eq!(other.request(request).status, 200);
}
