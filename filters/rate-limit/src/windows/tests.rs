mod refunds;

use super::*;
use crate::test_client::{
    BUCKET, Client, STRICT, any_algorithm, any_fixed_rate, any_schedule, any_traffic, quota,
    retry_at, units,
};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// The requirement's own sample: one a second and three in two seconds (governance model, 2.5).
fn sample() -> Client {
    Client::new(
        STRICT,
        &[
            quota(1, Duration::from_secs(1)),
            quota(3, Duration::from_secs(2)),
        ],
    )
}

#[test]
fn every_window_must_agree() {
    let mut client = Client::new(
        STRICT,
        &[
            quota(2, Duration::from_secs(1)),
            quota(3, Duration::from_secs(10)),
        ],
    );
    let verdicts: Vec<_> = (0..6).map(|n| client.passes(n * SECOND / 2)).collect();
    assert_eq!(verdicts, [true, true, true, false, false, false]);
    let refused = client.ask(3 * SECOND, 1).unwrap_err();
    assert_eq!(
        (refused.standing.window, refused.standing.limit),
        (1, 3),
        "the second window holds it back"
    );
    assert_eq!(retry_at(refused), 10 * SECOND);
}

#[test]
fn a_refusal_by_one_window_takes_nothing_from_another() {
    let mut client = Client::new(
        BUCKET,
        &[
            quota(10, Duration::from_secs(1)),
            quota(1, Duration::from_millis(100)),
        ],
    );
    assert!(client.passes(0));
    (0..50).for_each(|_| assert!(!client.passes(1)));
    let passed = (1..10).filter(|n| client.passes(n * SECOND / 10)).count();
    assert_eq!(passed, 9, "the 50 refused ones are not missing here");
}

#[test]
fn the_retry_waits_for_the_slowest_window() {
    let mut client = sample();
    assert!(client.passes(0));
    let refused = client.ask(SECOND / 2, 1).unwrap_err();
    assert_eq!((refused.standing.window, retry_at(refused)), (0, SECOND));
}

#[test]
fn the_tightest_window_stands_for_all() {
    let mut client = Client::new(
        STRICT,
        &[
            quota(100, Duration::from_secs(1)),
            quota(5, Duration::from_secs(60)),
        ],
    );
    let standing = client.come(0, 1).unwrap();
    assert_eq!(
        (standing.window, standing.limit, standing.remaining),
        (1, 5, 4)
    );
}

#[test]
fn no_quota_lets_pass() {
    assert!(Client::new(STRICT, &[]).come(0, 1).is_ok());
}

#[test]
fn another_version_is_no_state() {
    let mut client = Client::new(STRICT, &[quota(1, Duration::from_secs(1))]);
    assert!(client.passes(0) && client.ask(0, 1).is_err());
    for version in [0, 9] {
        client.state.as_mut().unwrap()[0] = version;
        assert!(client.ask(0, 1).is_ok());
    }
}

#[test]
fn the_largest_numbers_are_counted() {
    let end = u64::MAX - 1;
    for algorithm in [STRICT, BUCKET, Algorithm::FixedWindow] {
        for span in [Duration::from_millis(1), crate::MAX_SPAN] {
            let mut client = Client::new(algorithm, &[quota(u32::MAX, span)]);
            assert!(client.come(end, u32::MAX - 1).is_ok());
            assert!(client.passes(end), "{algorithm:?}");
            assert!(!client.passes(end), "{algorithm:?}");
        }
    }
}

