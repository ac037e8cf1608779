use super::*;
use crate::WarmUp;
use crate::test_client::{BUCKET, STRICT, any_schedule, quota, units};
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;

/// A policy whose requests wait, and its state.
struct Queue {
    line: Line,
    windows: Windows,
    state: Vec<u8>,
}

impl Queue {
    fn new(algorithm: Algorithm, quotas: &[Quota]) -> Self {
        let (line, windows) = Line::new(algorithm, quotas);
        let state = vec![0; Line::state_len(&windows)];
        Self {
            line,
            windows,
            state,
        }
    }

    fn ask(&self, now: u64, patience: u64, cost: u32) -> (Result<Turn, Refused>, Vec<u8>) {
        let mut state = self.state.clone();
        let ask = Ask {
            now: Nanos(now),
            from: Nanos(0),
            latest: Nanos(now.saturating_add(patience)),
            cost: units(cost),
        };
        (self.line.admit(&self.windows, &mut state, ask), state)
    }

    fn come(&mut self, now: u64, patience: u64, cost: u32) -> Result<Turn, Refused> {
        let (answer, state) = self.ask(now, patience, cost);
        if answer.is_ok() {
            self.state = state;
        }
        answer
    }

    fn turn(&mut self, now: u64, patience: u64) -> Option<u64> {
        self.come(now, patience, 1).ok().map(|turn| turn.at.0)
    }

    fn leave(&mut self, at: u64, now: u64, cost: u32) -> bool {
        let at = Nanos(at);
        let turn = Turn {
            at,
            is_reserved: true,
            by: at,
            idle_at: at,
        };
        self.return_turn(turn, now, cost)
    }

    fn return_turn(&mut self, turn: Turn, now: u64, cost: u32) -> bool {
        let mut state = self.state.clone();
        let back = self
            .line
            .give_back(&self.windows, &mut state, turn, Nanos(now), units(cost));
        if let Some(idle_at) = back {
            assert!(idle_at >= turn.at);
            self.state = state;
        }
        back.is_some()
    }
}

fn ten_a_second(algorithm: Algorithm) -> Queue {
    let mut queue = Queue::new(algorithm, &[quota(10, Duration::from_secs(1))]);
    for _ in 0..10 {
        assert_eq!(queue.turn(SECOND, 0), Some(SECOND));
    }
    queue
}

#[test]
fn who_waits_long_enough_gets_the_next_turn_and_who_does_not_takes_nothing() {
    let mut queue = ten_a_second(BUCKET);
    let turn = SECOND + SECOND / 10;
    assert_eq!(queue.turn(SECOND, SECOND / 10 - 1), None);
    assert_eq!(queue.turn(SECOND, SECOND / 10), Some(turn));
    assert_eq!(queue.turn(SECOND, SECOND / 10), None, "that turn is taken");
    assert_eq!(queue.turn(SECOND, SECOND), Some(turn + SECOND / 10));
}

#[test]
fn a_strict_window_opens_for_all_that_have_room_in_the_next() {
    let mut queue = ten_a_second(STRICT);
    let opens = 2 * SECOND + SECOND / 32;
    for _ in 0..10 {
        assert_eq!(queue.turn(SECOND, 5 * SECOND), Some(opens));
    }
    let next = opens + SECOND + SECOND / 32;
    assert_eq!(queue.turn(SECOND, 5 * SECOND), Some(next));
}

#[test]
fn who_does_not_wait_passes_nobody_who_does() {
    for algorithm in [BUCKET, STRICT] {
        let mut queue = ten_a_second(algorithm);
        let turn = queue.turn(SECOND, 5 * SECOND).unwrap();
        for now in [SECOND, turn - 1] {
            let refused = queue.come(now, 0, 1).unwrap_err();
            assert!(refused.retry_at.unwrap().0 >= turn);
        }
    }
}

