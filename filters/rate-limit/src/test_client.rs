//! A client with its stored state, for the tests of every algorithm.

use crate::{Algorithm, Quota, Refused, Standing, WarmUp, Windows};
use host::Nanos;
use proptest::prelude::*;
use std::{num::NonZeroU32, time::Duration};

pub(crate) const BUCKET: Algorithm = Algorithm::TokenBucket { burst: None };
pub(crate) const STRICT: Algorithm = Algorithm::StrictWindow;

pub(crate) struct Client {
    pub(crate) windows: Windows,
    pub(crate) state: Option<Vec<u8>>,
}

/// Where it stands if it passes.
pub(crate) type Answer = Result<Standing, Refused>;

/// Requests as (pause since the last, cost).
pub(crate) type Schedule = Vec<(u64, u32)>;

// === impl Client ===

impl Client {
    pub(crate) fn new(algorithm: Algorithm, quotas: &[Quota]) -> Self {
        Self {
            windows: Windows::new(algorithm, quotas),
            state: None,
        }
    }

    /// What would be decided, without a trace.
    pub(crate) fn ask(&self, now: u64, cost: u32) -> Answer {
        self.decide(now, cost).0
    }

    /// Comes, and is counted if it passes.
    pub(crate) fn come(&mut self, now: u64, cost: u32) -> Answer {
        let (answer, new) = self.decide(now, cost);
        if answer.is_ok() {
            self.state = Some(new);
        }
        answer
    }

    fn decide(&self, now: u64, cost: u32) -> (Answer, Vec<u8>) {
        let mut state = self
            .state
            .clone()
            .unwrap_or_else(|| vec![0; self.windows.state_len()]);
        let verdict = self.windows.decide(&mut state, Nanos(now), units(cost));
        let answer = verdict.map(|_| self.windows.standing(&state, Nanos(now)));
        (answer, state)
    }

    /// What a request took at `taken` is given back.
    pub(crate) fn refund(&mut self, taken: u64, now: u64, cost: u32) {
        if let Some(state) = &mut self.state {
            let idle_at = self
                .windows
                .refund(state, Nanos(taken), Nanos(now), units(cost));
            assert!(idle_at.is_some());
        }
    }

    pub(crate) fn standing(&self, now: u64) -> Standing {
        let none = vec![0; self.windows.state_len()];
        self.windows
            .standing(self.state.as_ref().unwrap_or(&none), Nanos(now))
    }

    pub(crate) fn passes(&mut self, now: u64) -> bool {
        self.come(now, 1).is_ok()
    }
}

pub(crate) fn units(cost: u32) -> NonZeroU32 {
    NonZeroU32::new(cost).unwrap()
}

pub(crate) fn quota(threshold: u32, span: Duration) -> Quota {
    Quota::try_new(threshold, span).unwrap()
}

pub(crate) fn retry_at(refused: Refused) -> u64 {
    refused.retry_at.unwrap().0
}

pub(crate) fn any_algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        Just(STRICT),
        Just(BUCKET),
        Just(Algorithm::FixedWindow),
        Just(Algorithm::LeakyBucket),
        any_warm_up(),
        (1_u64..20_000).prop_map(|ms| Algorithm::TokenBucket {
            burst: Some(Duration::from_millis(ms))
        }),
    ]
}

/// Those of which strangers may be counted together: a warm-up that others have warmed is no longer one's own.
pub(crate) fn any_fixed_rate() -> impl Strategy<Value = Algorithm> {
    any_algorithm().prop_filter("a curve", |algorithm| {
        !matches!(algorithm, Algorithm::SmoothWarmup(_))
    })
}

fn any_warm_up() -> impl Strategy<Value = Algorithm> {
    (1_u64..100_000, 1.0..20.0).prop_map(|(ms, factor)| {
        Algorithm::SmoothWarmup(WarmUp::try_new(Duration::from_millis(ms), factor).unwrap())
    })
}

/// From 1 ns to 3 years, from 1 to 300 and sometimes very many.
pub(crate) fn any_quota() -> impl Strategy<Value = Quota> {
    let threshold = prop_oneof![4 => 1_u32..=300, 2 => 1_u32..=32, 1 => any::<u32>()];
    let span = prop_oneof![
        4 => (1_u64..=100_000).prop_map(Duration::from_millis),
        1 => (1_u64..=100_000_000_000).prop_map(Duration::from_nanos),
        1 => (1_u64..=100_000_000).prop_map(Duration::from_secs),
    ];
    (threshold, span).prop_map(|(threshold, span)| quota(threshold.max(1), span))
}

/// Bursts, steady streams and rests, on the scale of a quota.
pub(crate) fn any_schedule(quota: Quota) -> impl Strategy<Value = Schedule> {
    let span = u64::try_from(quota.span().as_nanos()).unwrap();
    let interval = span / u64::from(quota.threshold().get()) + 1;
    let pause = prop_oneof![
        3 => Just(0),
        4 => 0..=interval * 2,
        2 => 0..=span / 8 + 1,
        1 => span - 1..=span + 1,
        1 => 0..=span * 2,
    ];
    let cost = prop_oneof![8 => Just(1), 1 => 1_u32..=5, 1 => 1..=quota.threshold().get()];
    proptest::collection::vec((pause, cost), 1..200)
}

pub(crate) fn any_traffic() -> impl Strategy<Value = (Quota, Schedule)> {
    any_quota().prop_flat_map(|quota| (Just(quota), any_schedule(quota)))
}
