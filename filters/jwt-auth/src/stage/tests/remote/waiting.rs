//! Requests that wait for the first keys.

use super::*;

/// What became of a request that may wait.
struct Held {
    stream: <Filter as Plugin>::Stream,
    flow: Flow,
}

impl Worker {
    fn begin(&self, token: &str) -> Held {
        let headers = get("/orders", &[("authorization", &bearer(token))]);
        self.host.set_request(&headers);
        let mut stream = self.filter.open();
        let flow = stream.request_headers(&self.host, true);
        Held { stream, flow }
    }
}

impl Process {
    /// Lets time pass until the request goes on, or is answered; how long that was.
    fn until_decided(&mut self, held: &mut Held) -> Duration {
        let start = self.workers[0].host.now();
        while let Flow::Wait(wait) = held.flow {
            self.pass(TICK);
            let host = &self.workers[0].host;
            let Wait::Until(due) = wait else {
                panic!("{wait:?}: nobody is to poll for keys");
            };
            if host.now() >= due {
                held.flow = held.stream.resume(host);
            }
        }
        self.workers[0].host.now().since(start)
    }
}

#[test]
fn a_request_may_wait_for_the_first_keys() {
    let signer = Signer::rs256("k1");
    let mut process = Process::waiting(2_000);
    let token = process.token(&signer);
    let mut held = process.workers[0].begin(&token);
    assert!(matches!(held.flow, Flow::Wait(_)), "{:?}", held.flow);
    process.pass(SECOND);
    process.issue(&[&signer]);
    process.until_decided(&mut held);
    assert_eq!(held.flow, Flow::Continue);
    let host = &process.workers[0].host;
    let user = host.request_headers().unwrap();
    assert_eq!(user.get("x-user-id"), Some(&b"ann"[..]));
}

#[test]
fn who_has_waited_long_enough_is_told_to_come_again() {
    let mut process = Process::waiting(2_000);
    let token = process.token(&Signer::rs256("k1"));
    let mut held = process.workers[0].begin(&token);
    let waited = process.until_decided(&mut held);
    assert_eq!(held.flow, Flow::Pause);
    assert!(
        waited >= 2 * SECOND && waited <= 2_200 * TICK / 100,
        "{waited:?}"
    );
    assert_eq!(refusal(&process.workers[0].host).details, UNAVAILABLE);
}

/// Each look costs what a request does, and a thousand may wait for half a minute.
#[test]
fn who_waits_long_looks_seldom() {
    let process = Process::waiting(30_000);
    let mut held = process.workers[0].begin(&process.token(&Signer::rs256("k1")));
    let host = &process.workers[0].host;
    let mut looks = 0;
    while let Flow::Wait(Wait::Until(due)) = held.flow {
        let pause = due.since(host.now());
        assert!(pause < 4 * SECOND, "{pause:?}: keys that have come wait");
        host.advance(pause);
        held.flow = held.stream.resume(host);
        looks += 1;
    }
    assert_eq!(held.flow, Flow::Pause);
    assert!(looks < 60, "{looks}");
}

#[test]
fn nobody_waits_for_nothing() {
    let signer = Signer::rs256("k1");
    // Where no room is left; a token that no key could help; one whose key is unknown while there are keys.
    let mut process = Process::waiting(2_000);
    let token = process.token(&signer);
    process.scene.document["settings"] = json!({"maxWaiting": 0});
    let crowded = Worker::start(process.scene.host(), &process.scene.document);
    assert_eq!(crowded.send(&token).as_deref(), Some(UNAVAILABLE));
    let secret = process.token(&Signer::hs256("k1", &[7; 32]));
    assert_eq!(
        process.workers[0].send(&secret).as_deref(),
        Some("steward_jwt_algorithm{corp}")
    );
    process.pass(TICK);
    process.issue(&[&Signer::es256("k2")]);
    assert_eq!(process.workers[0].send(&token).as_deref(), Some(UNKNOWN));
}