#[test]
fn a_place_that_is_given_back_is_the_next_ones() {
    for algorithm in [BUCKET, STRICT] {
        let mut queue = ten_a_second(algorithm);
        let turn = queue.turn(SECOND, 5 * SECOND).unwrap();
        assert!(queue.leave(turn, SECOND, 1));
        assert_eq!(queue.turn(SECOND, 5 * SECOND), Some(turn));
    }
}

#[test]
fn from_the_middle_a_window_gets_a_permit_back_and_a_bucket_does_not() {
    for (algorithm, returns) in [(STRICT, true), (BUCKET, false)] {
        let mut queue = ten_a_second(algorithm);
        let turns = [(); 10].map(|()| queue.turn(SECOND, 5 * SECOND).unwrap());
        assert_eq!(queue.leave(turns[3], SECOND, 1), returns);
        let next = queue.turn(SECOND, 5 * SECOND).unwrap();
        assert_eq!(
            next == turns[9],
            returns,
            "the last in the line, not before"
        );
    }
}

/// Who passed at once and is refused by another limit after all: those that reserved meanwhile keep their distance.
#[test]
fn a_permit_that_others_wait_behind_is_not_given_back_by_a_bucket() {
    let warm_up = WarmUp::try_new(Duration::from_secs(1), 1.0).unwrap();
    let one = Algorithm::TokenBucket {
        burst: Some(Duration::ZERO),
    };
    for algorithm in [
        one,
        Algorithm::LeakyBucket,
        Algorithm::SmoothWarmup(warm_up),
    ] {
        let mut queue = Queue::new(algorithm, &[quota(10, Duration::from_secs(1))]);
        let first = queue.come(SECOND, SECOND, 1).unwrap();
        assert!(!first.is_reserved);
        let waits = queue.turn(SECOND, SECOND).unwrap();
        assert!(!queue.return_turn(first, SECOND + 1_000, 1));
        let next = queue.turn(SECOND + 2_000, SECOND).unwrap();
        assert!(next >= waits + SECOND / 10, "{algorithm:?}: {next}");
    }
}

#[test]
fn what_is_given_back_is_ones_own() {
    let mut queue = ten_a_second(STRICT);
    let turns = [(); 11].map(|()| queue.turn(SECOND, 5 * SECOND).unwrap());
    // By the eleventh's turn the first ten do not count any more, whether they left or not.
    let before = queue.ask(SECOND, 5 * SECOND, 10).0.unwrap();
    queue.leave(turns[3], SECOND, 1);
    assert_eq!(queue.ask(SECOND, 5 * SECOND, 10).0, Ok(before));
}

/// A token that is used late must not meet the next one.
#[test]
fn a_small_bucket_keeps_its_distance() {
    let algorithm = Algorithm::TokenBucket {
        burst: Some(Duration::ZERO),
    };
    let mut queue = Queue::new(algorithm, &[quota(100, Duration::from_secs(1))]);
    let turns = [(); 4].map(|()| queue.turn(SECOND, SECOND).unwrap() - SECOND);
    assert_eq!(turns, [0, 10, 25, 40].map(|millis| millis * MILLI));
}

/// A request: the pause before it, its cost, how long it waits, how late it takes its turn, and after which part of its
/// waiting it leaves, if it does.
type Visit = (u64, u32, u64, u64, Option<u64>);

fn any_waiting() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        Just(STRICT),
        Just(BUCKET),
        (1_u64..20_000).prop_map(|ms| Algorithm::TokenBucket {
            burst: Some(Duration::from_millis(ms))
        }),
        Just(Algorithm::FixedWindow),
        Just(Algorithm::LeakyBucket),
        (1_u64..20_000, 1.0..5.0).prop_map(|(ms, factor)| Algorithm::SmoothWarmup(
            WarmUp::try_new(Duration::from_millis(ms), factor).unwrap()
        )),
    ]
}

