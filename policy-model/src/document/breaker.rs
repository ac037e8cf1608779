//! Circuit breakers and degraded replies (requirement, section 2.8).

use super::{ErrorParserPolicy, PolicyMeta, spelled::spelled};
use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

spelled! {
    /// What one breaker stands for.
    #[derive(Default)]
    pub enum BreakerLevel {
        /// The whole service.
        Service = "SERVICE",
        /// A path pattern and method.
        Api = "API",
        /// One instance.
        #[default]
        Instance = "INSTANCE",
    }
}

spelled! {
    /// What a window holds.
    #[derive(Default)]
    pub enum WindowType {
        /// The last calls.
        Count = "count",
        /// The last seconds.
        #[default]
        Time = "time",
    }
}

/// A share of calls: more than 0, at most 100 per cent.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// A circuit breaker. Its numbers are never unset: what is not stated, or zero, has its default.
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitBreakPolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// `realizeType`: who counts in JoyLive; no effect.
    pub realize_type: Option<String>,
    /// What one breaker stands for.
    pub level: BreakerLevel,
    /// Calls or seconds.
    pub sliding_window_type: WindowType,
    /// So many of them.
    pub sliding_window_size: NonZeroU32,
    /// Calls below which nothing is judged.
    pub min_calls_threshold: NonZeroU32,
    /// Share of instances that may be shut out at once, for level INSTANCE.
    pub outlier_max_percent: Percent,
    /// Where the code of an error is in a body.
    pub code_policy: Option<ErrorParserPolicy>,
    /// Codes that are failures.
    pub error_codes: Vec<String>,
    /// Where the message of an error is in a body.
    pub message_policy: Option<ErrorParserPolicy>,
    /// Parts of messages that are failures.
    pub error_messages: Vec<String>,
    /// Java exceptions that are failures.
    pub exceptions: Vec<String>,
    /// Share of failures from which it opens.
    pub failure_rate_threshold: Percent,
    /// Share of slow calls from which it opens.
    pub slow_call_rate_threshold: Percent,
    /// Milliseconds beyond which a call is slow.
    pub slow_call_duration_threshold_ms: NonZeroU64,
    /// Seconds that it stays open.
    pub wait_duration_in_open_state_s: NonZeroU64,
    /// Calls that are tried when half open.
    pub allowed_calls_in_half_open_state: NonZeroU32,
    /// Milliseconds it may stay half open; 0 = as long as it takes.
    pub max_wait_duration_in_half_open_state_ms: u64,
    /// Always open.
    pub force_open: bool,
    /// Whether traffic comes back step by step.
    pub recovery_enabled: bool,
    /// Milliseconds over which it comes back.
    pub recovery_duration_ms: NonZeroU64,
    /// Steps in which it comes back.
    pub recovery_phase: NonZeroU32,
    /// What callers get instead of a refusal.
    pub degrade_config: Option<DegradeConfig>,
}

/// What callers get while a breaker is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DegradeConfig {
    /// Whether they get it.
    pub enabled: bool,
    /// HTTP status, or gRPC status for RPC services.
    pub response_code: u16,
    /// `content-type`; not stated = `application/json`.
    pub content_type: Option<String>,
    /// Headers.
    pub attributes: BTreeMap<String, String>,
    /// Body.
    pub response_body: String,
}

// === impl Percent ===

impl Percent {
    /// Half.
    pub const HALF: Self = Self(50.0);
    /// All.
    pub const ALL: Self = Self(100.0);

    /// A share of calls, if it is one: more than 0, at most 100.
    #[must_use]
    pub fn try_new(percent: f64) -> Option<Self> {
        (percent > 0.0 && percent <= 100.0).then_some(Self(percent))
    }

    /// Per cent, more than 0 and at most 100.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

// === impl CircuitBreakPolicy ===

impl Default for CircuitBreakPolicy {
    fn default() -> Self {
        Self {
            meta: PolicyMeta::default(),
            realize_type: None,
            level: BreakerLevel::default(),
            sliding_window_type: WindowType::default(),
            sliding_window_size: NonZeroU32::MIN.saturating_add(99),
            min_calls_threshold: NonZeroU32::MIN.saturating_add(9),
            outlier_max_percent: Percent::HALF,
            code_policy: None,
            error_codes: Vec::new(),
            message_policy: None,
            error_messages: Vec::new(),
            exceptions: Vec::new(),
            failure_rate_threshold: Percent::HALF,
            slow_call_rate_threshold: Percent::HALF,
            slow_call_duration_threshold_ms: NonZeroU64::MIN.saturating_add(9_999),
            wait_duration_in_open_state_s: NonZeroU64::MIN.saturating_add(59),
            allowed_calls_in_half_open_state: NonZeroU32::MIN.saturating_add(9),
            max_wait_duration_in_half_open_state_ms: 0,
            force_open: false,
            recovery_enabled: false,
            recovery_duration_ms: NonZeroU64::MIN.saturating_add(14_999),
            recovery_phase: NonZeroU32::MIN.saturating_add(9),
            degrade_config: None,
        }
    }
}

// === impl DegradeConfig ===

impl Default for DegradeConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            response_code: 0,
            content_type: None,
            attributes: BTreeMap::new(),
            response_body: String::new(),
        }
    }
}
