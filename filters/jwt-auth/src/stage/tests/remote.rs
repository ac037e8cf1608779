//! Keys from their issuer: several workers of one process, an issuer that answers when the test says so.

use super::scene::{NOW, Scene, bearer, get, header, refusal};
use crate::{
    Authenticate,
    testing::{Signer, give_verifier},
};
use engine::Engine;
use host::{
    CallAnswer, Flow, Host, HostError, MAX_ANSWER_BODY, Plugin, Stream, Wait,
    fake::{FakeHost, SentCall},
};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

type Filter = Engine<(Authenticate,)>;

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// A worker of the process.
struct Worker {
    host: FakeHost,
    filter: Rc<Filter>,
    /// How many of its calls the issuer has answered.
    answered: usize,
}

struct Process {
    scene: Scene,
    workers: Vec<Worker>,
}

impl Worker {
    fn start(host: FakeHost, document: &Value) -> Self {
        give_verifier(&host);
        let filter = Filter::configure(&host, document.to_string().as_bytes());
        let filter = filter.unwrap_or_else(|| panic!("{:?}", host.lines()));
        Self {
            host,
            filter: Rc::new(filter),
            answered: 0,
        }
    }

    /// Sends a token: `None` if it passes, else the details of the refusal.
    fn send(&self, token: &str) -> Option<String> {
        let before = self.host.replies().len();
        let headers = get("/orders", &[("authorization", &bearer(token))]);
        self.host.set_request(&headers);
        match self.filter.open().request_headers(&self.host, true) {
            Flow::Continue => None,
            _ => Some(self.host.replies()[before].details.clone()),
        }
    }

    fn waiting(&self) -> Option<SentCall> {
        self.host.calls().get(self.answered).cloned()
    }

    fn answer(&mut self, status: u32, body: impl Into<Vec<u8>>) {
        let call = self.waiting().expect("a call that waits");
        self.answered += 1;
        let body = body.into();
        let answer = CallAnswer { status, body };
        self.filter
            .http_response(&self.host, call.id, Some(&answer));
    }
}

impl Process {
    fn new(workers: usize) -> Self {
        Self::with(workers, 0)
    }

    /// One worker, where a request may wait so long for the first keys.
    fn waiting(milliseconds: u32) -> Self {
        Self::with(1, milliseconds)
    }

    fn with(workers: usize, wait_ms: u32) -> Self {
        let mut scene = Scene::new();
        let provider = &mut scene.document["authentication"]["providers"]["corp"];
        provider.as_object_mut().unwrap().remove("localJwks");
        provider["remoteJwks"] = json!({
            "cluster": "issuer", "uri": "https://issuer.example/jwks?v=1",
            "timeoutMs": 2_000, "cacheDurationMs": 600_000,
            "waitMs": wait_ms,
        });
        let first = scene.host();
        let mut process = Self {
            workers: (1..workers)
                .map(|_| Worker::start(first.another_worker(), &scene.document))
                .collect(),
            scene,
        };
        process
            .workers
            .insert(0, Worker::start(first, &process.scene.document));
        process
    }

    /// A process whose workers all have this key.
    fn with_key(workers: usize, signer: &Signer) -> Self {
        let mut process = Self::new(workers);
        process.pass(TICK);
        process.issue(&[signer]);
        process.pass(TICK);
        process
    }

    /// Lets time pass, tick by tick.
    fn pass(&mut self, span: Duration) {
        for _ in 0..span.as_millis() / TICK.as_millis() {
            for worker in &self.workers {
                worker.host.advance(TICK);
                worker.filter.tick(&worker.host);
            }
        }
    }

    /// Lets time pass until a call is sent; how long that was.
    fn pass_until_fetch(&mut self) -> Duration {
        let calls = self.calls();
        let mut waited = Duration::ZERO;
        while self.calls() == calls {
            self.pass(TICK);
            waited += TICK;
            assert!(waited < 3_600 * SECOND, "nobody fetches");
        }
        waited
    }

    fn calls(&self) -> usize {
        let calls = self.workers.iter().map(|worker| worker.host.calls().len());
        calls.sum()
    }

    /// The worker whose call waits.
    fn fetcher(&mut self) -> &mut Worker {
        let mut waiting = self
            .workers
            .iter_mut()
            .filter(|worker| worker.waiting().is_some());
        let fetcher = waiting.next().expect("a call that waits");
        assert!(waiting.next().is_none(), "two workers fetch at once");
        fetcher
    }

