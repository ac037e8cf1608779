//! Who may call, by roles and by ownership.

use super::{Mode, spelled::spelled};
use std::rc::Rc;

spelled! {
    /// What a role may do.
    pub enum Permission {
        /// Look.
        Read = "READ",
        /// Change.
        Write = "WRITE",
        /// Remove.
        Delete = "DELETE",
        /// Run.
        Execute = "EXECUTE",
        /// Everything.
        Admin = "ADMIN",
    }
}

/// Roles, and what a method needs. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorization {
    /// What each role may do.
    pub roles: Option<Vec<Role>>,
    /// Path of the claim that holds the caller's roles; not stated = [`DEFAULT_ROLES_CLAIM`](Self::DEFAULT_ROLES_CLAIM).
    pub roles_claim: Option<String>,
    /// What each method needs.
    pub methods: Option<Vec<MethodPermission>>,
    /// What belongs to the caller.
    pub ownership: Option<Vec<Ownership>>,
    /// Whether it is enforced; not stated = it is.
    pub mode: Option<Mode>,
    /// JSON pointer of the object.
    pub pointer: Rc<str>,
}

/// What a role may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name in the claim.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
}

/// What a method needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodPermission {
    /// The method.
    pub method: String,
    /// What it needs.
    pub permission: Permission,
}

/// A path variable that must be the caller's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The variable of the path pattern.
    pub path_variable: String,
    /// Path of the claim it must equal.
    pub claim: String,
}

// === impl Authorization ===

impl Authorization {
    /// Where access tokens have roles (RFC 9068, section 2.2.3.1).
    pub const DEFAULT_ROLES_CLAIM: &'static str = "roles";
}
