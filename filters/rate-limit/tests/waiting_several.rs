//! Requests that wait where several limits hold, some for all and some for each user, on two workers over the in-process model
//! of Envoy: counted by the moments at which requests go on no limit is exceeded, and in the end nothing is held.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use host_model::{Envoy, Exchange, Progress, Request, Upstream, Worker};
use proptest::prelude::*;
use rate_limit::RateLimit;
use serde_json::{Value, json};
use std::time::Duration;

const MILLI: Duration = Duration::from_millis(1);
const USERS: [&str; 2] = ["ann", "bob"];

/// So many in a second, and whether they wait.
type Limit = (usize, bool);

fn policy(name: &str, (threshold, waits): Limit, key: &Value) -> Value {
    json!({
        "name": name,
        "slidingWindows": [{ "threshold": threshold, "timeWindowInMs": 1_000 }],
        "maxWaitMs": if waits { 3_000 } else { 0 },
        "key": key,
    })
}

fn document(all: Limit, each: Limit) -> Vec<u8> {
    let key = json!([{ "type": "header", "key": "x-user" }]);
    let policies = [policy("all", all, &json!([])), policy("each", each, &key)];
    let group = json!({ "name": "default", "servicePolicy": { "rateLimitPolicies": policies } });
    json!({ "services": [{ "name": "example.test", "groups": [group] }] })
        .to_string()
        .into_bytes()
}

/// A request: the milliseconds before it, its user, its worker, and after how many it leaves if it still waits.
type Visit = (u64, usize, usize, Option<u64>);

fn any_visit() -> impl Strategy<Value = Visit> {
    let leaves = prop::option::weighted(0.2, 0..2_000_u64);
    (0..150_u64, 0..2_usize, 0..2_usize, leaves)
}

fn any_limit() -> impl Strategy<Value = Limit> {
    (1..6_usize, prop::bool::weighted(0.8))
}

struct Held {
    user: usize,
    worker: usize,
    leaves_at: Option<u64>,
    exchange: Exchange,
}

struct Scene {
    envoy: Envoy,
    workers: [Worker; 2],
    held: Vec<Held>,
    /// When requests went on, in milliseconds, and whose.
    gone: Vec<(u64, usize)>,
}

impl Scene {
    fn new(document: &[u8]) -> Self {
        let envoy = Envoy::new();
        let workers = [(); 2].map(|()| envoy.worker::<RateLimit>(document).unwrap());
        Self {
            envoy,
            workers,
            held: Vec::new(),
            gone: Vec::new(),
        }
    }

    fn come(&mut self, (_, user, worker, leaves): Visit) -> Progress {
        let request = Request::get("/").header("x-user", USERS[user]);
        let held = Held {
            user,
            worker,
            leaves_at: leaves.map(|after| self.now() + after),
            exchange: self.workers[worker].begin(request),
        };
        self.look(held)
    }

    fn look(&mut self, held: Held) -> Progress {
        let worker = &mut self.workers[held.worker];
        let progress = worker.progress(&held.exchange);
        match progress {
            Progress::Waiting => self.held.push(held),
            Progress::Forwarded => {
                self.gone
                    .push((self.envoy.monotonic() / 1_000_000, held.user));
                worker.respond(held.exchange, &Upstream::status(200));
            }
            Progress::Answered => drop(worker.respond(held.exchange, &Upstream::status(200))),
        }
        progress
    }

    fn now(&self) -> u64 {
        self.envoy.monotonic() / 1_000_000
    }

    /// A millisecond passes; the second worker's timer is up to 3 ms late.
    fn pass(&mut self) {
        self.envoy.advance(MILLI);
        self.workers[0].run_timer();
        if self.now().is_multiple_of(4) {
            self.workers[1].run_timer();
        }
        let now = self.now();
        for held in std::mem::take(&mut self.held) {
            if held.leaves_at.is_some_and(|at| at <= now)
                && self.workers[held.worker].progress(&held.exchange) == Progress::Waiting
            {
                self.workers[held.worker].reset(held.exchange);
            } else {
                self.look(held);
            }
        }
    }

    /// The most of these that went on within any second.
    fn most(&self, of: impl Fn(usize) -> bool) -> usize {
        let ours: Vec<_> = self.gone.iter().filter(|(_, user)| of(*user)).collect();
        let counts = ours.iter().map(|(end, _)| {
            let within = |gone: &&&(u64, usize)| gone.0 <= *end && gone.0 + 1_000 > *end;
            ours.iter().filter(within).count()
        });
        counts.max().unwrap_or_default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_limit_is_exceeded_and_in_the_end_nothing_is_held(
        all in any_limit(),
        each in any_limit(),
        visits in prop::collection::vec(any_visit(), 1..40),
    ) {
        let mut scene = Scene::new(&document(all, each));
        for visit in visits {
            (0..visit.0).for_each(|_| scene.pass());
            scene.come(visit);
        }
        (0..3_200).for_each(|_| scene.pass());
        prop_assert!(scene.held.is_empty());
        prop_assert!(scene.most(|_| true) <= all.0);
        for user in 0..USERS.len() {
            prop_assert!(scene.most(|other| other == user) <= each.0);
        }

        // A window and its slack later all is free again, at once.
        (0..2_100).for_each(|_| scene.pass());
        for _ in 0..all.0.min(each.0) {
            prop_assert_eq!(scene.come((0, 0, 0, None)), Progress::Forwarded);
        }
    }
}
