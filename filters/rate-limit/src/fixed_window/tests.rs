use crate::Algorithm::FixedWindow;
use crate::test_client::{Client, any_traffic, quota, retry_at};
use proptest::prelude::*;
use std::{collections::BTreeMap, time::Duration};

const SECOND: u64 = 1_000_000_000;

fn per_second(threshold: u32) -> Client {
    Client::new(FixedWindow, &[quota(threshold, Duration::from_secs(1))])
}

#[test]
fn all_comes_back_at_the_border() {
    let mut client = per_second(3);
    let at = |client: &mut Client, now| (0..5).filter(|_| client.passes(now)).count();
    assert_eq!(at(&mut client, 5 * SECOND + 1), 3);
    assert_eq!(at(&mut client, 6 * SECOND - 1), 0);
    assert_eq!(at(&mut client, 6 * SECOND), 3);
}

/// What the strict window is for.
#[test]
fn around_a_border_twice_the_threshold_passes() {
    let mut client = per_second(10);
    let before = (0..20).filter(|_| client.passes(SECOND - 1)).count();
    let after = (0..20).filter(|_| client.passes(SECOND)).count();
    assert_eq!((before, after), (10, 10));
}

#[test]
fn a_refusal_holds_until_the_border() {
    let mut client = per_second(1);
    assert!(client.passes(7 * SECOND + 1));
    assert_eq!(
        retry_at(client.ask(7 * SECOND + 2, 1).unwrap_err()),
        8 * SECOND
    );
    assert_eq!(client.ask(9 * SECOND, 2).unwrap_err().retry_at, None);
}

#[test]
fn a_late_worker_does_not_open_an_old_window_again() {
    let mut client = per_second(2);
    assert!(client.passes(2 * SECOND));
    assert!(client.passes(2 * SECOND - 1), "counted in the new one");
    assert!(!client.passes(2 * SECOND - 1));
    assert!(!client.passes(2 * SECOND));
}

#[test]
fn a_permit_is_given_back_to_its_window_only() {
    let mut client = per_second(1);
    assert!(client.passes(SECOND));
    client.refund(SECOND, SECOND + 5, 1);
    assert!(client.passes(SECOND + 5));
    assert!(client.passes(2 * SECOND));
    client.refund(SECOND + 5, 2 * SECOND, 1);
    assert!(!client.passes(2 * SECOND));
}

proptest! {
    /// Every decision is that of a count for each window.
    #[test]
    fn it_is_exactly_a_count((quota, schedule) in any_traffic(), start in 0..u64::MAX / 4) {
        let mut client = Client::new(FixedWindow, &[quota]);
        let mut counts = BTreeMap::<u128, u64>::new();
        let mut now = start;
        for (pause, cost) in schedule {
            now += pause;
            let count = counts.entry(u128::from(now) / quota.span().as_nanos()).or_default();
            let expected = *count + u64::from(cost) <= quota.threshold().get().into();
            *count += if expected { cost.into() } else { 0 };
            prop_assert_eq!(client.come(now, cost).is_ok(), expected);
        }
    }
}
