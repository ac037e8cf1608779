//! What the workers of one process share, through `host::EnvoyHost`: values with versions, and metrics.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: it should stop where it fails"
)]

mod script;

use host::{Expected, Host, MetricId, MetricKind};
use host_model::{Envoy, Request};
use script::{REQUEST, Script, at_request};
use std::{cell::Cell, rc::Rc};

#[test]
fn a_swap_wins_with_the_version_read_and_loses_with_an_older_one() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let unknown = host.shared_get(b"k");
        let put = host.shared_swap(b"k", b"1", Expected::Absent);
        let again = host.shared_swap(b"k", b"2", Expected::Absent);
        let cas = host.shared_get(b"k").unwrap().unwrap().cas;
        let first = host.shared_swap(b"k", b"3", Expected::Version(cas));
        let second = host.shared_swap(b"k", b"4", Expected::Version(cas));
        let blind = host.shared_swap(b"k", b"5", Expected::Version(0));
        format!("{unknown:?} {put:?} {again:?} {first:?} {second:?} {blind:?}")
    });
    assert_eq!(
        seen,
        "Ok(None) Ok(true) Ok(false) Ok(true) Ok(false) Err(BadArgument)"
    );
    assert_eq!(envoy.shared(b"k").as_deref(), Some(&b"3"[..]));
}

#[test]
fn an_emptied_value_reads_as_none_and_can_be_put_again() {
    let envoy = Envoy::new();
    envoy.set_shared(b"k", b"1");
    envoy.set_shared(b"k", b"");
    let seen = at_request(&envoy, |host| {
        let read = host.shared_get(b"k");
        format!(
            "{read:?} {:?}",
            host.shared_swap(b"k", b"2", Expected::Absent)
        )
    });
    assert_eq!(seen, "Ok(None) Ok(true)");
    assert_eq!(envoy.shared(b"k").as_deref(), Some(&b"2"[..]));
}

#[test]
fn eight_workers_lose_no_update() {
    const EACH: u64 = 10_000;
    let envoy = Envoy::new();
    let lost = envoy.workers::<Script, _>(8, b"", |vm, _| {
        let collisions = Rc::new(Cell::new(0));
        let count = Rc::clone(&collisions);
        REQUEST.set(Some(Box::new(move |host| {
            count.set(count.get() + increment(host));
        })));
        for _ in 0..EACH {
            vm.request(Request::get("/"));
        }
        REQUEST.set(None);
        collisions.get()
    });
    let lost: u64 = lost.unwrap().into_iter().sum();
    assert_eq!(
        envoy.shared(b"count"),
        Some((8 * EACH).to_le_bytes().to_vec())
    );
    assert!(lost > 0, "no swap was ever lost: this did not try anything");
}

/// Adds one by compare-and-swap; returns how often somebody else was faster.
fn increment(host: &dyn Host) -> u64 {
    let mut lost = 0;
    loop {
        let (count, expected) = match host.shared_get(b"count").unwrap() {
            None => (0, Expected::Absent),
            Some(found) => {
                let count = u64::from_le_bytes(found.bytes.try_into().unwrap());
                (count, Expected::Version(found.cas))
            }
        };
        // Gives another worker its chance between the read and the write, on one core too.
        if count % 100 == 0 {
            std::thread::yield_now();
        }
        if host
            .shared_swap(b"count", &u64::to_le_bytes(count + 1), expected)
            .unwrap()
        {
            return lost;
        }
        lost += 1;
    }
}

#[test]
fn metrics_are_shared_by_name_and_keep_to_their_kind() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let counter = host.define_metric(MetricKind::Counter, "c").unwrap();
        let same = host.define_metric(MetricKind::Counter, "c").unwrap() == counter;
        let gauge = host.define_metric(MetricKind::Gauge, "g").unwrap();
        host.add_metric(counter, 2).unwrap();
        host.record_metric(gauge, 7).unwrap();
        host.add_metric(gauge, -3).unwrap();
        format!(
            "{same} {:?} {:?}",
            host.add_metric(counter, 0),
            host.add_metric(MetricId(99), 1)
        )
    });
    assert_eq!(seen, "true Err(BadArgument) Err(NotFound)");
    assert_eq!((envoy.metric("c"), envoy.metric("g")), (Some(2), Some(4)));
}
