use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const CACHE: Duration = Duration::from_secs(600);
const START: Nanos = Nanos(3_000_000_000_000);
const LEAST: Chance = Chance(0);
const MOST: Chance = Chance(u32::MAX);

fn at(seconds: u64) -> Nanos {
    START.after(Duration::from_secs(seconds))
}

fn fetched(by: Chance) -> Standing {
    Standing::default().succeeded(START, 1, CACHE, by)
}

#[test]
fn keys_that_never_came_are_due_at_once() {
    assert_eq!(Standing::default().due(START, None, CACHE), Some(Why::Due));
}

#[test]
fn keys_are_fetched_anew_at_80_to_90_per_cent_of_their_time() {
    assert_eq!(fetched(LEAST).due(at(479), None, CACHE), None);
    assert_eq!(fetched(LEAST).due(at(480), None, CACHE), Some(Why::Due));
    assert_eq!(fetched(MOST).due(at(539), None, CACHE), None);
    assert_eq!(fetched(MOST).due(at(540), None, CACHE), Some(Why::Due));
}

#[test]
fn a_document_that_keeps_keys_for_less_need_not_wait_for_the_old_time() {
    let short = Duration::from_secs(10);
    assert_eq!(fetched(MOST).due(at(8), None, short), None);
    assert_eq!(fetched(MOST).due(at(9), None, short), Some(Why::Due));
}

#[test]
fn failures_put_the_next_try_off_twice_as_long_each_time_up_to_a_minute() {
    let put_off = |failures: usize, by: Chance| {
        let mut standing = fetched(LEAST);
        for _ in 0..failures {
            standing = standing.failed(START, by);
        }
        standing.next_at.since(START)
    };
    let least: Vec<_> = (1..=8).map(|count| put_off(count, LEAST)).collect();
    assert_eq!(least, [1, 2, 4, 8, 16, 30, 30, 30].map(Duration::from_secs));
    let most: Vec<_> = (1..=8)
        .map(|count| put_off(count, MOST).as_secs_f64().ceil())
        .collect();
    assert_eq!(most, [2., 4., 8., 16., 32., 60., 60., 60.]);
    assert_eq!(put_off(4_000, LEAST), Duration::from_secs(30));
}

#[test]
fn nothing_but_the_time_ends_a_wait_after_a_failure() {
    let failed = fetched(LEAST).failed(at(600), LEAST);
    assert_eq!(failed.due(at(600), Some(at(600)), CACHE), None);
    assert_eq!(failed.due(at(601), None, CACHE), Some(Why::Due));
    let again = failed.succeeded(at(601), 2, CACHE, LEAST);
    assert_eq!((again.failures, again.due(at(602), None, CACHE)), (0, None));
}

#[test]
fn an_unknown_key_is_one_fetch_and_the_next_not_before_its_time() {
    let fetched = fetched(LEAST);
    assert_eq!(fetched.due(at(5), Some(at(5)), CACHE), Some(Why::Asked));
    let begun = fetched.begun(at(5), Why::Asked);
    assert_eq!(begun.due(at(5), Some(at(5)), CACHE), None);
    let again = begun.succeeded(at(6), 1, CACHE, LEAST);
    // The wish of another worker, from before the keys came, is granted.
    assert_eq!(again.due(at(20), Some(at(5)), CACHE), None);
    assert_eq!(again.due(at(14), Some(at(14)), CACHE), None);
    assert_eq!(again.due(at(15), Some(at(14)), CACHE), Some(Why::Asked));
}

#[test]
fn what_another_version_wrote_is_as_if_nothing_was_there() {
    let own = fetched(LEAST).encode();
    let mut newer = own.clone();
    newer[0] += 1;
    let mut longer = own.clone();
    longer.push(0);
    for stored in [&newer[..], &longer, &own[..own.len() - 1], &[VERSION], &[]] {
        assert_eq!(Standing::decode(Some(stored)), Standing::default());
    }
    assert_eq!(Standing::decode(None), Standing::default());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        epoch: u64, fetched_at: u64, next_at: u64, asks_from: u64, failures: u32,
    ) {
        let standing = Standing {
            epoch,
            fetched_at: Nanos(fetched_at),
            next_at: Nanos(next_at),
            asks_from: Nanos(asks_from),
            failures,
        };
        prop_assert_eq!(Standing::decode(Some(&standing.encode())), standing);
    }

    /// However often requests ask and whatever comes of it: no more than one fetch in the interval, beside those of their time.
    #[test]
    fn no_flood_of_wishes_is_a_storm(
        steps in proptest::collection::vec((1_u64..3_000, any::<bool>(), any::<u32>()), 1..400),
    ) {
        let mut standing = fetched(LEAST);
        let mut now = START;
        let mut last_asked: Option<Nanos> = None;
        let mut last_failed: Option<Nanos> = None;
        for (milliseconds, succeeds, by) in steps {
            now = now.after(Duration::from_millis(milliseconds));
            let Some(why) = standing.due(now, Some(now), CACHE) else { continue };
            if let Some(failed) = last_failed {
                prop_assert!(now.since(failed) >= SECOND);
            }
            if why == Why::Asked {
                if let Some(asked) = last_asked {
                    prop_assert!(now.since(asked) >= ASK_INTERVAL);
                }
                last_asked = Some(now);
            }
            standing = standing.begun(now, why);
            standing = match succeeds {
                true => standing.succeeded(now, standing.epoch, CACHE, Chance(by)),
                false => standing.failed(now, Chance(by)),
            };
            last_failed = (!succeeds).then_some(now);
        }
    }
}