/// Another window's border may come right after a turn; behind it the request would count twice as one too many.
#[test]
fn a_turn_is_taken_before_the_next_border() {
    let quotas = [
        quota(1, Duration::from_secs(2)),
        quota(9, Duration::from_millis(2_002)),
    ];
    let mut queue = Queue::new(Algorithm::FixedWindow, &quotas);
    assert_eq!(queue.turn(SECOND, 0), Some(SECOND));
    let turn = queue.come(SECOND, SECOND, 1).unwrap();
    assert_eq!(turn.at, Nanos(2 * SECOND));
    assert_eq!(turn.by, Nanos(2_002 * MILLI - 1));
}

/// Requests that come all at once leave one by one.
#[test]
fn a_leaky_bucket_lets_its_queue_out_at_an_even_rate() {
    let mut queue = Queue::new(Algorithm::LeakyBucket, &[quota(4, Duration::from_secs(1))]);
    let turns = [(); 5].map(|()| queue.turn(SECOND, SECOND));
    let quarter = |n: u64| Some(SECOND + n * SECOND / 4);
    assert_eq!(turns, [0, 1, 2, 3, 4].map(quarter));
    assert_eq!(queue.turn(SECOND, SECOND), None, "it would wait longer");
    assert_eq!(
        queue.turn(2 * SECOND, SECOND),
        quarter(5),
        "nothing is lost between"
    );
}

fn any_visits() -> impl Strategy<Value = (Quota, Vec<Visit>)> {
    let quota = (1_u32..=60, 50_u64..20_000)
        .prop_map(|(threshold, millis)| quota(threshold, Duration::from_millis(millis)));
    quota.prop_flat_map(|quota| {
        let visits = any_schedule(quota).prop_flat_map(|schedule| {
            let ways = (
                0..30 * SECOND,
                0..1_000_u64,
                prop::option::weighted(0.3, 0..1_000_u64),
            );
            let ways = prop::collection::vec(ways, schedule.len());
            ways.prop_map(move |ways| {
                let visit = |((pause, cost), (patience, late, leaves)): ((u64, u32), _)| {
                    (pause, cost, patience, late, leaves)
                };
                schedule.iter().copied().zip(ways).map(visit).collect()
            })
        });
        (Just(quota), visits)
    })
}

/// When requests went on, and what they cost.
#[derive(Default)]
struct Naive(Vec<(u64, u64)>);

impl Naive {
    fn keeps_window(&self, quota: Quota) -> bool {
        let span = quota.span_nanos();
        self.0.iter().all(|(end, _)| {
            let within = |(at, _): &&(u64, u64)| *at <= *end && at + span > *end;
            let sum: u64 = self.0.iter().filter(within).map(|(_, cost)| cost).sum();
            sum <= quota.threshold().get().into()
        })
    }

    /// Never more than the burst and what comes in meanwhile.
    fn keeps_bucket(&mut self, quota: Quota, burst: u32) -> bool {
        self.0.sort_unstable();
        let (span, rate) = (
            u128::from(quota.span_nanos()),
            u128::from(quota.threshold().get()),
        );
        (0..self.0.len()).all(|first| {
            let mut sum = 0;
            self.0[first..].iter().all(|(at, cost)| {
                sum += u128::from(*cost);
                sum * span <= u128::from(burst) * span + rate * u128::from(at - self.0[first].0)
            })
        })
    }
}

impl Naive {
    /// Each when the one before it has had its time.
    fn keep_apart(&self, quota: Quota) -> bool {
        let rate = u128::from(quota.threshold().get());
        self.0.windows(2).all(|pair| {
            let apart = u128::from(pair[1].0 - pair[0].0);
            apart * rate >= u128::from(pair[0].1) * u128::from(quota.span_nanos())
        })
    }
}

fn due(leaving: &mut Vec<(u64, Turn, u32)>, now: u64) -> Vec<(u64, Turn, u32)> {
    leaving.sort_by_key(|(when, turn, _)| (*when, turn.at));
    let count = leaving.partition_point(|(when, ..)| *when <= now);
    leaving.drain(..count).collect()
}

