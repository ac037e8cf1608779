//! Each change of mode, and each place where one must not happen.

mod naive;

use super::*;
use crate::fixture;
use policy_model::document::CircuitBreakPolicy;
use std::num::NonZeroU32;

const GOOD: Call = Call {
    failed: false,
    slow: false,
};
const FAILED: Call = Call {
    failed: true,
    slow: false,
};
const SLOW: Call = Call {
    failed: false,
    slow: true,
};

/// A breaker, its memory and a clock.
struct Bench {
    settings: Settings,
    state: State,
    now: Nanos,
    seen: Vec<Mode>,
}

impl Bench {
    fn new(policy: &CircuitBreakPolicy) -> Self {
        let settings = Settings::from(policy);
        let state = State::new(&settings);
        Self {
            settings,
            state,
            now: Nanos(1_000_000_000),
            seen: Vec::new(),
        }
    }

    /// The requirement's example.
    fn example() -> Self {
        Self::new(&fixture::example())
    }

    /// The requirement's example, tripped just now.
    fn tripped() -> Self {
        let mut bench = Self::example();
        bench.call(FAILED);
        assert_eq!(bench.state.mode(), Mode::Open);
        bench
    }

    /// The requirement's example, its open time over and one permit out.
    fn half_open() -> (Self, Permit) {
        let mut bench = Self::tripped();
        bench.pass(50);
        let permit = bench.admitted();
        assert_eq!(bench.state.mode(), Mode::HalfOpen);
        (bench, permit)
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    fn take<A>(&mut self, step: Step<A>) -> A {
        self.state = step.state;
        self.seen
            .extend(step.transitions.iter().map(|transition| transition.to));
        step.answer
    }

    fn admit(&mut self) -> Admission {
        let step = admit(&self.settings, self.state.clone(), self.now);
        self.take(step)
    }

    fn admitted(&mut self) -> Permit {
        match self.admit() {
            Admission::Admitted(permit) => permit,
            Admission::Refused(refused) => panic!("{refused:?}"),
        }
    }

    fn refused(&mut self) -> Refused {
        match self.admit() {
            Admission::Refused(refused) => refused,
            Admission::Admitted(permit) => panic!("{permit:?}"),
        }
    }

    fn finish(&mut self, permit: Permit, call: Call) {
        let step = finish(&self.settings, self.state.clone(), self.now, permit, call);
        self.take(step);
    }

    fn release(&mut self, permit: Permit) {
        let step = release(&self.settings, self.state.clone(), self.now, permit);
        self.take(step);
    }

    fn call(&mut self, call: Call) {
        let permit = self.admitted();
        self.finish(permit, call);
    }
}

#[test]
fn a_closed_breaker_admits_without_a_write() {
    let settings = Settings::from(&fixture::example());
    let step = admit(&settings, State::new(&settings), Nanos(7));
    assert!(matches!(step.answer, Admission::Admitted(permit) if !permit.is_trial()));
    assert!(!step.changed);
}

#[test]
fn nothing_trips_before_enough_calls_are_in() {
    let mut bench = Bench::example();
    bench.settings.min_calls = NonZeroU32::new(4).unwrap();
    for _ in 0..3 {
        bench.call(FAILED);
        assert_eq!(bench.state.mode(), Mode::Closed);
    }
    bench.call(FAILED);
    assert_eq!(bench.state.mode(), Mode::Open);
}

#[test]
fn a_rate_that_is_just_reached_trips() {
    let mut bench = Bench::example();
    bench.settings.min_calls = NonZeroU32::new(5).unwrap();
    for call in [FAILED, GOOD, GOOD, GOOD] {
        bench.call(call);
    }
    let permit = bench.admitted();
    let step = finish(
        &bench.settings,
        bench.state.clone(),
        bench.now,
        permit,
        GOOD,
    );
    let tally = Tally {
        calls: 5,
        failures: 1,
        slow: 0,
    };
    let cause = Cause::Tripped(Trip::Failures(tally));
    assert_eq!(
        step.transitions,
        [Transition {
            to: Mode::Open,
            cause
        }]
    );
}

#[test]
fn slow_calls_trip_as_failures_do() {
    let mut bench = Bench::example();
    bench.call(SLOW);
    assert_eq!(bench.state.mode(), Mode::Open);
}

#[test]
fn an_open_breaker_refuses_for_its_whole_time_and_says_for_how_long() {
    let mut bench = Bench::tripped();
    assert_eq!(bench.refused(), Refused::Open(Duration::from_secs(50)));
    bench.pass(49);
    assert_eq!(bench.refused(), Refused::Open(Duration::from_secs(1)));
    bench.pass(1);
    assert!(bench.admitted().is_trial());
    assert_eq!(bench.seen, [Mode::Open, Mode::HalfOpen]);
}

#[test]
fn a_half_open_breaker_lets_so_many_through_and_no_more() {
    let (mut bench, _first) = Bench::half_open();
    bench.admitted();
    bench.admitted();
    assert_eq!(bench.refused(), Refused::HalfOpen);
}

#[test]
fn half_open_calls_that_do_well_close_it_with_a_fresh_window() {
    let (mut bench, permit) = Bench::half_open();
    bench.finish(permit, GOOD);
    assert_eq!(bench.state.mode(), Mode::Closed);
    let Phase::Closed(window) = &bench.state.phase else {
        panic!()
    };
    assert_eq!(window.tally(), Tally::default());
}

#[test]
fn half_open_calls_that_do_badly_open_it_for_the_whole_time_again() {
    for bad in [FAILED, SLOW] {
        let (mut bench, permit) = Bench::half_open();
        bench.pass(10);
        bench.finish(permit, bad);
        assert_eq!(bench.refused(), Refused::Open(Duration::from_secs(50)));
    }
}

#[test]
fn half_open_is_judged_by_rate_and_not_by_the_first_failure() {
    let (mut bench, first) = Bench::half_open();
    bench.settings.min_calls = NonZeroU32::new(10).unwrap();
    bench.settings.failure_rate = policy_model::document::Percent::HALF.into();
    let (second, third) = (bench.admitted(), bench.admitted());
    bench.finish(first, FAILED);
    bench.finish(second, GOOD);
    assert_eq!(
        bench.state.mode(),
        Mode::HalfOpen,
        "min(10, 3) results decide"
    );
    bench.finish(third, GOOD);
    assert_eq!(bench.state.mode(), Mode::Closed);
}

#[test]
fn a_permit_that_comes_back_unused_can_be_used_again_once() {
    let (mut bench, first) = Bench::half_open();
    bench.admitted();
    bench.admitted();
    bench.release(first);
    bench.release(first);
    bench.admitted();
    assert_eq!(bench.refused(), Refused::HalfOpen);
}

#[test]
fn a_result_counts_once() {
    let (mut bench, first) = Bench::half_open();
    bench.settings.min_calls = NonZeroU32::new(2).unwrap();
    bench.finish(first, GOOD);
    bench.finish(first, GOOD);
    assert_eq!(bench.state.mode(), Mode::HalfOpen);
}

#[test]
fn results_of_calls_admitted_before_the_trip_say_nothing_about_the_recovery() {
    let mut bench = Bench::example();
    let (early, late) = (bench.admitted(), bench.admitted());
    bench.call(FAILED);
    bench.finish(early, FAILED);
    assert_eq!(bench.refused(), Refused::Open(Duration::from_secs(50)));
    bench.pass(50);
    let probe = bench.admitted();
    bench.finish(late, FAILED);
    assert_eq!(bench.state.mode(), Mode::HalfOpen);
    bench.finish(probe, GOOD);
    bench.finish(late, FAILED);
    assert_eq!(bench.state.mode(), Mode::Closed);
}

#[test]
fn a_permit_whose_holder_vanished_does_not_lock_the_breaker() {
    let (mut bench, _gone) = Bench::half_open();
    let (_gone, _gone_too) = (bench.admitted(), bench.admitted());
    bench.pass(59);
    assert_eq!(bench.refused(), Refused::HalfOpen);
    bench.pass(1);
    assert_eq!(
        bench.refused(),
        Refused::Open(Duration::from_secs(50)),
        "they count as slow"
    );
    bench.pass(50);
    let probe = bench.admitted();
    bench.finish(probe, GOOD);
    assert_eq!(bench.state.mode(), Mode::Closed);
}

#[test]
fn one_vanished_holder_among_many_does_not_reopen_it() {
    let (mut bench, _gone) = Bench::half_open();
    bench.settings.min_calls = NonZeroU32::new(3).unwrap();
    bench.settings.slow_rate = policy_model::document::Percent::HALF.into();
    bench.call(GOOD);
    bench.call(GOOD);
    bench.pass(60);
    assert!(!bench.admitted().is_trial());
    assert_eq!(bench.state.mode(), Mode::Closed);
}

#[test]
fn an_idle_hour_changes_no_outcome() {
    let (mut bench, _gone) = Bench::half_open();
    bench.pass(3_600);
    // The permit ran out a minute in, the open time 50 s later: this call is the first of a new half-open state.
    assert!(bench.admitted().is_trial());
    assert_eq!(
        bench.seen,
        [Mode::Open, Mode::HalfOpen, Mode::Open, Mode::HalfOpen]
    );
}

#[test]
fn a_half_open_state_may_be_limited_in_time() {
    let (mut bench, permit) = Bench::half_open();
    bench.settings.trial_for = Some(Duration::from_secs(5));
    bench.pass(4);
    bench.admitted();
    bench.pass(2);
    assert_eq!(
        bench.refused(),
        Refused::Open(Duration::from_secs(49)),
        "open since the limit"
    );
    bench.finish(permit, GOOD);
    assert_eq!(bench.state.mode(), Mode::Open, "too late to count");
}

#[test]
fn a_forced_breaker_refuses_and_forgets_nothing() {
    let mut bench = Bench::example();
    bench.settings.forced = true;
    for _ in 0..3 {
        assert_eq!(bench.refused(), Refused::Forced);
        bench.pass(1_000_000);
    }
    bench.settings.forced = false;
    bench.admitted();
    assert!(bench.seen.is_empty());
}

#[test]
fn a_shorter_open_time_acts_on_a_breaker_that_is_open() {
    let mut bench = Bench::tripped();
    bench.settings.open_for = Duration::from_secs(3);
    bench.pass(3);
    assert!(bench.admitted().is_trial());
}

#[test]
fn a_worker_that_commits_late_does_not_turn_time_back() {
    let mut bench = Bench::tripped();
    let late = Nanos(bench.now.0 - 900_000_000);
    bench.now = late;
    assert_eq!(
        bench.refused(),
        Refused::Open(Duration::from_secs(50)),
        "not 50.9"
    );
}

#[test]
fn what_is_not_a_state_reads_as_none() {
    let (bench, _) = Bench::half_open();
    for settings in [
        bench.settings.clone(),
        fixture::settings(crate::settings::Span::Seconds(NonZeroU32::MIN)),
    ] {
        for state in [State::new(&settings), bench.state.clone()] {
            let bytes = state.clone().into_bytes();
            assert_eq!(State::from_bytes(&settings, bytes.clone()), Some(state));
            let mut other_version = bytes.clone();
            other_version[0] += 1;
            assert_eq!(State::closed_epoch(&other_version), None);
            assert_eq!(State::from_bytes(&settings, other_version), None);
            for len in 0..bytes.len() {
                assert_eq!(State::from_bytes(&settings, bytes[..len].to_vec()), None);
            }
            let longer = [&bytes[..], &[0]].concat();
            assert_eq!(State::from_bytes(&settings, longer), None);
        }
    }
}

#[test]
fn a_closed_breaker_is_known_by_its_first_bytes() {
    let (bench, _) = Bench::half_open();
    assert_eq!(State::closed_epoch(&bench.state.into_bytes()), None);
    assert_eq!(
        State::closed_epoch(&Bench::tripped().state.into_bytes()),
        None
    );
    assert_eq!(
        State::closed_epoch(&State::new(&bench.settings).into_bytes()),
        Some(0)
    );
}
