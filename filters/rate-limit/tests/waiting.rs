//! Requests that wait, on two workers over the in-process model of Envoy: one line for both, and each goes on at its turn.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use host_model::{Envoy, Exchange, Progress, Request, Upstream, Worker};
use rate_limit::RateLimit;
use serde_json::{Value, json};
use std::time::Duration;

const MILLI: Duration = Duration::from_millis(1);

/// Both forms of the strict window, and the bucket, with how many pass in a second.
const WAYS: [(&str, u32); 3] = [
    ("Resilience4j", 4),
    ("Resilience4j", 40),
    ("TokenBucket", 4),
];

fn document(realize: &str, threshold: u32, more: &Value) -> Vec<u8> {
    let policy = json!({
        "name": "slow",
        "realizeType": realize,
        "slidingWindows": [{ "threshold": threshold, "timeWindowInMs": 1_000 }],
        "maxWaitMs": 30_000,
    });
    let group = json!({ "name": "default", "servicePolicy": { "rateLimitPolicies": [policy] } });
    let mut document = json!({ "services": [{ "name": "example.test", "groups": [group] }] });
    document["settings"] = more.clone();
    document.to_string().into_bytes()
}

/// Two workers of one process, and the requests that they hold, each with its worker and number.
struct Scene {
    envoy: Envoy,
    workers: [Worker; 2],
    held: Vec<(usize, usize, Exchange)>,
    /// When each request went on, in milliseconds, with its number.
    gone: Vec<(u64, usize)>,
    came: usize,
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
            came: 0,
        }
    }

    fn now(&self) -> u64 {
        self.envoy.monotonic() / 1_000_000
    }

    /// A request comes to a worker; what became of it at once.
    fn come(&mut self, worker: usize) -> Progress {
        let exchange = self.workers[worker].begin(Request::get("/"));
        let progress = self.workers[worker].progress(&exchange);
        match progress {
            Progress::Waiting => self.held.push((worker, self.came, exchange)),
            Progress::Forwarded => {
                self.gone.push((self.now(), self.came));
                self.workers[worker].respond(exchange, &Upstream::status(200));
            }
            Progress::Answered => {
                self.workers[worker].respond(exchange, &Upstream::status(200));
            }
        }
        self.came += 1;
        progress
    }

    /// A millisecond passes; each worker's timer runs at its own pace.
    fn pass(&mut self, late: [bool; 2]) {
        self.envoy.advance(MILLI);
        for (worker, late) in late.into_iter().enumerate() {
            if !late {
                self.workers[worker].run_timer();
            }
        }
        let now = self.now();
        for (worker, number, exchange) in std::mem::take(&mut self.held) {
            match self.workers[worker].progress(&exchange) {
                Progress::Waiting => self.held.push((worker, number, exchange)),
                Progress::Forwarded => {
                    self.gone.push((now, number));
                    self.workers[worker].respond(exchange, &Upstream::status(200));
                }
                Progress::Answered => panic!("{number} was refused"),
            }
        }
    }

    /// The most that went on within any stretch of so many milliseconds.
    fn most_within(&self, span: u64) -> usize {
        let within = |end: &(u64, usize)| {
            let counts = |at: &&(u64, usize)| at.0 <= end.0 && at.0 + span > end.0;
            self.gone.iter().filter(counts).count()
        };
        self.gone.iter().map(within).max().unwrap_or_default()
    }
}

/// The timers of the two workers are late, each in its own way, by up to 4 ms.
#[test]
fn by_the_moments_of_going_on_no_limit_is_exceeded_and_the_line_is_one() {
    for (realize, threshold) in WAYS {
        let mut scene = Scene::new(&document(realize, threshold, &json!({})));
        let all = usize::try_from(threshold).unwrap() * 3;
        for number in 0..all {
            assert_ne!(scene.come(number % 2), Progress::Answered);
        }
        for tick in 0..3_500 {
            scene.pass([tick % 3 != 0, tick % 5 != 0]);
        }
        assert_eq!(scene.gone.len(), all, "{realize}: all have gone on");
        let burst = usize::try_from(threshold).unwrap();
        match realize {
            "TokenBucket" => assert_eq!(scene.most_within(1_000), 2 * burst - 1, "{threshold}"),
            _ => assert_eq!(scene.most_within(1_000), burst, "{threshold}"),
        }
        // In the order of their numbers, but for those of one turn on two workers that were late otherwise.
        let ahead = |pair: &[(u64, usize)]| pair[0].1 > pair[1].1 && pair[1].0 > pair[0].0 + 4;
        assert!(!scene.gone.windows(2).any(ahead), "{:?}", scene.gone);
    }
}

#[test]
fn who_leaves_makes_room_at_the_other_worker() {
    let mut scene = Scene::new(&document("Resilience4j", 1, &json!({})));
    assert_eq!(scene.come(0), Progress::Forwarded);
    assert_eq!(scene.come(0), Progress::Waiting);
    let (_, _, leaves) = scene.held.pop().unwrap();
    scene.workers[0].reset(leaves);
    assert_eq!(scene.come(1), Progress::Waiting);
    // A second and 1/32 of it.
    (0..1_032).for_each(|_| scene.pass([false, false]));
    assert_eq!(scene.gone.len(), 2);
    let left = "steward_rate_waits_total;service=example.test;policy=slow;outcome=left";
    assert_eq!(scene.envoy.metric(left), Some(1));
}

#[test]
fn each_worker_has_its_own_room() {
    let settings = json!({ "maxWaiting": 2 });
    let mut scene = Scene::new(&document("TokenBucket", 4, &settings));
    let came: Vec<_> = (0..10).map(|number| scene.come(number % 2)).collect();
    let count = |wanted| came.iter().filter(|progress| **progress == wanted).count();
    assert_eq!(count(Progress::Forwarded), 4);
    assert_eq!(count(Progress::Waiting), 4);
    assert_eq!(count(Progress::Answered), 2);
}

/// A worker that was held up for longer than the slack.
#[test]
fn a_turn_that_is_taken_too_late_is_decided_anew() {
    let mut scene = Scene::new(&document("Resilience4j", 1, &json!({})));
    assert_eq!(scene.come(0), Progress::Forwarded);
    assert_eq!(scene.come(0), Progress::Waiting);
    assert_eq!(scene.come(1), Progress::Waiting);
    for tick in 0..4_000 {
        // The first worker sleeps from before its turn on, for half a second.
        scene.pass([(900..1_500).contains(&tick), false]);
    }
    assert_eq!(scene.gone.len(), 3);
    assert_eq!(scene.most_within(1_000), 1, "{:?}", scene.gone);
    let order: Vec<_> = scene.gone.iter().map(|(_, number)| *number).collect();
    assert_eq!(order, [0, 2, 1]);
}
