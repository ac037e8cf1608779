//! Faults on purpose.

use super::{Conditions, PolicyMeta, spelled::spelled};

spelled! {
    /// What goes wrong.
    pub enum FaultType {
        /// The call is late.
        Delay = "delay",
        /// The call fails.
        Error = "error",
    }
}

/// A fault on purpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultInjectionPolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// What goes wrong; none only in a removal.
    pub fault_type: Option<FaultType>,
    /// Per cent of calls; 0 = all.
    pub percent: u32,
    /// How late, in milliseconds.
    pub delay_time_ms: u64,
    /// Status of the failure.
    pub error_code: Option<String>,
    /// Message of the failure.
    pub error_msg: Option<String>,
    /// When it applies.
    pub conditions: Conditions,
}
