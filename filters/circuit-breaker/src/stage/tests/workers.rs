//! What one worker sees, all see; and what is to happen once happens once.

use super::*;
use crate::{State, Tally, fixture, settings::Span, state::Phase};
use host_model::Vm;
use std::num::NonZeroU32;

#[test]
fn a_trip_on_one_worker_refuses_on_all() {
    let mut bench = Bench::new(&example());
    let mut other = bench.another_worker(&example());
    assert_eq!(other.request(Request::get("/")).status, 200);
    bench.answer(500);
    assert_eq!(bench.refused().status, 503);
    bench.envoy.advance(IN_TIME);
    let refused = other.request(Request::get("/"));
    assert_eq!(refused.status, 503);
    assert!(refused.forwarded.is_none());
}

#[test]
fn it_recovers_when_the_open_time_is_over_and_calls_do_well() {
    let mut bench = Bench::tripped(&json!({}));
    let mut other = bench.another_worker(&example());
    bench.pass(49);
    bench.refused();
    bench.pass(1);
    assert_eq!(bench.answer(200).status, 200);
    assert_eq!(bench.state(), Some(0));
    assert_eq!(other.request(Request::get("/")).status, 200);
    for (to, count) in [("open", 1), ("half_open", 1), ("closed", 1)] {
        assert_eq!(bench.transitions(to), Some(count), "{to}");
    }
}

#[test]
fn it_opens_again_when_they_do_not() {
    let mut bench = Bench::due(&json!({}));
    bench.answer(502);
    assert!(bench.is_open());
    assert_eq!(bench.refused().header("retry-after"), Some("50"));
}

#[test]
fn half_open_calls_are_counted_over_all_workers_at_once() {
    let bench = Bench::due(&json!({}));
    let forwarded =
        bench
            .envoy
            .workers::<CircuitBreaker, _>(8, &document(&[policy(&json!({}))]), |vm, _| {
                let begun: Vec<_> = (0..10).map(|_| vm.begin(Request::get("/"))).collect();
                begun
                    .iter()
                    .filter(|exchange| vm.progress(exchange) == Progress::Forwarded)
                    .count()
            });
    assert_eq!(forwarded.unwrap().into_iter().sum::<usize>(), 3);
    assert_eq!(bench.transitions("half_open"), Some(1));
}

#[test]
fn results_of_all_workers_at_once_are_all_counted() {
    let policy = policy(&json!({"slidingWindowSize": 1000, "minCallsThreshold": 1000}));
    let configuration = document(&[policy]);
    let bench = Bench::new(&configuration);
    let call = |vm: &mut Vm, _| {
        for _ in 0..100 {
            vm.exchange(Request::get("/"), &Upstream::status(500));
        }
    };
    bench
        .envoy
        .workers::<CircuitBreaker, _>(8, &configuration, call)
        .unwrap();
    // Sixteen swaps lost in a row are possible, if hardly so; what they cost is counted.
    let lost = bench.decisions("contended").unwrap_or_default();
    assert_eq!(i64::from(stored_tally(&bench).calls), 800 - lost);
    assert_eq!(bench.decisions("passed"), Some(800));
}

/// What the one breaker's window holds.
fn stored_tally(bench: &Bench) -> Tally {
    let window = Span::Calls(NonZeroU32::new(1000).unwrap());
    let is_cell = |key: &&Vec<u8>| key.starts_with(b"steward:c:");
    let keys = bench.envoy.shared_keys();
    let bytes = bench
        .envoy
        .shared(keys.iter().find(is_cell).unwrap())
        .unwrap();
    match State::from_bytes(&fixture::settings(window), bytes)
        .unwrap()
        .phase
    {
        Phase::Closed(window) => window.tally(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_forced_breaker_never_recovers() {
    let mut bench = Bench::new(&document(&[policy(&json!({"forceOpen": true}))]));
    for _ in 0..3 {
        let refused = bench.refused();
        assert_eq!(refused.status, 503);
        assert_eq!(refused.header("retry-after"), None, "nobody knows when");
        bench.pass(1_000);
    }
    assert_eq!(bench.state(), Some(2));
}

#[test]
fn a_reload_keeps_a_breaker_open_whose_rules_did_not_change() {
    let mut bench = Bench::tripped(&json!({}));
    let kept = json!({"version": 7, "waitDurationInOpenState": 80, "degradeConfig": {"responseCode": 203, "responseBody": "later"}});
    bench
        .worker
        .reconfigure::<CircuitBreaker>(&document(&[policy(&kept)]))
        .unwrap();
    assert_eq!(bench.refused().text(), "later");
    let other_rules = document(&[policy(&json!({"failureRateThreshold": 60}))]);
    bench
        .worker
        .reconfigure::<CircuitBreaker>(&other_rules)
        .unwrap();
    assert_eq!(bench.answer(200).status, 200);
    assert_eq!(bench.state(), Some(0), "the gauge follows");
}

#[test]
fn forcing_a_breaker_open_and_letting_it_go_leaves_what_it_knew() {
    let mut bench = Bench::new(&example());
    bench
        .worker
        .reconfigure::<CircuitBreaker>(&document(&[policy(&json!({"forceOpen": true}))]))
        .unwrap();
    bench.refused();
    bench
        .worker
        .reconfigure::<CircuitBreaker>(&example())
        .unwrap();
    assert_eq!(bench.answer(200).status, 200);
    assert_eq!(bench.state(), Some(0));
}
