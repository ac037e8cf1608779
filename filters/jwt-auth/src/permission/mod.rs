//! Who may do what: after it is proven who calls, before anything is counted or routed.
//!
//! Two answers that must both be yes. [`rules`] are JoyLive's `permissionPolicies`: conditions that permit or refuse.
//! [`access`] is the overview's key manager and role model (requirement "service governance overview"): roles have
//! permissions, methods need them, and what a path names may have to be the caller's own. Neither looks at anything that a
//! client could have written itself except where a condition of the document does.
//!
//! A caller who has proven nothing is asked for credentials (401) where they would help; everybody else gets 403
//! (RFC 9110, sections 15.5.2 and 15.5.4).

mod access;
mod owner;
mod plan;
mod refuse;
mod rules;
mod stage;

pub use stage::Permit;
