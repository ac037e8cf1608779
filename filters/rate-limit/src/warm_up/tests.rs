use super::{Slope, WarmUp};
use crate::test_client::{Client, any_traffic, quota, retry_at};
use crate::{Algorithm, Quota};
use proptest::prelude::*;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;

fn warm_up(seconds: u64, cold_factor: f64) -> WarmUp {
    WarmUp::try_new(Duration::from_secs(seconds), cold_factor).unwrap()
}

/// 100 a second after five seconds, a third of that at first.
fn hundred() -> Client {
    let algorithm = Algorithm::SmoothWarmup(warm_up(5, 3.0));
    Client::new(algorithm, &[quota(100, Duration::from_secs(1))])
}

/// What passes of a request each millisecond.
fn passed(client: &mut Client, from: u64, seconds: u64) -> usize {
    let times = (0..seconds * 1000).map(|ms| from + ms * SECOND / 1000);
    times.filter(|now| client.passes(*now)).count()
}

#[test]
fn it_begins_at_a_third_and_is_warm_after_the_period() {
    let mut client = hundred();
    let by_second: Vec<_> = (1..9).map(|n| passed(&mut client, n * SECOND, 1)).collect();
    assert!(by_second.is_sorted(), "{by_second:?}");
    assert!((33..42).contains(&by_second[0]), "{by_second:?}");
    assert!((90..=100).contains(&by_second[5]), "{by_second:?}");
    assert_eq!(by_second[6..], [100, 100]);
    let warming: usize = by_second.iter().take(5).sum();
    // The area: 2 x 5 s / (10 ms + 30 ms), less what is lost by a request each millisecond.
    assert!((225..=250).contains(&warming), "{by_second:?}");
}

#[test]
fn it_cools_down_in_the_same_time() {
    let mut client = hundred();
    passed(&mut client, SECOND, 20);
    let left = client.state.clone();
    let mut first_second = |pause: u64| {
        client.state.clone_from(&left);
        passed(&mut client, (21 + pause) * SECOND, 1)
    };
    let after = [0, 2, 5, 50].map(&mut first_second);
    assert!(
        after.is_sorted_by(|sooner, later| sooner >= later),
        "{after:?}"
    );
    assert!(after[0] > 95 && (33..42).contains(&after[2]), "{after:?}");
    assert_eq!(after[2], after[3], "colder than cold it does not grow");
}

#[test]
fn a_refused_request_is_told_the_end_of_the_interval() {
    let mut client = hundred();
    assert!(client.passes(SECOND));
    let at = retry_at(client.ask(SECOND + 1, 1).unwrap_err());
    let third = SECOND + 30 * SECOND / 1000;
    assert!(
        (third - SECOND / 2000..=third).contains(&at),
        "30 ms from cold: {at}"
    );
}

#[test]
fn a_dear_request_is_paid_for_by_the_next() {
    let algorithm = Algorithm::SmoothWarmup(warm_up(1, 1.0));
    let mut client = Client::new(algorithm, &[quota(10, Duration::from_secs(1))]);
    assert!(client.come(SECOND, 50).is_ok());
    assert_eq!(retry_at(client.ask(SECOND, 1).unwrap_err()), 6 * SECOND);
}

#[test]
fn a_warm_up_takes_time_and_is_not_faster_when_cold() {
    let second = Duration::from_secs(1);
    for (period, factor) in [
        (Duration::ZERO, 3.0),
        (second, 0.9),
        (second, 1001.0),
        (second, f64::NAN),
    ] {
        assert_eq!(WarmUp::try_new(period, factor), None, "{factor}");
    }
    assert_ne!(warm_up(1, 1.5), warm_up(1, 1.6));
}

/// The curve, added up in small steps.
fn area(quota: Quota, warm_up: WarmUp, warmth: f64, permits: f64) -> f64 {
    let slope = Slope::new(quota, warm_up);
    let steps = 2_000_u32;
    let step = permits / f64::from(steps);
    let interval = |n: u32| {
        let coldness = slope.coldest() - warmth - step * (f64::from(n) + 0.5);
        let above = (coldness - slope.warm).max(0.0);
        slope.stable + above * slope.rise
    };
    (0..steps).map(|n| interval(n) * step).sum()
}

proptest! {
    #[test]
    fn an_interval_is_the_area_below_the_curve(
        threshold in 1_u32..1_000,
        seconds in 1_u64..100,
        factor in 1.0..20.0,
        warmth in 0.0..1.0,
        permits in 1_u32..100,
    ) {
        let (quota, warm_up) = (quota(threshold, Duration::from_secs(10)), warm_up(seconds, factor));
        let slope = Slope::new(quota, warm_up);
        let warmth = warmth * slope.coldest();
        let expected = area(quota, warm_up, warmth, permits.into());
        let interval = slope.interval(warmth, permits.into());
        prop_assert!((interval / expected - 1.0).abs() < 1e-3, "{interval} {expected}");
        let bend = slope.interval(0.0, slope.above) / 1e9;
        prop_assert!((bend / warm_up.period.as_secs_f64() - 1.0).abs() < 1e-9, "{bend} s");
    }

    /// Never more than the rate beside one request, and never slower than cold.
    #[test]
    fn the_rate_is_kept((quota, schedule) in any_traffic(), seconds in 1_u64..100, factor in 1.0..20.0, start in 0..u64::MAX / 4) {
        let mut client = Client::new(Algorithm::SmoothWarmup(warm_up(seconds, factor)), &[quota]);
        let stable = quota.span().as_secs_f64() * 1e9 / f64::from(quota.threshold().get());
        let (mut now, mut last) = (start, None::<(u64, u32)>);
        for (pause, cost) in schedule {
            now += pause;
            let since = |at: u64| Duration::from_nanos(now - at).as_secs_f64() * 1e9;
            match (client.come(now, cost), last) {
                (Ok(_), Some((at, paid))) => {
                    prop_assert!(since(at) >= stable * f64::from(paid) * (1.0 - 1e-12));
                    last = Some((now, cost));
                }
                (Ok(_), None) => last = Some((now, cost)),
                (Err(_), Some((at, paid))) => {
                    prop_assert!(since(at) <= stable * f64::from(paid) * factor * (1.0 + 1e-9) + 1.0);
                }
                (Err(_), None) => prop_assert!(false, "nobody was before"),
            }
        }
    }
}
