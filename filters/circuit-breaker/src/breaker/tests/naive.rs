//! The breaker against a model without any cleverness: logs of calls and timers that fire when they are due.

use super::*;
use crate::settings::{Rate, Span};
use policy_model::document::Percent;
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq)]
struct Naive {
    epoch: u32,
    stamp: u64,
    mode: NaiveMode,
}

#[derive(Clone, Debug, PartialEq)]
enum NaiveMode {
    Closed {
        log: Vec<(u64, Call)>,
    },
    Open {
        since: u64,
    },
    HalfOpen {
        began: u64,
        results: Vec<Call>,
        out: Vec<(usize, u64)>,
    },
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(u64),
    GoBack(u64),
    Admit,
    Finish(usize, Call),
    Release(usize),
}

/// What the machine answered and what the model answered, for one call.
struct Held {
    permit: Permit,
    epoch: u32,
    /// Position among all admissions.
    name: usize,
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap()
}

fn share(rate: Rate, part: usize, whole: usize) -> bool {
    rate.is_reached(u32::try_from(part).unwrap(), u32::try_from(whole).unwrap())
}

fn trips(settings: &Settings, calls: &[Call], quorum: usize) -> bool {
    let count = |is: fn(&&Call) -> bool| calls.iter().filter(is).count();
    let failed = share(
        settings.failure_rate,
        count(|call| call.failed),
        calls.len(),
    );
    let slow = share(settings.slow_rate, count(|call| call.slow), calls.len());
    calls.len() >= quorum && (failed || slow)
}

impl Naive {
    fn new() -> Self {
        Self {
            epoch: 0,
            stamp: 0,
            mode: NaiveMode::Closed { log: Vec::new() },
        }
    }

    fn enter(&mut self, mode: NaiveMode) {
        self.epoch += 1;
        self.mode = mode;
    }

    fn decide(&mut self, settings: &Settings, at: u64) {
        let NaiveMode::HalfOpen { results, .. } = &self.mode else {
            return;
        };
        let quorum = settings.min_calls.min(settings.trial_calls).get() as usize;
        if results.len() >= quorum {
            if trips(settings, results, quorum) {
                self.enter(NaiveMode::Open { since: at });
            } else {
                self.enter(NaiveMode::Closed { log: Vec::new() });
            }
        }
    }

    /// Fires one timer that is due, the earliest; a permit's before the state's own.
    fn fire(&mut self, settings: &Settings, now: u64) -> bool {
        let NaiveMode::HalfOpen {
            began,
            results,
            out,
        } = &mut self.mode
        else {
            return false;
        };
        let limit = settings
            .trial_for
            .map(|span| *began + nanos(span))
            .filter(|at| *at <= now);
        let life = nanos(settings.slow_call * 2).max(60_000_000_000);
        let next = out
            .iter()
            .map(|(_, since)| since + life)
            .min()
            .filter(|at| *at <= now);
        match (next, limit) {
            (Some(at), limit) if limit.is_none_or(|limit| at <= limit) => {
                out.remove(0);
                results.push(SLOW);
                self.decide(settings, at);
                true
            }
            (_, Some(at)) => {
                self.enter(NaiveMode::Open { since: at });
                true
            }
            _ => false,
        }
    }

    fn admit(&mut self, settings: &Settings, now: u64, name: usize) -> Result<(), Option<u64>> {
        if let NaiveMode::Open { since } = self.mode {
            let end = since + nanos(settings.open_for);
            if now < end {
                return Err(Some(end - now));
            }
            self.enter(NaiveMode::HalfOpen {
                began: now,
                results: vec![],
                out: vec![],
            });
        }
        if let NaiveMode::HalfOpen { results, out, .. } = &mut self.mode {
            if results.len() + out.len() >= settings.trial_calls.get() as usize {
                return Err(None);
            }
            out.push((name, now));
        }
        Ok(())
    }

    fn finish(&mut self, settings: &Settings, now: u64, held: &Held, call: Option<Call>) {
        if held.epoch != self.epoch {
            return;
        }
        match (&mut self.mode, call) {
            (NaiveMode::Closed { log }, Some(call)) => {
                log.push((now, call));
                let calls = in_window(settings, log, now);
                let quorum = settings.quorum() as usize;
                if trips(settings, &calls, quorum) {
                    self.enter(NaiveMode::Open { since: now });
                }
            }
            (NaiveMode::HalfOpen { out, results, .. }, call) => {
                let Some(at) = out.iter().position(|(name, _)| *name == held.name) else {
                    return;
                };
                out.remove(at);
                results.extend(call);
                self.decide(settings, now);
            }
            _ => {}
        }
    }
}

