//! All that can be said at a node of the tree.

use super::{
    AuthenticationPolicy, Authorization, CircuitBreakPolicy, ClusterPolicy, ConcurrencyLimitPolicy,
    FaultInjectionPolicy, HealthPolicy, LanePolicy, LivePolicy, LoadBalancePolicy, LoadLimitPolicy,
    PermissionPolicy, RateLimitPolicy, RoutePolicy,
};

/// What a group, path or method says for itself. An empty list says nothing, so what is above holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServicePolicy {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// Units and cells.
    pub live_policy: Option<LivePolicy>,
    /// Whether the service joins lanes by itself; not stated = what is above, then what the lane says.
    pub auto_lane_enabled: Option<bool>,
    /// Lanes.
    pub lane_policies: Vec<LanePolicy>,
    /// Failed calls.
    pub cluster_policy: Option<ClusterPolicy>,
    /// Choice among instances.
    pub load_balance_policy: Option<LoadBalancePolicy>,
    /// Sick instances.
    pub health_policy: Option<HealthPolicy>,
    /// Requests per time.
    pub rate_limit_policies: Vec<RateLimitPolicy>,
    /// Requests at once.
    pub concurrency_limit_policies: Vec<ConcurrencyLimitPolicy>,
    /// Load of the machine.
    pub load_limit_policies: Vec<LoadLimitPolicy>,
    /// Labels.
    pub route_policies: Vec<RoutePolicy>,
    /// Breakers.
    pub circuit_break_policies: Vec<CircuitBreakPolicy>,
    /// Permission by conditions.
    pub permission_policies: Vec<PermissionPolicy>,
    /// Faults on purpose.
    pub fault_injection_policies: Vec<FaultInjectionPolicy>,
    /// What a request must bring.
    pub authentication: Option<AuthenticationPolicy>,
    /// Permission by roles.
    pub authorization: Option<Authorization>,
}
