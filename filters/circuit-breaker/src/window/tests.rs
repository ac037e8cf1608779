//! Both windows against the plain thing: a log of every call.

use super::*;
use crate::{fixture, wire::HEAD};
use proptest::prelude::*;
use std::num::NonZeroU32;

fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn call() -> impl Strategy<Value = Call> {
    (any::<bool>(), any::<bool>()).prop_map(|(failed, slow)| Call { failed, slow })
}

fn sum<'a>(calls: impl Iterator<Item = &'a Call>) -> Tally {
    calls.fold(Tally::default(), |mut sum, call| {
        sum.add(*call);
        sum
    })
}

/// The window as another worker would read it.
fn after_a_round_trip(window: &Window, settings: &Settings) -> Window {
    let stored = window.clone().into_body().into_stored([7; HEAD]);
    let read = match settings.window {
        Span::Calls(calls) => CountWindow::of(calls, stored).map(Window::Count),
        Span::Seconds(seconds) => TimeWindow::of(seconds, stored).map(Window::Time),
    };
    let read = read.unwrap();
    assert_eq!(&read, window);
    read
}

proptest! {
    /// The last N calls, no more and no fewer, whatever their number.
    #[test]
    fn a_count_window_holds_exactly_the_last_calls(
        size in 1_u32..40,
        calls in prop::collection::vec(call(), 0..120),
    ) {
        let settings = fixture::settings(Span::Calls(some(size)));
        let mut window = Window::new(&settings);
        for (at, call) in calls.iter().enumerate() {
            window.push(Nanos(0), *call);
            window = after_a_round_trip(&window, &settings);
            let log = calls.iter().take(at + 1).rev().take(size as usize);
            prop_assert_eq!(window.tally(), sum(log));
        }
    }

    /// Never a call that is older than the window, always one younger than 63/64 of it.
    #[test]
    fn a_time_window_holds_the_last_seconds(
        seconds in prop_oneof![Just(1_u32), Just(5), Just(100), Just(86_400)],
        start in 0_u64..1 << 60,
        steps in prop::collection::vec((0_u64..96, 0_u64..1_000, call()), 1..150),
    ) {
        let settings = fixture::settings(Span::Seconds(some(seconds)));
        let span = u64::from(seconds) * 1_000_000_000;
        let mut window = Window::new(&settings);
        let mut log: Vec<(u64, Call)> = Vec::new();
        let mut now = start;
        for (parts, thousandths, call) in steps {
            // Small steps mostly, now and then a leap past everything.
            let step = if parts < 80 { parts / 8 } else { parts };
            now += span / 64 * step + span / 64 / 1_000 * thousandths;
            window.push(Nanos(now), call);
            window = after_a_round_trip(&window, &settings);
            log.push((now, call));
            let within = |age: u64| sum(log.iter().filter(|(at, _)| now - at < age).map(|(_, call)| call));
            let (most, least, held) = (within(span), within(span / 64 * 63), window.tally());
            prop_assert!(held.calls <= most.calls && held.failures <= most.failures && held.slow <= most.slow);
            prop_assert!(held.calls >= least.calls && held.failures >= least.failures && held.slow >= least.slow);
        }
    }
}

#[test]
fn a_window_that_was_idle_for_long_is_empty_but_for_the_new_call() {
    let settings = fixture::settings(Span::Seconds(NonZeroU32::MIN));
    let mut window = Window::new(&settings);
    let failed = Call {
        failed: true,
        slow: false,
    };
    for _ in 0..10 {
        window.push(Nanos(5), failed);
    }
    window.push(Nanos(u64::MAX), Call::default());
    assert_eq!(
        window.tally(),
        Tally {
            calls: 1,
            failures: 0,
            slow: 0
        }
    );
}

#[test]
fn bytes_of_another_window_are_refused() {
    let stored = CountWindow::new(some(5)).into_body().into_stored([0; HEAD]);
    assert!(CountWindow::of(some(5), stored.clone()).is_some());
    assert!(CountWindow::of(some(6), stored).is_none());
    let stored = TimeWindow::new(some(5)).into_body().into_stored([0; HEAD]);
    assert!(TimeWindow::of(some(5), stored.clone()).is_some());
    assert!(TimeWindow::of(some(6), stored).is_none());
}
