//! A breaker policy as numbers to decide by.
//!
//! Defaults are policy-model's (JoyLive's own: absent, null, zero and negative all mean the default, so a rate threshold
//! of 0 is 50 %: read literally, 0 % would trip on every call). What is added here are two bounds, because a breaker's
//! state travels through the host with every recorded call: a count window of [`MAX_COUNTED_CALLS`] is 4 KiB, at which a
//! read and a compare-and-swap still cost under a microsecond, and [`MAX_TRIAL_CALLS`] permits in flight are 3 KiB. A
//! document that asks for more gets the bound and a warning.

use crate::wire::Writer;
use policy_model::{
    Report, Severity,
    document::{CircuitBreakPolicy, Percent, WindowType},
};
use std::{num::NonZeroU32, time::Duration};

/// The longest count window kept, in calls: two bits a call make 4 KiB.
pub const MAX_COUNTED_CALLS: u32 = 16_384;

/// The most half-open calls allowed: each takes 12 bytes while it is out.
pub const MAX_TRIAL_CALLS: u32 = 256;

/// How long a half-open call may be out before it is taken for slow, at the least: four times Envoy's default route
/// timeout of 15 s, so that whatever such a call had to say has been said.
const MIN_PERMIT_LIFE: Duration = Duration::from_secs(60);

/// What a breaker needs to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which past calls count.
    pub window: Span,
    /// Calls that must be in before a rate says anything.
    pub min_calls: NonZeroU32,
    /// Share of failed calls that trips the breaker.
    pub failure_rate: Rate,
    /// Share of slow calls that trips the breaker.
    pub slow_rate: Rate,
    /// A call that takes longer is slow.
    pub slow_call: Duration,
    /// How long an open breaker refuses everything.
    pub open_for: Duration,
    /// Calls let through in half-open state.
    pub trial_calls: NonZeroU32,
    /// How long a half-open state may stay undecided before the breaker opens again; `None`: no such limit.
    pub trial_for: Option<Duration>,
    /// Refuse always.
    pub forced: bool,
}

/// The extent of a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last so many calls.
    Calls(NonZeroU32),
    /// The last so many seconds.
    Seconds(NonZeroU32),
}

/// A share, above 0 % and at most 100 %, in thousandths of a percent.
///
/// An integer, so that a threshold such as 33.3 % is met by exactly 333 of 1,000 calls and not by luck of rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u32);

// === impl Settings ===

impl Settings {
    /// The policy's numbers; what had to be bounded is reported.
    #[must_use]
    pub fn compile(policy: &CircuitBreakPolicy, report: &mut Report) -> Self {
        let settings = Self::from(policy);
        if let Span::Calls(calls) = settings.window {
            warn_if_bounded(
                policy,
                report,
                "slidingWindowSize",
                calls,
                policy.sliding_window_size,
            );
        }
        let (asked, field) = (
            policy.allowed_calls_in_half_open_state,
            "allowedCallsInHalfOpenState",
        );
        warn_if_bounded(policy, report, field, settings.trial_calls, asked);
        settings
    }

    /// What calls are judged by, for the state's identity: other rules begin with other state.
    pub(crate) fn write_rules(&self, out: &mut Writer) {
        match self.window {
            Span::Calls(calls) => out.u64(calls.get().into()),
            Span::Seconds(seconds) => out.u64(u64::from(seconds.get()) << 32),
        }
        out.u32(self.min_calls.get());
        out.u32(self.failure_rate.0);
        out.u32(self.slow_rate.0);
        out.u64(u64::try_from(self.slow_call.as_millis()).unwrap_or(u64::MAX));
    }

    /// Calls that must be in the window before it is judged: a count window cannot ask for more than it holds.
    pub(crate) fn quorum(&self) -> u32 {
        match self.window {
            Span::Calls(calls) => self.min_calls.min(calls).get(),
            Span::Seconds(_) => self.min_calls.get(),
        }
    }

    /// Results that decide a half-open state.
    pub(crate) fn trial_quorum(&self) -> u32 {
        self.min_calls.min(self.trial_calls).get()
    }

    /// After what time a half-open call that has not reported is counted as slow.
    pub(crate) fn permit_life(&self) -> Duration {
        MIN_PERMIT_LIFE.max(self.slow_call.saturating_mul(2))
    }
}

impl From<&CircuitBreakPolicy> for Settings {
    fn from(policy: &CircuitBreakPolicy) -> Self {
        let size = policy.sliding_window_size;
        let trial_for = Duration::from_millis(policy.max_wait_duration_in_half_open_state_ms);
        Self {
            window: match policy.sliding_window_type {
                WindowType::Count => Span::Calls(at_most(size, MAX_COUNTED_CALLS)),
                WindowType::Time => Span::Seconds(size),
            },
            min_calls: policy.min_calls_threshold,
            failure_rate: policy.failure_rate_threshold.into(),
            slow_rate: policy.slow_call_rate_threshold.into(),
            slow_call: Duration::from_millis(policy.slow_call_duration_threshold_ms.get()),
            open_for: Duration::from_secs(policy.wait_duration_in_open_state_s.get()),
            trial_calls: at_most(policy.allowed_calls_in_half_open_state, MAX_TRIAL_CALLS),
            trial_for: (!trial_for.is_zero()).then_some(trial_for),
            forced: policy.force_open,
        }
    }
}

