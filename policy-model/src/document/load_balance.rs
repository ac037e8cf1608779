//! Which instance of the right ones (requirement, section 2.4), and when sick ones are used all the same.

use super::spelled::spelled;
use std::num::NonZeroU32;
use std::rc::Rc;

spelled! {
    /// How an instance is picked.
    pub enum BalanceType {
        /// By weight, at random.
        Random = "RANDOM" | "RANDOM_WEIGHT",
        /// One after the other.
        RoundRobin = "ROUND_ROBIN",
        /// The quickest.
        ShortestResponse = "SHORTEST_RESPONSE",
        /// At random, the quick ones more often.
        WeightResponse = "WEIGHT_RESPONSE",
        /// The one with the fewest calls at once.
        LeastActive = "LEAST_ACTIVE",
    }
}

spelled! {
    /// Whether an instance is kept.
    pub enum StickyType {
        /// No.
        None = "NONE",
        /// While it is there.
        Preferred = "PREFERRED",
        /// Whatever happens.
        Fixed = "FIXED",
    }
}

/// Which instance of the right ones. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadBalancePolicy {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// How it is picked.
    pub policy_type: Option<BalanceType>,
    /// Whether it is kept.
    pub sticky_type: Option<StickyType>,
    /// Among how many.
    pub max_candidates: Option<NonZeroU32>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}

/// When sick instances are used all the same. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthPolicy {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// Per cent of healthy ones below which all are used.
    pub healthy_min_percent: Option<u32>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}
