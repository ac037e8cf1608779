//! What a node says for itself, ready to be laid over what it inherits.

use super::effective::{Inherited, ListPolicy, Policies};
use super::node::NodeId;
use super::sources::Place;
use crate::document::{
    CircuitBreakPolicy, ConcurrencyLimitPolicy, FaultInjectionPolicy, LanePolicy, LoadLimitPolicy,
    PermissionPolicy, RateLimitPolicy, RoutePolicy, ServicePolicy,
};
use std::rc::Rc;

/// What a node says for itself. Its lists are made once, so that all who inherit them share them.
pub(super) struct Declared<'d> {
    pub(super) node: NodeId,
    pub(super) pointer: &'d str,
    pub(super) policy: &'d ServicePolicy,
    pub(super) lane: OwnList<'d, LanePolicy>,
    pub(super) rate_limit: OwnList<'d, RateLimitPolicy>,
    pub(super) concurrency_limit: OwnList<'d, ConcurrencyLimitPolicy>,
    pub(super) load_limit: OwnList<'d, LoadLimitPolicy>,
    pub(super) route: OwnList<'d, RoutePolicy>,
    pub(super) circuit_break: OwnList<'d, CircuitBreakPolicy>,
    pub(super) permission: OwnList<'d, PermissionPolicy>,
    pub(super) fault_injection: OwnList<'d, FaultInjectionPolicy>,
}

/// What a node says about one kind of policies.
pub(super) enum OwnList<'d, T> {
    /// Nothing: what is inherited holds.
    Silent,
    /// Policies of these names are taken out of what is inherited.
    Removes(&'d [T]),
    /// These, and nothing of what is inherited.
    Replaces(Policies<T>),
}

// === impl Declared ===

impl<'d> Declared<'d> {
    /// None if nothing is said at the node.
    pub(super) fn new(node: NodeId, place: Place<'d>) -> Option<Self> {
        let Place { pointer, policy } = place;
        let is_silent = *policy
            == ServicePolicy {
                id: policy.id,
                ..ServicePolicy::default()
            };
        (!is_silent).then(|| Self {
            node,
            pointer,
            policy,
            lane: OwnList::new(node, policy),
            rate_limit: OwnList::new(node, policy),
            concurrency_limit: OwnList::new(node, policy),
            load_limit: OwnList::new(node, policy),
            route: OwnList::new(node, policy),
            circuit_break: OwnList::new(node, policy),
            permission: OwnList::new(node, policy),
            fault_injection: OwnList::new(node, policy),
        })
    }
}

// === impl OwnList ===

impl<'d, T: ListPolicy> OwnList<'d, T> {
    fn new(node: NodeId, policy: &'d ServicePolicy) -> Self {
        let list = T::declared(policy);
        if list.is_empty() {
            Self::Silent
        } else if list.iter().all(|policy| policy.meta().removal) {
            Self::Removes(list)
        } else {
            let numbered = (0..).zip(list).filter(|(_, policy)| policy.meta().enabled);
            Self::Replaces(
                numbered
                    .map(|(index, policy)| inherited(node, index, policy))
                    .collect(),
            )
        }
    }
}

fn inherited<T: Clone>(declared_at: NodeId, index: u32, policy: &T) -> Inherited<T> {
    Inherited {
        declared_at,
        index,
        policy: Rc::new(policy.clone()),
    }
}