fn at_most(asked: NonZeroU32, bound: u32) -> NonZeroU32 {
    NonZeroU32::new(bound).map_or(asked, |bound| asked.min(bound))
}

fn warn_if_bounded(
    policy: &CircuitBreakPolicy,
    report: &mut Report,
    field: &str,
    taken: NonZeroU32,
    asked: NonZeroU32,
) {
    if taken < asked {
        let pointer = format!("{}/{field}", policy.meta.pointer);
        let message = format!("{asked} calls are more than a breaker keeps: {taken} are taken");
        report.add(Severity::Warning, pointer, message, None);
    }
}

// === impl Rate ===

impl Rate {
    /// Whether `part` of `whole` calls reach this share. No calls reach nothing.
    #[must_use]
    pub fn is_reached(self, part: u32, whole: u32) -> bool {
        whole > 0 && u64::from(part) * 100_000 >= u64::from(self.0) * u64::from(whole)
    }
}

impl From<Percent> for Rate {
    fn from(percent: Percent) -> Self {
        // In range: a percentage is above 0 and at most 100. One too small for a thousandth is not nothing.
        Self(((percent.get() * 1_000.0).round() as u32).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(percent: f64) -> Rate {
        Percent::try_new(percent).unwrap().into()
    }

    #[test]
    fn thresholds_are_inclusive_and_exact() {
        assert!(rate(20.0).is_reached(1, 5));
        assert!(!rate(20.0).is_reached(1, 6));
        assert!(rate(33.3).is_reached(333, 1_000));
        assert!(!rate(33.3).is_reached(332, 1_000));
        assert!(rate(100.0).is_reached(u32::MAX, u32::MAX));
        assert!(!rate(100.0).is_reached(u32::MAX - 1, u32::MAX));
        assert!(!rate(1e-9).is_reached(0, 1));
        assert!(!rate(1e-9).is_reached(0, 0));
    }

    #[test]
    fn an_unwritten_policy_has_the_documented_defaults() {
        let settings = Settings::from(&CircuitBreakPolicy::default());
        assert_eq!(
            settings.window,
            Span::Seconds(NonZeroU32::new(100).unwrap())
        );
        assert_eq!(settings.min_calls.get(), 10);
        assert_eq!(settings.failure_rate, rate(50.0));
        assert_eq!(settings.slow_rate, rate(50.0));
        assert_eq!(settings.slow_call, Duration::from_secs(10));
        assert_eq!(settings.open_for, Duration::from_secs(60));
        assert_eq!(settings.trial_calls.get(), 10);
        assert_eq!(settings.trial_for, None);
        assert!(!settings.forced);
    }

    #[test]
    fn sizes_are_bounded_and_said_so() {
        let mut report = Report::default();
        let huge = CircuitBreakPolicy {
            sliding_window_type: WindowType::Count,
            sliding_window_size: NonZeroU32::MAX,
            allowed_calls_in_half_open_state: NonZeroU32::MAX,
            ..CircuitBreakPolicy::default()
        };
        let settings = Settings::compile(&huge, &mut report);
        assert_eq!(
            settings.window,
            Span::Calls(NonZeroU32::new(MAX_COUNTED_CALLS).unwrap())
        );
        assert_eq!(settings.trial_calls.get(), MAX_TRIAL_CALLS);
        assert_eq!(report.count(Severity::Warning), 2);

        let mut report = Report::default();
        let century = CircuitBreakPolicy {
            sliding_window_size: NonZeroU32::MAX,
            ..CircuitBreakPolicy::default()
        };
        let _ = Settings::compile(&century, &mut report);
        assert!(
            report.findings().is_empty(),
            "a time window's state does not grow with its length"
        );
    }

    #[test]
    fn a_count_window_cannot_ask_for_more_calls_than_it_holds() {
        let small = CircuitBreakPolicy {
            sliding_window_type: WindowType::Count,
            sliding_window_size: NonZeroU32::new(5).unwrap(),
            ..CircuitBreakPolicy::default()
        };
        assert_eq!(Settings::from(&small).quorum(), 5);
        assert_eq!(Settings::from(&CircuitBreakPolicy::default()).quorum(), 10);
    }

    #[test]
    fn a_permit_outlives_a_slow_call() {
        let mut settings = Settings::from(&CircuitBreakPolicy::default());
        assert_eq!(settings.permit_life(), Duration::from_secs(60));
        settings.slow_call = Duration::from_secs(120);
        assert_eq!(settings.permit_life(), Duration::from_secs(240));
    }
}
