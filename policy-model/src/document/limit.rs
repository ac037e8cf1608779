//! Rate, concurrency and load limits (requirement, sections 2.5 and 2.6).

use super::{
    Conditions, Cost, KeyPart, LimitOverride, MissingKey, OnContention, Phase, PolicyMeta,
    spelled::spelled,
};
use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

spelled! {
    /// How a limit counts: `realizeType`.
    #[derive(Default)]
    pub enum LimitAlgorithm {
        /// A window that slides with the clock and is never exceeded.
        #[default]
        StrictWindow = "Resilience4j",
        /// A bucket that fills at threshold per window and holds what `maxBurstSeconds` brings.
        TokenBucket = "TokenBucket" | "SmoothBursty",
        /// A window that begins anew at each of its borders.
        FixedWindow = "FixedWindow",
        /// Requests at a steady rate that begins slowly.
        SmoothWarmup = "SmoothWarmup",
        /// A queue that leaves at a steady rate.
        LeakyBucket = "LeakyBucket",
        /// Counted in Redis by JoyLive; here a strict window of this Envoy, which a finding says.
        Redis = "Redis",
        /// Counted by a token server.
        Limiter4j = "Limiter4j",
    }
}

/// A limit on requests per time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateLimitPolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// How it counts.
    pub algorithm: LimitAlgorithm,
    /// All must grant.
    pub sliding_windows: Vec<SlidingWindow>,
    /// How long a request may wait for its turn, in milliseconds; 0 = not at all.
    pub max_wait_ms: u64,
    /// `parameters` or `actionParameters`.
    pub parameters: BTreeMap<String, String>,
    /// When it applies.
    pub conditions: Conditions,
    /// What is counted apart; empty = one bucket.
    pub key: Vec<KeyPart>,
    /// What becomes of requests without a key.
    pub missing_key: MissingKey,
    /// What a request takes.
    pub cost: Cost,
    /// Other windows for some keys.
    pub overrides: Vec<LimitOverride>,
    /// Before or after identity.
    pub phase: Phase,
    /// What happens when workers keep getting in each other's way.
    pub on_contention: OnContention,
}

/// So many requests in any span of so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlidingWindow {
    /// Requests.
    pub threshold: NonZeroU32,
    /// Length in milliseconds.
    pub time_window_ms: NonZeroU64,
}

/// A limit on requests at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConcurrencyLimitPolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// `realizeType`; the model knows only one.
    pub algorithm: LimitAlgorithm,
    /// Requests at once; none = the policy limits nothing.
    pub max_concurrency: Option<NonZeroU32>,
    /// How long a request may wait for its turn, in milliseconds; 0 = not at all.
    pub max_wait_ms: u64,
    /// `parameters` or `actionParameters`.
    pub parameters: BTreeMap<String, String>,
    /// When it applies.
    pub conditions: Conditions,
    /// What is counted apart; empty = one count.
    pub key: Vec<KeyPart>,
    /// What becomes of requests without a key.
    pub missing_key: MissingKey,
}

/// A limit by the machine's load. Nothing tells a proxy filter the load: it is read, and reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadLimitPolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// Per cent of processor time.
    pub cpu_usage: Option<u32>,
    /// Load average.
    pub load_usage: Option<u32>,
    /// Steps.
    pub throttles: Vec<LoadThrottle>,
    /// When it applies.
    pub conditions: Conditions,
}

/// One step of a load limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadThrottle {
    /// Per cent of processor time from which it holds.
    pub cpu_usage: Option<u32>,
    /// Load average from which it holds.
    pub load_usage: Option<u32>,
    /// Per cent of requests that are refused.
    pub ratio: u32,
}

// === impl RateLimitPolicy ===

impl RateLimitPolicy {
    /// The most windows of one policy, and of one override. Each takes up to 144 bytes for each client, in a value that
    /// travels through the host with each request; a burst, a rate and quotas by minute, hour, day, month and year are seven.
    pub const MAX_WINDOWS: usize = 8;
}

// === impl SlidingWindow ===

impl SlidingWindow {
    /// Threshold and length that are not stated, as in JoyLive: 1000 a second.
    pub const DEFAULT: Self = Self {
        threshold: NonZeroU32::MIN.saturating_add(999),
        time_window_ms: NonZeroU64::MIN.saturating_add(999),
    };
}