/// The calls that a window holds, straight from the log.
fn in_window(settings: &Settings, log: &[(u64, Call)], now: u64) -> Vec<Call> {
    let calls = log.iter().map(|(_, call)| *call);
    match settings.window {
        Span::Calls(size) => calls
            .skip(log.len().saturating_sub(size.get() as usize))
            .collect(),
        Span::Seconds(seconds) => {
            let part = u64::from(seconds.get()) * 1_000_000_000 / 64;
            let recent = log.iter().filter(|(at, _)| now / part - at / part < 64);
            recent.map(|(_, call)| *call).collect()
        }
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    let some = |range: std::ops::Range<u32>| range.prop_map(|n| NonZeroU32::new(n).unwrap());
    let rate = || prop_oneof![Just(20.0), Just(50.0), Just(100.0)];
    let window = prop_oneof![
        some(1..6).prop_map(Span::Calls),
        some(1..4).prop_map(Span::Seconds)
    ];
    let trial_for = prop_oneof![Just(None), Just(Some(2)), Just(Some(100))];
    (
        window,
        some(1..6),
        rate(),
        rate(),
        1_u64..40,
        1_u64..6,
        some(1..5),
        trial_for,
    )
        .prop_map(
            |(window, min_calls, failures, slow, slow_call, open_for, trial_calls, trial_for)| {
                Settings {
                    window,
                    min_calls,
                    failure_rate: Percent::try_new(failures).unwrap().into(),
                    slow_rate: Percent::try_new(slow).unwrap().into(),
                    slow_call: Duration::from_secs(slow_call),
                    open_for: Duration::from_secs(open_for),
                    trial_calls,
                    trial_for: trial_for.map(Duration::from_secs),
                    forced: false,
                }
            },
        )
}

fn event() -> impl Strategy<Value = Event> {
    let call = prop_oneof![3 => Just(GOOD), 1 => Just(FAILED), 1 => Just(SLOW)];
    prop_oneof![
        2 => (1_u64..200_000_000).prop_map(Event::Pass),
        2 => (1_u64..7).prop_map(|seconds| Event::Pass(seconds * 1_000_000_000)),
        1 => (50_u64..90).prop_map(|seconds| Event::Pass(seconds * 1_000_000_000)),
        1 => (1_u64..50_000_000).prop_map(Event::GoBack),
        6 => Just(Event::Admit),
        5 => (any::<usize>(), call).prop_map(|(which, call)| Event::Finish(which, call)),
        1 => any::<usize>().prop_map(Event::Release),
    ]
}

/// As long as may be, or as long as a time window's.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let window = State::new(&fixture::settings(Span::Seconds(NonZeroU32::MIN))).into_bytes();
    let len = prop_oneof![0_usize..200, Just(window.len() - 2)];
    len.prop_flat_map(|len| prop::collection::vec(any::<u8>(), len))
}

fn mode_of(naive: &Naive) -> Mode {
    match naive.mode {
        NaiveMode::Closed { .. } => Mode::Closed,
        NaiveMode::Open { .. } => Mode::Open,
        NaiveMode::HalfOpen { .. } => Mode::HalfOpen,
    }
}

/// Both sides of the comparison.
struct Pair {
    settings: Settings,
    state: State,
    naive: Naive,
    now: u64,
    held: Vec<Held>,
    admissions: usize,
}

impl Pair {
    fn take<A>(&mut self, step: Step<A>, before: &Naive) -> Result<A, TestCaseError> {
        let changed = *before != self.naive;
        prop_assert_eq!(step.changed, changed);
        if changed {
            self.naive.stamp = self.now.max(self.naive.stamp);
        } else {
            prop_assert_eq!(&step.state, &self.state);
        }
        prop_assert_eq!(step.state.mode(), mode_of(&self.naive));
        prop_assert_eq!(step.state.epoch, self.naive.epoch);
        prop_assert_eq!(step.state.stamp.0, self.naive.stamp);
        prop_assert!(step.transitions.len() <= 2);
        self.state = step.state;
        // Every step goes through the bytes, as it does between workers.
        let read = State::from_bytes(&self.settings, self.state.clone().into_bytes());
        prop_assert_eq!(read.as_ref(), Some(&self.state));
        Ok(step.answer)
    }

    fn happen(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Pass(span) => self.now += span,
            Event::GoBack(span) => self.now -= span,
            Event::Admit => self.admit()?,
            Event::Finish(which, call) => self.end(which, Some(call))?,
            Event::Release(which) => self.end(which, None)?,
        }
        Ok(())
    }

    fn model_time(&mut self) -> (Naive, u64) {
        let before = self.naive.clone();
        let now = self.now.max(self.naive.stamp);
        while self.naive.fire(&self.settings, now) {}
        (before, now)
    }

    fn admit(&mut self) -> Result<(), TestCaseError> {
        let (before, now) = self.model_time();
        let expected = self.naive.admit(&self.settings, now, self.admissions);
        let step = admit(&self.settings, self.state.clone(), Nanos(self.now));
        let (answer, epoch) = (self.take(step, &before)?, self.naive.epoch);
        match (answer, expected) {
            (Admission::Admitted(permit), Ok(())) => {
                self.held.push(Held {
                    permit,
                    epoch,
                    name: self.admissions,
                });
            }
            (Admission::Refused(Refused::Open(rest)), Err(Some(expected))) => {
                prop_assert_eq!(nanos(rest), expected);
            }
            (Admission::Refused(Refused::HalfOpen), Err(None)) => {}
            other => prop_assert!(false, "{:?}", other),
        }
        self.admissions += 1;
        Ok(())
    }

    fn end(&mut self, which: usize, call: Option<Call>) -> Result<(), TestCaseError> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = self.held.swap_remove(which % self.held.len());
        let (before, now) = self.model_time();
        self.naive.finish(&self.settings, now, &held, call);
        let (state, at) = (self.state.clone(), Nanos(self.now));
        let step = match call {
            Some(call) => finish(&self.settings, state, at, held.permit, call),
            None => release(&self.settings, state, at, held.permit),
        };
        self.take(step, &before)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_breaker_is_the_naive_one(settings in settings(), events in prop::collection::vec(event(), 1..120)) {
        let state = State::new(&settings);
        let now = 1 << 50;
        let mut pair = Pair { settings, state, naive: Naive::new(), now, held: vec![], admissions: 0 };
        for event in events {
            pair.happen(event)?;
        }
    }

    /// Stored bytes may be anything: they are read or not, and never break the reader.
    #[test]
    fn any_bytes_are_read_or_not(settings in settings(), bytes in bodies(), tag in 0_u8..5) {
        let bytes = [&[crate::state::VERSION, tag][..], &bytes].concat();
        if let Some(state) = State::from_bytes(&settings, bytes.clone()) {
            prop_assert_eq!(state.into_bytes(), bytes);
        }
    }
}
