//! What happens to a failed call (requirement, section 2.3).

use super::{ErrorParserPolicy, spelled::spelled};
use std::num::NonZeroU32;
use std::rc::Rc;

spelled! {
    /// What happens to a failed call.
    pub enum ClusterType {
        /// The caller gets the failure.
        Failfast = "failfast",
        /// It is tried again elsewhere.
        Failover = "failover",
        /// The caller gets an empty success.
        Failsafe = "failsafe",
    }
}

/// What happens to a failed call. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterPolicy {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// What happens.
    pub cluster_type: Option<ClusterType>,
    /// How it is tried again.
    pub retry_policy: Option<RetryPolicy>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}

/// How a call is tried again. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// Attempts after the first.
    pub retry: Option<NonZeroU32>,
    /// Milliseconds between attempts: `interval` or `retryInterval`.
    pub interval_ms: Option<u64>,
    /// Milliseconds after which no attempt is begun.
    pub timeout_ms: Option<u64>,
    /// Where the code of an error is in a body.
    pub code_policy: Option<ErrorParserPolicy>,
    /// Codes that are tried again: `errorCodes` or `retryStatuses`.
    pub error_codes: Vec<String>,
    /// Where the message of an error is in a body.
    pub message_policy: Option<ErrorParserPolicy>,
    /// Parts of messages that are tried again.
    pub error_messages: Vec<String>,
    /// Java exceptions that are tried again: `exceptions` or `retryExceptions`.
    pub exceptions: Vec<String>,
    /// Methods that may be tried again; both this and the prefixes empty = all.
    pub methods: Vec<String>,
    /// Beginnings of methods that may be tried again.
    pub method_prefixes: Vec<String>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}
