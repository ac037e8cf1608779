use super::{Bucket, product};
use crate::test_client::{BUCKET, Client, any_traffic, quota, retry_at};
use crate::{Algorithm, Quota, Standing};
use host::Nanos;
use proptest::prelude::*;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_full_bucket_lets_the_threshold_through_at_once() {
    let mut client = Client::new(BUCKET, &[quota(100, Duration::from_secs(60))]);
    assert_eq!((0..150).filter(|_| client.passes(5 * SECOND)).count(), 100);
}

#[test]
fn tokens_come_back_evenly() {
    let mut client = Client::new(BUCKET, &[quota(10, Duration::from_secs(1))]);
    (0..10).for_each(|_| assert!(client.passes(0)));
    assert!(!client.passes(SECOND / 10 - 1));
    assert!(client.passes(SECOND / 10));
    assert!(!client.passes(SECOND / 10));
    assert_eq!((0..20).filter(|_| client.passes(SECOND)).count(), 9);
}

/// 3 per second is 333,333,333.3 ns a token: a rounded interval would lose or win one in some days.
#[test]
fn an_uneven_interval_does_not_drift() {
    let mut client = Client::new(BUCKET, &[quota(3, Duration::from_secs(1))]);
    let year = 365 * 24 * 3600;
    (0..3).for_each(|_| assert!(client.passes(0)));
    for token in 1..=1_000_u64 {
        let at = token * (year * SECOND / 1_000);
        client.state = None;
        (0..3).for_each(|_| assert!(client.passes(at)));
        let third = retry_at(client.ask(at, 3).unwrap_err());
        assert_eq!(
            third,
            at + SECOND,
            "three tokens are back after exactly a second"
        );
    }
}

#[test]
fn the_standing_tells_what_is_left() {
    let mut client = Client::new(BUCKET, &[quota(10, Duration::from_secs(1))]);
    let standing = client.come(SECOND, 4).unwrap();
    assert_eq!(
        standing,
        Standing {
            window: 0,
            limit: 10,
            remaining: 6,
            more_at: Some(Nanos(SECOND + SECOND / 10)),
            full_at: Nanos(SECOND + 4 * SECOND / 10),
        }
    );
}

#[test]
fn a_bucket_may_be_smaller_or_larger_than_the_threshold() {
    let passing = |burst| {
        let algorithm = Algorithm::TokenBucket {
            burst: Some(Duration::from_secs(burst)),
        };
        let mut client = Client::new(algorithm, &[quota(100, Duration::from_secs(60))]);
        (0..1_000).filter(|_| client.passes(0)).count()
    };
    assert_eq!(passing(0), 1, "at least one token");
    assert_eq!(passing(1), 1);
    assert_eq!(passing(3), 5);
    assert_eq!(passing(120), 200);
}

#[test]
fn what_costs_more_than_the_bucket_never_passes() {
    let client = Client::new(BUCKET, &[quota(10, Duration::from_secs(1))]);
    let refused = client.ask(0, 11).unwrap_err();
    assert_eq!((refused.retry_at, refused.standing.remaining), (None, 10));
}

/// The bucket as everybody draws it: a level that rises. In units of 1/window of a token it is exact.
struct Level {
    quota: Quota,
    level: u128,
    at: u64,
}

impl Level {
    fn take(&mut self, now: u64, cost: u32) -> bool {
        let (threshold, span) = (
            u128::from(self.quota.threshold().get()),
            self.quota.span().as_nanos(),
        );
        let risen = self.level + u128::from(now - self.at) * threshold;
        (self.level, self.at) = (risen.min(threshold * span), now);
        let price = u128::from(cost) * span;
        let passes = self.level >= price;
        self.level -= if passes { price } else { 0 };
        passes
    }
}

proptest! {
    #[test]
    fn a_product_is_whole(wide: u64, narrow: u32) {
        prop_assert_eq!(product(wide, narrow), u128::from(wide) * u128::from(narrow));
    }

    /// Wherever it is counted from.
    #[test]
    fn an_instant_is_the_first_nanosecond(threshold in 1..=u32::MAX, at in 0..u64::MAX / 4, rest: u32, now: u64) {
        let quota = quota(threshold, Duration::from_secs(1));
        let bucket = Bucket::new(quota, quota.threshold());
        let scaled = product(at, threshold) + u128::from(rest % threshold);
        let first = Nanos(at + u64::from(rest % threshold > 0));
        for now in [Nanos(now), Nanos(at), Nanos(at.saturating_sub(u64::from(rest)))] {
            prop_assert_eq!(bucket.instant(scaled, now), first);
        }
    }

    /// Every decision is that of an exact bucket: so never more than burst + rate × t passes, and never less.
    #[test]
    fn it_is_exactly_a_bucket((quota, schedule) in any_traffic(), start in 0..u64::MAX / 4) {
        let mut client = Client::new(BUCKET, &[quota]);
        let size = u128::from(quota.threshold().get()) * quota.span().as_nanos();
        let mut bucket = Level { quota, level: size, at: start };
        let mut now = start;
        for (pause, cost) in schedule {
            now += pause;
            let expected = bucket.take(now, cost);
            let verdict = client.come(now, cost);
            prop_assert_eq!(verdict.is_ok(), expected);
            let remaining = verdict.unwrap_or_else(|refused| refused.standing).remaining;
            prop_assert_eq!(u128::from(remaining), bucket.level / quota.span().as_nanos());
        }
    }
}
