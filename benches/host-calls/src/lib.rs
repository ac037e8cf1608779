//! A filter that makes one kind of host call many times a request, so that the cost of one can be told from the noise.
//!
//! Its configuration is the call and how often: `clock 20`. Unlike the empty filter it also listens to the response, which
//! tells what one more callback costs.

use host::{Expected, Flow, Host, MetricId, MetricKind, Plugin, Stream};
use std::rc::Rc;

/// What to call, and how often.
struct HostCalls {
    call: Call,
    times: u32,
    counter: Option<MetricId>,
}

enum Call {
    Nothing,
    Clock,
    HeaderMap,
    OneHeader,
    SetHeader,
    Metric,
    Get,
    GetAndSwap,
    Property,
}

struct Caller(Rc<HostCalls>);

/// As long as the names of the shared keys that the filters use.
const KEY: &[u8] = b"steward:c:00000000000000000000000000000000";

/// As large as a slot of ten clients with two windows each.
const VALUE: [u8; 3_000] = [7; 3_000];

/// Headers that the routing and the authentication set.
const NAMES: [&str; 4] = [
    "x-user-id",
    "x-lane-code",
    "x-lane-space-id",
    "x-steward-subset",
];

// === impl HostCalls ===

impl Plugin for HostCalls {
    type Stream = Caller;

    fn configure(host: &dyn Host, configuration: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(configuration).ok()?;
        let (call, times) = text.split_once(' ')?;
        host.shared_swap(KEY, &VALUE, Expected::Absent).ok()?;
        Some(Self {
            call: Call::named(call)?,
            times: times.parse().ok()?,
            counter: host.define_metric(MetricKind::Counter, "calls").ok(),
        })
    }

    fn open(self: &Rc<Self>) -> Caller {
        Caller(Rc::clone(self))
    }
}

// === impl Call ===

impl Call {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "nothing" => Self::Nothing,
            "clock" => Self::Clock,
            "header-map" => Self::HeaderMap,
            "one-header" => Self::OneHeader,
            "set-header" => Self::SetHeader,
            "metric" => Self::Metric,
            "get" => Self::Get,
            "get-and-swap" => Self::GetAndSwap,
            "property" => Self::Property,
            _ => return None,
        })
    }
}

// === impl Caller ===

impl Stream for Caller {
    fn request_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        let calls = &self.0;
        for name in NAMES.iter().cycle().take(calls.times as usize) {
            match calls.call {
                Call::SetHeader => set(host, name),
                Call::HeaderMap => drop(host.request_headers()),
                Call::Clock => {
                    host.now();
                }
                Call::Property => drop(host.property(&["source", "address"])),
                Call::Get => drop(host.shared_get(KEY)),
                Call::GetAndSwap => get_and_swap(host),
                Call::Metric => count(host, calls.counter),
                Call::Nothing | Call::OneHeader => {}
            }
        }
        Flow::Continue
    }

    fn response_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        if let Call::OneHeader = self.0.call {
            for _ in 0..self.0.times {
                drop(host.response_header(":status"));
            }
        }
        Flow::Continue
    }
}

fn set(host: &dyn Host, name: &str) {
    let _ = host.set_request_header(name, b"a value of twenty-four b");
}

fn get_and_swap(host: &dyn Host) {
    if let Ok(Some(value)) = host.shared_get(KEY) {
        let _ = host.shared_swap(KEY, &value.bytes, Expected::Version(value.cas));
    }
}

fn count(host: &dyn Host, counter: Option<MetricId>) {
    if let Some(counter) = counter {
        let _ = host.add_metric(counter, 1);
    }
}

host::plugin!(HostCalls);