proptest! {
    /// Whatever waits, leaves and is late: counted by the moments at which requests go on, no limit is exceeded; nobody waits
    /// longer than it would; turns come in the order of arrival.
    #[test]
    fn limits_hold_by_the_moments_of_going_on(
        algorithm in any_waiting(),
        (quota, visits) in any_visits(),
        start in SECOND..u64::MAX / 4,
    ) {
        let mut queue = Queue::new(algorithm, &[quota]);
        let (mut naive, mut turns, mut leaving) = (Naive::default(), Naive::default(), Vec::new());
        let (mut now, mut last) = (start, 0);
        for (pause, cost, patience, late, leaves) in visits {
            now += pause;
            for (when, turn, cost) in due(&mut leaving, now) {
                queue.return_turn(turn, when, cost);
            }
            let Ok(turn) = queue.come(now, patience, cost) else {
                continue;
            };
            let at = turn.at.0;
            if leaves.is_none() {
                turns.0.push((at, cost.into()));
            }
            prop_assert!(at >= now && at <= now + patience);
            prop_assert!(at >= last);
            last = at;
            match leaves {
                Some(part) if at > now => {
                    leaving.push((now + (at - now) * part / 1_000, turn, cost));
                }
                // Another limit refuses it after all.
                Some(part) => leaving.push((now + part * MILLI / 10, turn, cost)),
                None if at > now => {
                    let slack = turn.by.0 - at;
                    naive.0.push((at + u64::try_from(u128::from(slack) * u128::from(late) / 999).unwrap(), cost.into()));
                }
                None => naive.0.push((now, cost.into())),
            }
        }
        match algorithm {
            Algorithm::TokenBucket { .. } => {
                let burst = queue.windows.capacity();
                prop_assert!(naive.keeps_bucket(quota, burst));
            }
            Algorithm::StrictWindow => prop_assert!(naive.keeps_window(quota)),
            Algorithm::FixedWindow => {
                let mut windows = std::collections::BTreeMap::<u128, u64>::new();
                for (at, cost) in &naive.0 {
                    *windows.entry(u128::from(*at) / quota.span().as_nanos()).or_default() += cost;
                }
                let most = windows.into_values().max().unwrap_or_default();
                prop_assert!(most <= u64::from(quota.threshold().get()));
            }
            // Its turns are apart, not the moments at which they are taken.
            _ => prop_assert!(turns.keep_apart(quota)),
        }
    }

    /// A refusal tells exactly when the request could go on.
    #[test]
    fn a_refusal_is_exact(
        algorithm in any_waiting(),
        (quota, visits) in any_visits(),
        start in SECOND..u64::MAX / 4,
    ) {
        let mut queue = Queue::new(algorithm, &[quota]);
        let mut now = start;
        for (pause, cost, patience, _, _) in visits {
            now += pause;
            let Err(refused) = queue.come(now, patience, cost) else {
                continue;
            };
            let Some(retry_at) = refused.retry_at else {
                prop_assert!(cost > queue.windows.capacity());
                continue;
            };
            prop_assert!(retry_at.0 > now + patience);
            prop_assert!(queue.ask(retry_at.0, 0, cost).0.is_ok());
            prop_assert!(queue.ask(retry_at.0 - 1, 0, cost).0.is_err());
            let sooner = retry_at.0 - patience;
            prop_assert_eq!(queue.ask(sooner, patience, cost).0.map(|turn| turn.at), Ok(retry_at));
            prop_assert!(queue.ask(sooner - 1, patience, cost).0.is_err());
        }
    }

    #[test]
    fn any_stored_bytes_are_decided_on(
        algorithm in any_waiting(),
        (quota, _) in any_visits(),
        bytes in prop::collection::vec(any::<u8>(), 300),
        (now, patience) in (any::<u64>(), 0..30 * SECOND),
        cost in 1_u32..,
    ) {
        let mut queue = Queue::new(algorithm, &[quota]);
        queue.state = bytes[..queue.state.len()].to_vec();
        let _ = queue.come(now, patience, cost);
        queue.state[0] = VERSION;
        let _ = queue.come(now, patience, cost);
        queue.leave(now, now, cost);
    }
}