    fn issue(&mut self, signers: &[&Signer]) {
        let body = set(signers);
        self.fetcher().answer(200, body);
    }

    fn token(&self, signer: &Signer) -> String {
        signer.token(&self.scene.claims())
    }

    fn metric(&self, outcome: &str) -> i64 {
        let name = format!("steward_jwks_fetches_total;provider=corp;outcome={outcome}");
        self.workers[0].host.metric(&name).unwrap_or_default()
    }

    fn lines(&self, kind: &str) -> Vec<Value> {
        let lines = self.workers.iter().flat_map(|worker| worker.host.lines());
        let lines = lines.filter_map(|(_, line)| serde_json::from_str::<Value>(&line).ok());
        lines.filter(|line| line["steward"] == kind).collect()
    }
}

fn set(signers: &[&Signer]) -> String {
    let keys: Vec<_> = signers.iter().map(|signer| &signer.jwk).collect();
    json!({"keys": keys}).to_string()
}

const UNAVAILABLE: &str = "steward_jwt_keys_unavailable{corp}";
const UNKNOWN: &str = "steward_jwt_unknown_key{corp}";

#[test]
fn one_fetch_serves_all_workers() {
    let signer = Signer::rs256("k1");
    let mut process = Process::new(4);
    assert_eq!(
        process.calls(),
        0,
        "none at configure: it runs in a canary too"
    );
    process.pass(SECOND);
    assert_eq!(process.calls(), 1);
    let call = process.fetcher().waiting().unwrap();
    assert_eq!(call.cluster, "issuer");
    let pairs = call.headers.iter().map(|(name, value)| (&**name, &**value));
    let pairs: Vec<_> = pairs.take(4).collect();
    assert_eq!(
        pairs,
        [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "issuer.example"),
            (":path", "/jwks?v=1")
        ]
    );
    assert_eq!(call.timeout, 2 * SECOND);
    process.issue(&[&signer]);
    process.pass(TICK);
    let token = process.token(&signer);
    for worker in &process.workers {
        assert_eq!(worker.send(&token), None);
    }
    assert_eq!((process.calls(), process.metric("fetched")), (1, 1));
    let told = process.lines("jwks_fetched");
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["keys"], &told[0]["remarks"]),
        (&json!(1), &json!([]))
    );
    let fetched_at = "steward_jwks_fetched_timestamp_seconds;provider=corp";
    let fetched_at = process.workers[0].host.metric(fetched_at);
    assert_eq!(fetched_at, Some(NOW as i64 + 1));
}

#[test]
fn before_the_first_keys_nobody_is_told_that_his_token_is_bad() {
    let signer = Signer::rs256("k1");
    let mut process = Process::new(1);
    let token = process.token(&signer);
    assert_eq!(
        process.workers[0].send(&token).as_deref(),
        Some(UNAVAILABLE)
    );
    let reply = refusal(&process.workers[0].host);
    assert_eq!(reply.status, 503);
    assert_eq!(header(&reply, "retry-after").as_deref(), Some("1"));
    assert_eq!(header(&reply, "www-authenticate"), None);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        (&body["code"], &body["reason"]),
        (&json!(50304), &json!("F50302"))
    );

    // What no key could help is refused for good.
    let mut other = process.scene.claims();
    other["iss"] = json!("https://elsewhere.example");
    let strange = signer.token(&other);
    let secret = process.token(&Signer::hs256("k1", &[7; 32]));
    assert_eq!(
        process.workers[0].send(&strange).as_deref(),
        Some("steward_jwt_issuer{corp}")
    );
    assert_eq!(
        process.workers[0].send(&secret).as_deref(),
        Some("steward_jwt_algorithm{corp}")
    );
    process.pass(TICK);
    process.issue(&[&signer]);
    assert_eq!(process.workers[0].send(&token), None);
}

#[test]
fn keys_that_another_worker_has_fetched_are_found_before_the_next_tick() {
    let signer = Signer::rs256("k1");
    let mut process = Process::new(2);
    process.pass(TICK);
    process.issue(&[&signer]);
    let token = process.token(&signer);
    for worker in &process.workers {
        assert_eq!(worker.send(&token), None);
    }
}

#[test]
fn keys_that_are_found_for_one_token_count_for_those_that_were_believed() {
    let (old, new) = (Signer::rs256("k1"), Signer::es256("k2"));
    let mut process = Process::with_key(2, &old);
    let token = process.token(&old);
    for worker in &process.workers {
        assert_eq!(worker.send(&token), None);
    }
    process.pass_until_fetch();
    process.issue(&[&new]);
    for worker in &process.workers {
        assert_eq!(worker.send(&process.token(&new)), None);
        assert_eq!(worker.send(&token).as_deref(), Some(UNKNOWN));
    }
}

