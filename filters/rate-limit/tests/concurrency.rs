//! The whole filter on workers that truly run at once, over the in-process model of Envoy: no more requests are under way
//! than may be, every permit comes back, and a worker that dies takes none along.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use host_model::{Envoy, Exchange, Progress, Request, Upstream, Vm, Worker};
use proptest::prelude::*;
use rate_limit::RateLimit;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

const WORKERS: usize = 8;
const SECOND: Duration = Duration::from_secs(1);

fn document(policy: &Value) -> Vec<u8> {
    let group = json!({ "name": "default", "servicePolicy": policy });
    json!({ "services": [{ "name": "example.test", "groups": [group] }] })
        .to_string()
        .into_bytes()
}

fn at_once(most: usize, key: &Value) -> Vec<u8> {
    document(
        &json!({ "concurrencyLimitPolicies": [{ "name": "n", "maxConcurrency": most, "key": key }] }),
    )
}

fn by_user() -> Value {
    json!([{ "type": "header", "key": "x-user" }])
}

fn of(user: &str) -> Request {
    Request::get("/").header("x-user", user)
}

/// Begins requests and ends them in another order, in one of three ways; whoever is under way is counted outside.
fn churn(
    vm: &mut Vm,
    (number, turns): (usize, usize),
    most: usize,
    under_way: &AtomicUsize,
) -> usize {
    let mut open: Vec<Exchange> = Vec::new();
    let mut passed = 0;
    for turn in 0..turns {
        let exchange = vm.begin(of("ann"));
        if vm.progress(&exchange) == Progress::Forwarded {
            passed += 1;
            let now = under_way.fetch_add(1, SeqCst) + 1;
            assert!(now <= most, "{now} of {most} under way");
            open.push(exchange);
        } else {
            assert_eq!(vm.respond(exchange, &Upstream::status(200)).status, 429);
        }
        if open.len() > turn % 3 {
            let exchange = open.remove((turn * 7 + number) % open.len());
            under_way.fetch_sub(1, SeqCst);
            end(vm, exchange, turn);
        }
    }
    for exchange in open {
        under_way.fetch_sub(1, SeqCst);
        end(vm, exchange, number);
    }
    passed
}

fn end(vm: &mut Vm, exchange: Exchange, how: usize) {
    match how % 3 {
        0 => drop(vm.reset(exchange)),
        1 => drop(vm.respond(exchange, &Upstream::status(503))),
        _ => drop(vm.respond(exchange, &Upstream::status(200))),
    }
}

