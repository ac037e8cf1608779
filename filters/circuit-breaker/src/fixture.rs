//! Settings for tests.

use crate::settings::{Settings, Span};
use policy_model::document::{CircuitBreakPolicy, Percent};
use std::num::NonZeroU32;

/// The defaults over another window.
pub(crate) fn settings(window: Span) -> Settings {
    Settings {
        window,
        ..Settings::from(&CircuitBreakPolicy::default())
    }
}

/// The requirement's example (section 2.8): five calls, 20 %, slow beyond a second, open for 50 s, then three calls.
pub(crate) fn example() -> CircuitBreakPolicy {
    let number = |number| NonZeroU32::new(number).unwrap();
    CircuitBreakPolicy {
        sliding_window_type: policy_model::document::WindowType::Count,
        sliding_window_size: number(5),
        min_calls_threshold: number(1),
        failure_rate_threshold: Percent::try_new(20.0).unwrap(),
        slow_call_rate_threshold: Percent::try_new(20.0).unwrap(),
        slow_call_duration_threshold_ms: number(1_000).into(),
        wait_duration_in_open_state_s: number(50).into(),
        allowed_calls_in_half_open_state: number(3),
        error_codes: vec!["500".into(), "502".into()],
        ..CircuitBreakPolicy::default()
    }
}
