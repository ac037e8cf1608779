//! What a limit counts apart, and what a request costs.

use super::{ConditionKind, SlidingWindow, spelled::spelled};
use std::num::NonZeroU32;

spelled! {
    /// What happens to a request that has no value for a part of the key.
    #[derive(Default)]
    pub enum MissingKey {
        /// All such requests share a bucket of their own.
        #[default]
        Own = "own",
        /// The policy does not apply to it.
        Skip = "skip",
        /// It is refused.
        Refuse = "refuse",
    }
}

spelled! {
    /// When a limit is checked.
    #[derive(Default)]
    pub enum Phase {
        /// After identity and permission.
        #[default]
        Normal = "normal",
        /// Before any identity: protects the checks themselves.
        Early = "early",
    }
}

spelled! {
    /// What happens when workers keep getting in each other's way.
    #[derive(Default)]
    pub enum OnContention {
        /// The request is refused.
        #[default]
        Deny = "deny",
        /// The request passes.
        Allow = "allow",
    }
}

/// A part of the key that a limit counts apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// What it looks at.
    pub kind: ConditionKind,
    /// Name of the header, parameter, cookie or claim; empty where the kind needs none.
    pub key: String,
    /// Bits of an IPv4 address that count, for kind `ip`.
    pub prefix_v4: u8,
    /// Bits of an IPv6 address that count, for kind `ip`.
    pub prefix_v6: u8,
}

/// What one request takes from a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// So many, always.
    Fixed(NonZeroU32),
    /// What a part of the request says, at least 1 and at most `max`.
    Stated {
        /// What it looks at.
        kind: ConditionKind,
        /// Name of the header, parameter, cookie or claim.
        key: String,
        /// The most that is believed.
        max: NonZeroU32,
    },
}

/// Other windows for some keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitOverride {
    /// The keys it is for.
    pub matches: Vec<String>,
    /// Their windows.
    pub sliding_windows: Vec<SlidingWindow>,
}

// === impl KeyPart ===

impl KeyPart {
    /// A whole IPv4 address.
    pub const DEFAULT_PREFIX_V4: u8 = 32;
    /// The network that one IPv6 client is usually given: it picks the rest at will.
    pub const DEFAULT_PREFIX_V6: u8 = 64;
}

// === impl Cost ===

impl Default for Cost {
    fn default() -> Self {
        Self::Fixed(NonZeroU32::MIN)
    }
}