#[test]
fn eight_workers_never_have_more_under_way_and_give_everything_back() {
    for key in [json!([]), by_user()] {
        for most in [1, 5, 12] {
            let (envoy, under_way) = (Envoy::new(), AtomicUsize::new(0));
            let document = at_once(most, &key);
            let churn = |vm: &mut Vm, number| churn(vm, (number, 400), most, &under_way);
            let passed = envoy
                .workers::<RateLimit, _>(WORKERS, &document, churn)
                .unwrap();
            assert!(passed.iter().sum::<usize>() > most, "{passed:?}");

            let mut worker = envoy.worker::<RateLimit>(&document).unwrap();
            let mut begun: Vec<_> = (0..most).map(|_| forwarded(&mut worker, "ann")).collect();
            let last = worker.begin(of("ann"));
            assert_eq!(worker.progress(&last), Progress::Answered, "{most} are all");
            begun.push(last);
            for exchange in begun {
                worker.respond(exchange, &Upstream::status(200));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Workers stop before every access to shared data, and the choices say who goes on.
    #[test]
    fn in_whatever_order_workers_reach_shared_data(
        most in 1_usize..4,
        keyed: bool,
        choices in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let (envoy, under_way) = (Envoy::new(), AtomicUsize::new(0));
        let document = at_once(most, &if keyed { by_user() } else { json!([]) });
        let few = |vm: &mut Vm, number| churn(vm, (number, 8), most, &under_way);
        envoy.interleaved::<RateLimit, _>(3, &document, choices, few).unwrap();
        let mut worker = envoy.worker::<RateLimit>(&document).unwrap();
        let begun: Vec<_> = (0..most).map(|_| forwarded(&mut worker, "ann")).collect();
        prop_assert_eq!(worker.request(of("ann")).status, 429);
        for exchange in begun {
            worker.reset(exchange);
        }
    }
}

fn forwarded(worker: &mut Worker, user: &str) -> Exchange {
    let exchange = worker.begin(of(user));
    assert_eq!(worker.progress(&exchange), Progress::Forwarded);
    exchange
}

/// A VM that trapped runs no timer and ends no stream.
#[test]
fn what_a_dead_worker_held_is_free_within_five_seconds_and_what_a_living_one_holds_is_not() {
    let envoy = Envoy::new();
    let document = at_once(3, &by_user());
    let mut dead = envoy.worker::<RateLimit>(&document).unwrap();
    let mut living = envoy.worker::<RateLimit>(&document).unwrap();
    let lost = [forwarded(&mut dead, "ann"), forwarded(&mut dead, "ann")];
    let stream = forwarded(&mut living, "ann");
    assert_eq!(living.request(of("ann")).status, 429);
    living.advance(5 * SECOND);
    assert_eq!(living.request(of("ann")).status, 200);
    living.advance(600 * SECOND);
    let others = [forwarded(&mut living, "ann"), forwarded(&mut living, "ann")];
    assert_eq!(
        living.request(of("ann")).status,
        429,
        "a stream counts as long as it lives"
    );

    // Were it not dead but only slow, what it gives back now would be nobody's.
    for exchange in lost {
        dead.reset(exchange);
    }
    assert_eq!(living.request(of("ann")).status, 429);
    for exchange in others.into_iter().chain([stream]) {
        living.reset(exchange);
    }
    assert_eq!(dead.request(of("ann")).status, 200);
}

#[test]
fn a_request_gives_back_under_the_document_that_it_came_under() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<RateLimit>(&at_once(1, &json!([]))).unwrap();
    let stream = forwarded(&mut worker, "ann");
    worker
        .reconfigure::<RateLimit>(&document(&json!({})))
        .unwrap();
    worker.advance(60 * SECOND);
    worker
        .reconfigure::<RateLimit>(&at_once(1, &json!([])))
        .unwrap();
    assert_eq!(
        worker.request(of("bob")).status,
        429,
        "it is still under way"
    );
    worker.reset(stream);
    assert_eq!(worker.request(of("bob")).status, 200);
}

#[test]
fn a_request_that_waits_gets_the_permit_that_another_worker_gives_back() {
    let envoy = Envoy::new();
    let document = document(&json!({ "concurrencyLimitPolicies": [
        { "name": "n", "maxConcurrency": 1, "maxWaitMs": 1000 },
    ] }));
    let mut here = envoy.worker::<RateLimit>(&document).unwrap();
    let mut there = envoy.worker::<RateLimit>(&document).unwrap();
    let stream = forwarded(&mut there, "ann");
    let [first, second] = [here.begin(of("bob")), here.begin(of("bob"))];
    here.advance(Duration::from_millis(500));
    assert_eq!(here.progress(&first), Progress::Waiting);
    there.respond(stream, &Upstream::status(200));
    here.advance(Duration::from_millis(10));
    assert_eq!(here.progress(&first), Progress::Forwarded);
    assert_eq!(
        here.progress(&second),
        Progress::Waiting,
        "who came later waits on"
    );
    here.advance(Duration::from_millis(600));
    assert_eq!(here.respond(second, &Upstream::status(200)).status, 429);
    here.respond(first, &Upstream::status(200));
}

/// What a request costs that is counted at once: the read and the swap of its permit, twice.
#[test]
fn a_permit_costs_two_reads_and_two_writes() {
    let envoy = Envoy::new();
    let mut worker = envoy.worker::<RateLimit>(&at_once(9, &by_user())).unwrap();
    let mut calls = || {
        let calls = worker.request(of("ann")).calls;
        [
            "clock_time_get",
            "proxy_get_shared_data",
            "proxy_set_shared_data",
        ]
        .map(|name| calls.of(name))
    };
    calls();
    assert_eq!(calls(), [2, 2, 2]);
}