proptest! {
    /// Refused until exactly the promised instant, let through at it.
    #[test]
    fn retry_after_is_exact(
        algorithm in any_algorithm(),
        (quota, schedule) in any_traffic(),
        longer in 2_u32..5,
        start in 0..u64::MAX / 4,
    ) {
        let hourly = Quota::try_new(quota.threshold().get().saturating_mul(longer - 1), quota.span() * longer).unwrap();
        let mut client = Client::new(algorithm, &[quota, hourly]);
        let mut now = start;
        for (pause, cost) in schedule {
            now += pause;
            let Err(refused) = client.come(now, cost) else { continue };
            if let Some(retry_at) = refused.retry_at {
                prop_assert!(retry_at.0 > now);
                prop_assert!(client.ask(retry_at.0 - 1, cost).is_err());
                prop_assert!(client.ask(retry_at.0, cost).is_ok());
            } else {
                prop_assert!(client.ask(u64::MAX / 2, cost).is_err());
            }
        }
    }

    /// `remaining` would pass now and not one more; more would pass from `more_at`, all from `full_at`.
    #[test]
    fn the_standing_is_true(
        algorithm in any_algorithm(),
        (quota, schedule) in any_traffic(),
        start in 0..u64::MAX / 4,
    ) {
        let mut client = Client::new(algorithm, &[quota]);
        let mut now = start;
        for (pause, cost) in schedule {
            now += pause;
            let standing = client.come(now, cost).unwrap_or_else(|refused| refused.standing);
            let passes = |at: u64, cost: u32| cost == 0 || client.ask(at, cost).is_ok();
            prop_assert!(passes(now, standing.remaining));
            prop_assert!(standing.remaining == standing.limit || !passes(now, standing.remaining + 1));
            prop_assert_eq!(standing.more_at.is_some(), standing.full_at.0 > now);
            if let Some(more_at) = standing.more_at {
                prop_assert!(passes(more_at.0, standing.remaining + 1));
                prop_assert!(!passes(more_at.0 - 1, standing.remaining + 1));
            }
            prop_assert!(passes(standing.full_at.0, standing.limit));
            prop_assert!(standing.full_at.0 <= now || !passes(standing.full_at.0 - 1, standing.limit));
        }
    }

    /// From `idle_at` on the state says nothing: dropping it changes no verdict and no later state.
    #[test]
    fn an_idle_state_is_as_good_as_none(
        algorithm in any_algorithm(),
        (quota, schedule) in any_traffic(),
        later in 0_u64..SECOND,
        start in 0..u64::MAX / 4,
    ) {
        let mut client = Client::new(algorithm, &[quota]);
        let (mut idle_at, mut now) = (None, start);
        for (pause, cost) in schedule {
            now += pause;
            let mut state = client.state.clone().unwrap_or_else(|| vec![0; client.windows.state_len()]);
            idle_at = client.windows.decide(&mut state, Nanos(now), units(cost)).ok().or(idle_at);
            let _ = client.come(now, cost);
        }
        let (Some(mut state), Some(idle_at)) = (client.state, idle_at) else { return Ok(()) };
        let at = Nanos(idle_at.0 + later);
        let mut none = vec![0; client.windows.state_len()];
        prop_assert_eq!(client.windows.decide(&mut state, at, units(1)), client.windows.decide(&mut none, at, units(1)));
        prop_assert_eq!(state, none);
    }

    /// Strangers to a full slot are counted together, and each later goes on with their common state: it must refuse
    /// whatever the client's own would have refused.
    #[test]
    fn a_common_state_covers_each_client(
        algorithm in any_fixed_rate(),
        (quota, schedule) in any_traffic(),
        own in proptest::collection::vec(any::<bool>(), 200),
        start in 0..u64::MAX / 4,
    ) {
        let (mut common, mut one) = (Client::new(algorithm, &[quota]), Client::new(algorithm, &[quota]));
        let mut now = start;
        for ((pause, cost), own) in schedule.into_iter().zip(own) {
            now += pause;
            prop_assert!(one.ask(now, cost).is_ok() || common.ask(now, cost).is_err());
            if common.come(now, cost).is_ok() && own {
                prop_assert!(one.come(now, cost).is_ok());
            }
        }
    }

    /// Whatever lies in shared data, deciding on it does not panic, and what it writes is a state.
    #[test]
    fn any_stored_bytes_are_survived(
        algorithm in any_algorithm(),
        (quota, _) in any_traffic(),
        bytes in proptest::collection::vec(any::<u8>(), 300),
        now: u64,
    ) {
        let windows = Windows::new(algorithm, &[quota]);
        let mut state = bytes[..windows.state_len()].to_vec();
        state[0] = VERSION;
        if windows.decide(&mut state, Nanos(now), units(1)).is_ok() {
            prop_assert_eq!(state[0], VERSION);
            let standing = windows.standing(&state, Nanos(now));
            prop_assert!(standing.remaining < standing.limit);
        }
    }

    /// Zeros are a client that never came, in every form.
    #[test]
    fn zeros_are_no_state(algorithm in any_algorithm(), (quota, _) in any_traffic(), now: u64) {
        let windows = Windows::new(algorithm, &[quota, quota]);
        let mut blank = vec![0; windows.state_len()];
        blank[0] = VERSION;
        let standing = windows.standing(&blank, Nanos(now));
        prop_assert_eq!((standing.remaining, standing.more_at), (standing.limit, None));
    }
}
