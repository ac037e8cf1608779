use super::log::MAX_THRESHOLD;
use crate::Quota;
use crate::test_client::{Client, STRICT, any_traffic, quota};
use proptest::prelude::*;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;

/// What passed, as (instant, cost), and nothing clever.
#[derive(Default)]
struct Naive(Vec<(u64, u64)>);

impl Naive {
    /// Passes within `span` before `now`.
    fn within(&self, now: u64, span: u64) -> u64 {
        let counts = |passed: &&(u64, u64)| passed.0 + span > now;
        self.0
            .iter()
            .rev()
            .take_while(counts)
            .map(|passed| passed.1)
            .sum()
    }
}

fn nanos(quota: Quota) -> u64 {
    u64::try_from(quota.span().as_nanos()).unwrap()
}

#[test]
fn around_the_border_of_a_second_no_more_pass_than_in_one() {
    for threshold in [10, 100] {
        let mut client = Client::new(STRICT, &[quota(threshold, Duration::from_secs(1))]);
        let before = (0..threshold).filter(|_| client.passes(SECOND - 1)).count();
        let after = (0..threshold).filter(|_| client.passes(SECOND + 1)).count();
        assert_eq!((before, after), (usize::try_from(threshold).unwrap(), 0));
    }
}

#[test]
fn a_pass_stops_counting_when_its_window_is_over() {
    let mut client = Client::new(STRICT, &[quota(1, Duration::from_secs(1))]);
    assert!(client.passes(SECOND));
    assert!(!client.passes(2 * SECOND - 1));
    assert!(client.passes(2 * SECOND));
}

/// A shared limit is at its busiest just below the threshold: an even stream must not be cut by what rounding costs.
#[test]
fn an_even_stream_at_ninety_percent_is_never_refused() {
    for threshold in (1..=200).chain([1_000, 65_535, 65_536, 100_000]) {
        for phase in [0, 1, SECOND / 64, SECOND / 3] {
            let mut client = Client::new(STRICT, &[quota(threshold, Duration::from_secs(1))]);
            let requests = u64::from(threshold).min(1_000) * 3;
            let refused = (0..requests)
                .map(|n| phase + (n * SECOND * 10).div_ceil(u64::from(threshold) * 9))
                .find(|now| !client.passes(*now));
            assert_eq!(refused, None, "threshold {threshold}, phase {phase}");
        }
    }
}

#[test]
fn workers_that_commit_out_of_order_gain_nothing() {
    for threshold in [4, 40] {
        let mut client = Client::new(STRICT, &[quota(threshold, Duration::from_secs(1))]);
        let half = threshold / 2;
        (0..half).for_each(|_| assert!(client.passes(10 * SECOND)));
        let late = (0..threshold).filter(|_| client.passes(9 * SECOND)).count();
        assert_eq!(late, usize::try_from(half).unwrap());
        assert!(
            !client.passes(10 * SECOND + SECOND / 2),
            "the late ones count from the newest on"
        );
    }
}

/// In a window of 54 s the log counts in units of 16 ns and rounds up; that must not end another pass's window early.
#[test]
fn a_rounded_stamp_does_not_run_ahead_of_time() {
    let span = 54_737_000_000;
    let mut client = Client::new(STRICT, &[quota(2, Duration::from_nanos(span))]);
    let verdicts = [13, 12 + span, 12 + span].map(|now| client.passes(now));
    assert_eq!(verdicts, [true, true, false]);
}

#[test]
fn a_state_is_small_at_any_threshold() {
    for threshold in [1, 32, 33, 65_535, 65_536, u32::MAX] {
        for span in [1, 60, 86_400, 100_000_000] {
            let mut client = Client::new(STRICT, &[quota(threshold, Duration::from_secs(span))]);
            client.come(SECOND, 1).unwrap();
            assert!(client.state.unwrap().len() <= 144);
        }
    }
}

proptest! {
    /// Workers whose clocks differ commit in any order; a pass counts from the newest instant that anybody has seen.
    #[test]
    fn it_is_strict_for_late_workers_too(
        (quota, schedule) in any_traffic(),
        late in proptest::collection::vec(0..SECOND, 200),
        start in SECOND..u64::MAX / 4,
    ) {
        let mut client = Client::new(STRICT, &[quota]);
        let (mut naive, mut now, mut newest) = (Naive::default(), start, 0);
        for ((pause, cost), late) in schedule.into_iter().zip(late) {
            now += pause;
            let mine = now - late;
            if client.come(mine, cost).is_ok() {
                newest = newest.max(mine);
                naive.0.push((newest, cost.into()));
                prop_assert!(naive.within(newest, nanos(quota)) <= quota.threshold().get().into());
            }
        }
    }

    /// At no instant have more than the threshold passed within the window before it; and a refusal is only given to who
    /// would exceed the threshold in a window longer by what the representation costs.
    #[test]
    fn it_is_strict_and_hardly_stricter((quota, schedule) in any_traffic(), start in 0..u64::MAX / 4) {
        let mut client = Client::new(STRICT, &[quota]);
        let (threshold, span) = (u64::from(quota.threshold().get()), nanos(quota));
        let slack = if threshold <= u64::from(MAX_THRESHOLD) { (span >> 31).saturating_sub(1) } else { span.div_ceil(32) };
        let mut naive = Naive::default();
        let mut now = start;
        for (pause, cost) in schedule {
            now += pause;
            let cost = u64::from(cost);
            if client.come(now, cost as u32).is_ok() {
                naive.0.push((now, cost));
                prop_assert!(naive.within(now, span) <= threshold);
            } else {
                prop_assert!(naive.within(now, span + slack) + cost > threshold);
            }
        }
    }
}