#[test]
fn a_new_configuration_goes_on_with_the_same_keys() {
    let signer = Signer::rs256("k1");
    let mut process = Process::with_key(1, &signer);
    process.scene.document["authentication"]["providers"]["corp"]["audiences"] =
        json!(["orders", "stock"]);
    let host = process.workers[0].host.another_worker();
    let again = Worker::start(host, &process.scene.document);
    assert_eq!(again.send(&process.token(&signer)), None);
    again.filter.tick(&again.host);
    assert_eq!(again.host.calls(), []);

    process.scene.document["authentication"]["providers"]["corp"]["remoteJwks"]["uri"] =
        json!("https://issuer.example/other");
    let elsewhere = Worker::start(again.host.another_worker(), &process.scene.document);
    let token = process.token(&signer);
    assert_eq!(elsewhere.send(&token).as_deref(), Some(UNAVAILABLE));
}

#[test]
fn keys_are_fetched_again_before_their_time_and_serve_meanwhile() {
    let (old, new) = (Signer::rs256("k1"), Signer::es256("k2"));
    let mut process = Process::with_key(2, &old);
    let waited = process.pass_until_fetch();
    assert!(
        waited >= 479 * SECOND && waited <= 541 * SECOND,
        "{waited:?}"
    );
    let token = process.token(&old);
    for worker in &process.workers {
        assert_eq!(worker.send(&token), None);
    }
    process.issue(&[&new]);
    process.pass(TICK);
    for worker in &process.workers {
        // Believed before: no longer, since its key is gone.
        assert_eq!(worker.send(&token).as_deref(), Some(UNKNOWN));
        assert_eq!(worker.send(&process.token(&new)), None);
    }
}

#[test]
fn a_token_that_was_passed_over_is_asked_about_again_when_keys_have_changed() {
    let (old, new) = (Signer::rs256("k1"), Signer::es256("k2"));
    let mut process = Process::with_key(1, &old);
    let token = process.token(&new);
    assert_eq!(process.workers[0].send(&token).as_deref(), Some(UNKNOWN));
    process.pass(TICK);
    process.issue(&[&old, &new]);
    assert_eq!(process.workers[0].send(&token), None);
}

#[test]
fn a_key_is_bound_to_its_algorithm_wherever_it_comes_from() {
    let signer = Signer::rs256("k1");
    let mut process = Process::new(1);
    process.pass(TICK);
    let mut for_pss = signer.jwk.clone();
    for_pss["alg"] = json!("PS256");
    let secret = Signer::hs256("s", &[7; 32]);
    let body = json!({"keys": [for_pss, secret.jwk, {"kty": "new"}]}).to_string();
    process.fetcher().answer(200, body);
    assert_eq!(
        process.workers[0].send(&process.token(&signer)).as_deref(),
        Some(UNKNOWN)
    );
    assert_eq!(
        process.workers[0].send(&process.token(&secret)).as_deref(),
        Some("steward_jwt_algorithm{corp}")
    );
    let told = process.lines("jwks_fetched");
    assert_eq!(told[0]["keys"], 0);
    let remarks = told[0]["remarks"].to_string();
    for remark in [
        "/keys/0: none of",
        "/keys/1: none of",
        "/keys/2/kty: unknown",
    ] {
        assert!(remarks.contains(remark), "{remarks}");
    }
}

#[test]
fn an_answer_to_somebody_elses_call_is_nothing() {
    let signer = Signer::rs256("k1");
    let mut process = Process::new(1);
    process.pass(TICK);
    let worker = &process.workers[0];
    let answer = CallAnswer {
        status: 200,
        body: set(&[&signer]).into(),
    };
    worker
        .filter
        .http_response(&worker.host, host::CallId(77), Some(&answer));
    assert_eq!(
        worker.send(&process.token(&signer)).as_deref(),
        Some(UNAVAILABLE)
    );
}

#[test]
fn a_document_without_remote_keys_has_no_timer() {
    let scene = Scene::new();
    let worker = Worker::start(scene.host(), &scene.document);
    assert_eq!(worker.filter.tick_period(), None);
    let process = Process::new(1);
    assert_eq!(process.workers[0].filter.tick_period(), Some(TICK));
}

mod failures;
mod waiting;
