//! What is not asked of the host, and that nothing is lost by it.

use super::*;
use crate::{State, fixture, memory::HOLDS, settings::Span, state::Phase};
use host::{Plugin, Stream, fake::FakeHost};
use host_model::Calls;
use proptest::prelude::*;
use std::{num::NonZeroU32, rc::Rc};

const GET: &str = "proxy_get_shared_data";
const SWAP: &str = "proxy_set_shared_data";

fn of_shared_data(calls: &Calls) -> (usize, usize) {
    (calls.of(GET), calls.of(SWAP))
}

#[test]
fn a_passing_call_costs_one_swap() {
    let mut bench = Bench::new(&example());
    bench.answer(200);
    for _ in 0..3 {
        let calls = bench.answer(200).calls;
        assert_eq!(of_shared_data(&calls), (0, 1), "{calls:?}");
        let asked = calls.of("proxy_get_property");
        assert_eq!(asked, 0, "a 2xx is taken for the upstream's");
    }
}

#[test]
fn what_was_seen_a_while_ago_is_read_again() {
    let mut bench = Bench::new(&example());
    bench.answer(200);
    bench.envoy.advance(HOLDS);
    let calls = bench.answer(200).calls;
    assert_eq!(
        of_shared_data(&calls),
        (1, 1),
        "for the admission; its result needs none"
    );
}

#[test]
fn a_worker_that_has_not_looked_again_admits_for_less_than_a_tenth_of_a_second() {
    let mut bench = Bench::new(&example());
    let mut other = bench.another_worker(&example());
    other.request(Request::get("/"));
    bench.answer(500);
    let late = other.begin(Request::get("/"));
    assert_eq!(
        other.progress(&late),
        Progress::Forwarded,
        "it has not looked"
    );
    bench.envoy.advance(IN_TIME);
    assert_eq!(other.request(Request::get("/")).status, 503);
}

#[test]
fn a_worker_that_has_seen_it_open_admits_nothing_more() {
    let mut bench = Bench::new(&example());
    let mut other = bench.another_worker(&example());
    other.request(Request::get("/"));
    bench.answer(500);
    let late = other.request(Request::get("/"));
    assert_eq!(
        late.status, 200,
        "its result comes too late to count, but tells of the trip"
    );
    assert_eq!(other.request(Request::get("/")).status, 503);
    assert_eq!(bench.state(), Some(2));
}

#[test]
fn whoever_trips_it_admits_nothing_more() {
    let mut bench = Bench::new(&example());
    for _ in 0..3 {
        bench.answer(200);
    }
    let calls = bench.answer(500).calls;
    assert_eq!(of_shared_data(&calls), (0, 1));
    assert_eq!(bench.refused().status, 503);
}

/// One process of several workers and a breaker that never trips.
struct Fakes(Vec<(FakeHost, Rc<CircuitBreaker>)>);

impl Fakes {
    fn new(count: usize, changes: &Value) -> Self {
        let mut all = json!({"slidingWindowSize": 1000, "minCallsThreshold": 1000});
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        let configuration = document(&[policy(&all)]);
        let first = FakeHost::new();
        let hosts = (0..count).map(|_| first.another_worker());
        let workers = hosts.map(|host| {
            host.set_request(&[
                (":authority", "example.test"),
                (":path", "/"),
                (":method", "GET"),
            ]);
            host.set_response(&[(":status", "200")]);
            let filter = CircuitBreaker::configure(&host, &configuration).unwrap();
            (host, Rc::new(filter))
        });
        Self(workers.collect())
    }

    fn begin(&self, worker: usize) -> <CircuitBreaker as Plugin>::Stream {
        let (host, filter) = &self.0[worker];
        let mut stream = filter.open();
        stream.request_headers(host, true);
        stream
    }

    fn finish(&self, worker: usize, mut stream: <CircuitBreaker as Plugin>::Stream) {
        stream.response_headers(&self.0[worker].0, true);
    }

    fn call(&self, worker: usize) {
        self.finish(worker, self.begin(worker));
    }

    fn metric(&self, name: &str) -> Option<i64> {
        self.0[0].0.metric(name)
    }

    /// The calls in the shared window.
    fn counted(&self, window: Span) -> u32 {
        let shared = self.0[0].0.shared();
        let keys = shared.keys();
        let cell = keys.iter().find(|key| key.starts_with(b"steward:c:"));
        let bytes = shared.get(cell.unwrap()).unwrap().bytes;
        let state = State::from_bytes(&fixture::settings(window), bytes);
        match state.unwrap().phase {
            Phase::Closed(window) => window.tally().calls,
            other => panic!("{other:?}"),
        }
    }
}

fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

proptest! {
    /// Calls of three workers, one after the other or at once, with time passing or not.
    #[test]
    fn no_result_is_lost(
        by_time in any::<bool>(),
        events in prop::collection::vec((0_usize..3, 0_u8..6, any::<bool>()), 1..200),
    ) {
        let (kind, span) = if by_time {
            ("time", Span::Seconds(some(1000)))
        } else {
            ("count", Span::Calls(some(1000)))
        };
        let fakes = Fakes::new(3, &json!({"slidingWindowType": kind}));
        let mut under_way = vec![];
        let mut calls = 0;
        for (worker, at_once, passes) in events {
            under_way.push((worker, fakes.begin(worker)));
            if passes {
                fakes.0.iter().for_each(|(host, _)| host.advance(HOLDS / 3));
            }
            if at_once > 1 {
                calls += u32::try_from(under_way.len()).unwrap();
                under_way.drain(..).for_each(|(worker, stream)| fakes.finish(worker, stream));
            }
        }
        prop_assume!(calls > 0);
        prop_assert_eq!(fakes.counted(span), calls);
    }
}

#[test]
fn workers_that_take_turns_lose_few_swaps_and_call_none_a_retry() {
    let fakes = Fakes::new(2, &json!({}));
    for _ in 0..256 {
        fakes.call(0);
        fakes.call(1);
    }
    let lost = fakes.0[0].0.shared().swaps() - 512;
    // After 1, 2, 4 and so on to 64 results: ten times each, about.
    assert!((2..=24).contains(&lost), "{lost}");
    assert_eq!(fakes.metric("steward_state_cas_retries_total"), Some(0));
    assert_eq!(fakes.counted(Span::Calls(some(1000))), 512);
}

#[test]
fn a_worker_that_is_alone_again_stops_reading() {
    let mut bench = Bench::new(&example());
    let mut other = bench.another_worker(&example());
    for _ in 0..8 {
        bench.answer(200);
        other.request(Request::get("/"));
    }
    (0..64).for_each(|_| drop(bench.answer(200)));
    assert_eq!(of_shared_data(&bench.answer(200).calls), (0, 1));
}
