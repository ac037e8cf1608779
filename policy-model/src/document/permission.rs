//! Who may call, by conditions.

use super::{Conditions, PolicyMeta, spelled::spelled};

spelled! {
    /// What a matching permission policy means.
    pub enum PermissionType {
        /// The call is permitted.
        Allow = "ALLOW",
        /// The call is refused, whatever permits it.
        Deny = "DENY",
    }
}

/// Permits or refuses calls. Any match of a DENY refuses; if there is an ALLOW, one must match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PermissionPolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// What it means; none only in a removal.
    pub permission_type: Option<PermissionType>,
    /// When it applies.
    pub conditions: Conditions,
}
