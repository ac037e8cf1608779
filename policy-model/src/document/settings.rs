//! What holds for the whole document.

use super::spelled::spelled;
use std::num::NonZeroU32;

spelled! {
    /// What happens to a request that no service matches.
    #[derive(Default)]
    pub enum Unmatched {
        /// It passes (and is counted).
        #[default]
        Pass = "pass",
        /// It gets 404.
        Refuse = "refuse",
    }
}

spelled! {
    /// Which rate-limit fields go into replies.
    #[derive(Default)]
    pub enum RateLimitHeaders {
        /// `RateLimit` and `RateLimit-Policy`, draft-ietf-httpapi-ratelimit-headers.
        #[default]
        Ietf = "ietf",
        /// `X-RateLimit-Limit`, `-Remaining` and `-Reset`.
        XRateLimit = "x-ratelimit",
        /// None but `Retry-After`.
        None = "none",
    }
}

spelled! {
    /// The body of a refusal.
    #[derive(Default)]
    pub enum ErrorFormat {
        /// The JSON object with `code`, `reason`, `message` and `error`.
        #[default]
        Steward = "steward",
    }
}

/// Settings of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether lane, live, consumer and group headers of clients count. False removes them before anything is decided.
    pub trusted_client_headers: bool,
    /// What happens to a request that no service matches.
    pub unmatched: Unmatched,
    /// Room for counted keys.
    pub state: StateSettings,
    /// How many requests may wait at once, per worker.
    pub max_waiting: u32,
    /// Which rate-limit fields go into replies.
    pub rate_limit_headers: RateLimitHeaders,
    /// Whether replies to requests that pass have the rate-limit fields too. Refusals have them always.
    pub rate_limit_headers_on_success: bool,
    /// Which draft's syntax the IETF fields have, where it matters.
    pub rate_limit_draft: Option<u32>,
    /// The body of a refusal.
    pub error_format: ErrorFormat,
    /// The group whose policies hold, whatever a request says.
    pub group: Option<String>,
    /// Whether fault injection policies act.
    pub fault_injection: Option<bool>,
}

/// Room for counted keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSettings {
    /// Entries of one keyed policy's table.
    pub entries_per_policy: NonZeroU32,
}

// === impl Settings ===

impl Settings {
    /// Requests that may wait at once in one worker, unless the document says otherwise.
    pub const DEFAULT_MAX_WAITING: u32 = 1024;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trusted_client_headers: false,
            unmatched: Unmatched::default(),
            state: StateSettings::default(),
            max_waiting: Self::DEFAULT_MAX_WAITING,
            rate_limit_headers: RateLimitHeaders::default(),
            rate_limit_headers_on_success: false,
            rate_limit_draft: None,
            error_format: ErrorFormat::default(),
            group: None,
            fault_injection: None,
        }
    }
}

// === impl StateSettings ===

impl StateSettings {
    /// Entries of one keyed policy's table, unless the document says otherwise.
    pub const DEFAULT_ENTRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(65_535);
}

impl Default for StateSettings {
    fn default() -> Self {
        Self {
            entries_per_policy: Self::DEFAULT_ENTRIES,
        }
    }
}
