//! A document, its filter, and requests that each arrive at another worker.

use crate::RateLimit;
use host::{
    Flow, Nanos, Plugin, Stream, Wait,
    fake::{FakeHost, Reply},
};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

pub(super) const WALL: Duration = Duration::from_secs(1_705_734_400);

/// One Envoy with a document, and as many workers as a test wants.
pub(super) struct Scene {
    pub(super) host: FakeHost,
    pub(super) plugin: Rc<RateLimit>,
}

/// What came of one request.
pub(super) struct Outcome {
    pub(super) reply: Option<Reply>,
    pub(super) response: Vec<(String, String)>,
}

/// A request under way.
pub(super) struct Begun {
    pub(super) worker: FakeHost,
    stream: <RateLimit as Plugin>::Stream,
    pub(super) flow: Flow,
}

// === impl Begun ===

impl Begun {
    /// How long it is told to wait, in milliseconds.
    pub(super) fn wait(&self) -> Option<u64> {
        match self.flow {
            Flow::Wait(Wait::Until(at)) => {
                let span = at.since(host::Host::now(&self.worker));
                Some(u64::try_from(span.as_millis()).unwrap())
            }
            _ => None,
        }
    }

    /// It is asked for again, so much later on its worker's clock.
    pub(super) fn resume(&mut self, later: Duration) -> Flow {
        self.worker.advance(later);
        self.flow = self.stream.resume(&self.worker);
        self.flow
    }

    pub(super) fn end(mut self) {
        self.stream.end(&self.worker);
    }

    pub(super) fn retry_after(&self) -> Option<String> {
        let reply = self.worker.replies().into_iter().next()?;
        header(&reply, "retry-after").map(str::to_owned)
    }
}

// === impl Scene ===

impl Scene {
    /// A service `orders` with these policies, and a path `/admin` that has none of its own.
    pub(super) fn new(policies: &Value) -> Self {
        Self::with(&json!({ "services": [service(policies)] }))
    }

    /// The same, and replies to requests that pass have the rate-limit fields too.
    pub(super) fn telling(policies: &Value) -> Self {
        let settings = json!({ "rateLimitHeadersOnSuccess": true });
        Self::with(&json!({ "services": [service(policies)], "settings": settings }))
    }

    pub(super) fn with(document: &Value) -> Self {
        let host = FakeHost::new();
        host.set_wall_clock(WALL);
        host.set_now(Nanos(5_000_000_000));
        let plugin =
            configure(&host, document).unwrap_or_else(|| panic!("refused: {:?}", host.lines()));
        Self { host, plugin }
    }

    /// A request that has begun, at another worker each time.
    pub(super) fn begin(&self, headers: &[(&str, &str)]) -> Begun {
        let worker = self.host.another_worker();
        let base = [(":method", "GET"), (":authority", "orders"), (":path", "/")];
        worker.set_request(&[&base, headers].concat());
        let mut stream = self.plugin.open();
        let flow = stream.request_headers(&worker, true);
        Begun {
            worker,
            stream,
            flow,
        }
    }

    /// A request that arrives at another worker each time.
    pub(super) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Outcome {
        self.get_from("10.1.2.3", path, headers)
    }

    pub(super) fn get_from(&self, ip: &str, path: &str, headers: &[(&str, &str)]) -> Outcome {
        let worker = self.host.another_worker();
        let base = [
            (":method", "GET"),
            (":authority", "orders"),
            (":path", path),
        ];
        worker.set_request(&[&base, headers].concat());
        worker.set_property("source.address", format!("{ip}:40000").as_bytes());
        let mut stream = self.plugin.open();
        let flow = stream.request_headers(&worker, true);
        worker.set_response(&[(":status", "200")]);
        if flow == Flow::Continue {
            stream.response_headers(&worker, true);
        }
        stream.end(&worker);
        let response = host::Host::response_headers(&worker).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Outcome {
            reply: worker.replies().into_iter().next(),
            response: response
                .iter()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        }
    }

    pub(super) fn passes(&self, path: &str, headers: &[(&str, &str)]) -> bool {
        self.get(path, headers).reply.is_none()
    }

    pub(super) fn count(&self, requests: usize, headers: &[(&str, &str)]) -> usize {
        (0..requests).filter(|_| self.passes("/", headers)).count()
    }

    pub(super) fn decisions(&self, policy: &str, outcome: &str) -> i64 {
        let name = format!(
            "steward_decisions_total;service=orders;policy={policy};kind=rate;outcome={outcome}"
        );
        self.host.metric(&name).unwrap()
    }
}

// === impl Outcome ===

impl Outcome {
    pub(super) fn refusal(&self) -> &Reply {
        self.reply.as_ref().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(super) fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let found = reply.headers.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| std::str::from_utf8(value).unwrap())
}

pub(super) fn service(policies: &Value) -> Value {
    json!({
        "name": "orders",
        "groups": [{
            "name": "default",
            "servicePolicy": { "rateLimitPolicies": policies },
            "paths": [{ "path": "/admin" }],
        }],
    })
}

pub(super) fn configure(host: &FakeHost, document: &Value) -> Option<Rc<RateLimit>> {
    RateLimit::configure(host, document.to_string().as_bytes()).map(Rc::new)
}

pub(super) fn windows(windows: &[(u32, u64)]) -> Value {
    windows
        .iter()
        .map(|(threshold, ms)| json!({ "threshold": threshold, "timeWindowInMs": ms }))
        .collect()
}

pub(super) fn limit(name: &str, threshold: u32, ms: u64) -> Value {
    json!({ "name": name, "slidingWindows": windows(&[(threshold, ms)]) })
}

pub(super) fn with(mut policy: Value, more: Value) -> Value {
    let (Value::Object(policy_map), Value::Object(more)) = (&mut policy, more) else {
        panic!()
    };
    policy_map.extend(more);
    policy
}

pub(super) fn by_header(name: &str) -> Value {
    json!([{ "type": "header", "key": name }])
}
