//! The whole filter, in process: the requirement's example behind one, two or eight workers.

mod endings;
mod nodes;
mod replies;
mod shortcuts;
mod slow_motion;
mod workers;

use crate::CircuitBreaker;
use host_model::{Envoy, Exchange, Progress, Request, Response, Upstream, Worker};
use serde_json::{Value, json};
use std::time::Duration;

/// In what time every worker sees a trip.
const IN_TIME: Duration = Duration::from_millis(100);

const STATE: &str = "steward_breaker_state;service=example.test;policy=cb1";

/// The requirement's example (section 2.8) without its degraded reply, with some members changed.
fn policy(changes: &Value) -> Value {
    let mut policy = json!({
        "name": "cb1", "level": "SERVICE", "slidingWindowType": "count", "slidingWindowSize": 5,
        "minCallsThreshold": 1, "errorCodes": ["500", "502"], "failureRateThreshold": 20,
        "slowCallRateThreshold": 20, "slowCallDurationThreshold": 1000, "waitDurationInOpenState": 50,
        "allowedCallsInHalfOpenState": 3, "forceOpen": false, "version": 1
    });
    for (name, value) in changes.as_object().unwrap() {
        policy[name] = value.clone();
    }
    policy
}

/// A service with these breakers.
fn document(policies: &[Value]) -> Vec<u8> {
    let group = json!({"name": "default", "defaultGroup": true, "servicePolicy": {"circuitBreakPolicies": policies}});
    json!([{"name": "example.test", "groups": [group]}])
        .to_string()
        .into_bytes()
}

fn example() -> Vec<u8> {
    document(&[policy(&json!({}))])
}

/// One process and one worker of it.
struct Bench {
    envoy: Envoy,
    worker: Worker,
}

impl Bench {
    fn new(configuration: &[u8]) -> Self {
        let envoy = Envoy::new();
        envoy.advance(Duration::from_secs(1_000));
        let worker = envoy.worker::<CircuitBreaker>(configuration).unwrap();
        Self { envoy, worker }
    }

    /// The requirement's example, tripped just now.
    fn tripped(changes: &Value) -> Self {
        let mut bench = Self::new(&document(&[policy(changes)]));
        bench.answer(500);
        assert_eq!(bench.state(), Some(2));
        bench
    }

    /// The requirement's example, tripped and at the end of its open time.
    fn due(changes: &Value) -> Self {
        let bench = Self::tripped(changes);
        bench.pass(50);
        bench
    }

    fn another_worker(&self, configuration: &[u8]) -> Worker {
        self.envoy.worker::<CircuitBreaker>(configuration).unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.envoy.advance(Duration::from_secs(seconds));
    }

    /// A call that the upstream answers with this status.
    fn answer(&mut self, status: u32) -> Response {
        self.worker
            .exchange(Request::get("/"), &Upstream::status(status))
    }

    /// A call that is under way; it must have been let through.
    fn begin(&mut self) -> Exchange {
        let exchange = self.worker.begin(Request::get("/"));
        assert_eq!(self.worker.progress(&exchange), Progress::Forwarded);
        exchange
    }

    /// What a call gets that must not reach the upstream.
    fn refused(&mut self) -> Response {
        let response = self.worker.request(Request::get("/"));
        assert!(response.forwarded.is_none(), "{response:?}");
        response
    }

    fn is_open(&mut self) -> bool {
        self.state() == Some(2)
    }

    fn state(&self) -> Option<i64> {
        self.envoy.metric(STATE)
    }

    fn decisions(&self, outcome: &str) -> Option<i64> {
        let labels = "service=example.test;policy=cb1;kind=breaker";
        self.envoy.metric(&format!(
            "steward_decisions_total;{labels};outcome={outcome}"
        ))
    }

    fn transitions(&self, to: &str) -> Option<i64> {
        let name =
            format!("steward_breaker_transitions_total;service=example.test;policy=cb1;to={to}");
        self.envoy.metric(&name)
    }
}

/// A reply that Envoy makes in the upstream's place.
fn local_reply(status: u32, details: &str, flags: u64) -> Upstream {
    Upstream::status(status)
        .property("response.code_details", details)
        .property("response.flags", flags.to_le_bytes())
}
