//! What holds at a node after inheritance.

use super::node::NodeId;
use crate::document::{
    AuthenticationPolicy, Authorization, CircuitBreakPolicy, ClusterPolicy, ConcurrencyLimitPolicy,
    FaultInjectionPolicy, HealthPolicy, LanePolicy, LivePolicy, LoadBalancePolicy, LoadLimitPolicy,
    PermissionPolicy, PolicyMeta, RateLimitPolicy, RoutePolicy, ServicePolicy, StateAt,
};
use std::fmt;
use std::rc::Rc;

/// The policies of one kind that hold at a node, in the order of the document. Nodes that inherit a list share it.
pub type Policies<T> = Rc<[Inherited<T>]>;

/// A policy that holds at a node, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Inherited<T> {
    /// The node whose list has it: the node itself or one that it inherits from.
    pub declared_at: NodeId,
    /// Its place in that list, which names it if it has no name.
    pub index: u32,
    /// The policy.
    pub policy: Rc<T>,
}

/// All that holds at a node. Policies that are not enabled are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EffectivePolicy {
    /// Units and cells.
    pub live_policy: Option<Rc<LivePolicy>>,
    /// Whether the service joins lanes by itself; none = what the lane says.
    pub auto_lane_enabled: Option<bool>,
    /// Lanes.
    pub lane_policies: Policies<LanePolicy>,
    /// Failed calls.
    pub cluster_policy: Option<Rc<ClusterPolicy>>,
    /// Choice among instances.
    pub load_balance_policy: Option<Rc<LoadBalancePolicy>>,
    /// Sick instances.
    pub health_policy: Option<Rc<HealthPolicy>>,
    /// Requests per time.
    pub rate_limit_policies: Policies<RateLimitPolicy>,
    /// Requests at once.
    pub concurrency_limit_policies: Policies<ConcurrencyLimitPolicy>,
    /// Load of the machine.
    pub load_limit_policies: Policies<LoadLimitPolicy>,
    /// Labels.
    pub route_policies: Policies<RoutePolicy>,
    /// Breakers.
    pub circuit_break_policies: Policies<CircuitBreakPolicy>,
    /// Permission by conditions.
    pub permission_policies: Policies<PermissionPolicy>,
    /// Faults on purpose.
    pub fault_injection_policies: Policies<FaultInjectionPolicy>,
    /// What a request must bring; the document's own requirement is merged in.
    pub authentication: Option<Rc<AuthenticationPolicy>>,
    /// Permission by roles.
    pub authorization: Option<Rc<Authorization>>,
}

/// The kinds of policies that come in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// `lanePolicies`.
    Lane,
    /// `rateLimitPolicies`.
    RateLimit,
    /// `concurrencyLimitPolicies`.
    ConcurrencyLimit,
    /// `loadLimitPolicies`.
    LoadLimit,
    /// `routePolicies`.
    Route,
    /// `circuitBreakPolicies`.
    CircuitBreak,
    /// `permissionPolicies`.
    Permission,
    /// `faultInjectionPolicies`.
    FaultInjection,
}

/// A policy that comes in lists.
pub trait ListPolicy: Clone {
    /// Which list.
    const KIND: PolicyKind;

    /// Its name and switches.
    fn meta(&self) -> &PolicyMeta;

    /// The list as a node declares it.
    fn declared(policy: &ServicePolicy) -> &[Self];

    /// The list that holds at a node.
    fn effective(policy: &EffectivePolicy) -> &Policies<Self>;
}

// === impl EffectivePolicy ===

impl EffectivePolicy {
    /// How many policies of lists the node `at` declares itself.
    #[must_use]
    pub fn declared_at(&self, at: NodeId) -> usize {
        fn own<T>(list: &Policies<T>, at: NodeId) -> usize {
            list.iter()
                .filter(|inherited| inherited.declared_at == at)
                .count()
        }
        own(&self.lane_policies, at)
            + own(&self.rate_limit_policies, at)
            + own(&self.concurrency_limit_policies, at)
            + own(&self.load_limit_policies, at)
            + own(&self.route_policies, at)
            + own(&self.circuit_break_policies, at)
            + own(&self.permission_policies, at)
            + own(&self.fault_injection_policies, at)
    }
}

// === impl Inherited ===

impl<T: ListPolicy> Inherited<T> {
    /// The node whose state the policy uses when it acts at the node `this`: the one that declares it, unless the
    /// policy asks for a state per node.
    #[must_use]
    pub fn state_node(&self, this: NodeId) -> NodeId {
        match self.policy.meta().state_at {
            StateAt::Declared => self.declared_at,
            StateAt::Node => this,
        }
    }

    /// The policy's name, or its place in its list if it has none: `#0`.
    #[must_use]
    pub fn label(&self) -> String {
        match &*self.policy.meta().name {
            "" => format!("#{}", self.index),
            name => name.to_owned(),
        }
    }
}

// === impl PolicyKind ===

impl PolicyKind {
    /// The member of a service policy that holds the list.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Lane => "lanePolicies",
            Self::RateLimit => "rateLimitPolicies",
            Self::ConcurrencyLimit => "concurrencyLimitPolicies",
            Self::LoadLimit => "loadLimitPolicies",
            Self::Route => "routePolicies",
            Self::CircuitBreak => "circuitBreakPolicies",
            Self::Permission => "permissionPolicies",
            Self::FaultInjection => "faultInjectionPolicies",
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.member())
    }
}

// === impl ListPolicy ===

macro_rules! listed {
    ($($policy:ident: $kind:ident in $member:ident),+ $(,)?) => {$(
        impl ListPolicy for $policy {
            const KIND: PolicyKind = PolicyKind::$kind;

            fn meta(&self) -> &PolicyMeta {
                &self.meta
            }

            fn declared(policy: &ServicePolicy) -> &[Self] {
                &policy.$member
            }

            fn effective(policy: &EffectivePolicy) -> &Policies<Self> {
                &policy.$member
            }
        }
    )+};
}

listed! {
    LanePolicy: Lane in lane_policies,
    RateLimitPolicy: RateLimit in rate_limit_policies,
    ConcurrencyLimitPolicy: ConcurrencyLimit in concurrency_limit_policies,
    LoadLimitPolicy: LoadLimit in load_limit_policies,
    RoutePolicy: Route in route_policies,
    CircuitBreakPolicy: CircuitBreak in circuit_break_policies,
    PermissionPolicy: Permission in permission_policies,
    FaultInjectionPolicy: FaultInjection in fault_injection_policies,
}
