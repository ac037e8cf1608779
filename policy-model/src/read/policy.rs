//! Reads what is said at a node of the tree.

use super::object::Obj;
use super::{
    authentication, authorization, breaker, cluster, fault, lane, limit, live, permission, route,
};
use crate::document::ServicePolicy;

/// The members of a service policy. Elsewhere in the tree they would do nothing.
pub(super) const PARTS: [&str; 15] = [
    "servicePolicy",
    "livePolicy",
    "autoLaneEnabled",
    "lanePolicies",
    "clusterPolicy",
    "loadBalancePolicy",
    "healthPolicy",
    "rateLimitPolicies",
    "concurrencyLimitPolicies",
    "loadLimitPolicies",
    "routePolicies",
    "circuitBreakPolicies",
    "permissionPolicies",
    "faultInjectionPolicies",
    "authorization",
];

pub(super) fn service_policy(o: &mut Obj) -> ServicePolicy {
    o.guard();
    ServicePolicy {
        id: o.whole("id"),
        live_policy: o.object("livePolicy", live::live),
        auto_lane_enabled: o.flag("autoLaneEnabled"),
        lane_policies: o.list("lanePolicies", lane::lane),
        cluster_policy: o.object("clusterPolicy", cluster::cluster),
        load_balance_policy: o.object("loadBalancePolicy", cluster::load_balance),
        health_policy: o.object("healthPolicy", cluster::health),
        rate_limit_policies: o.list("rateLimitPolicies", limit::rate_limit),
        concurrency_limit_policies: o.list("concurrencyLimitPolicies", limit::concurrency_limit),
        load_limit_policies: o.list("loadLimitPolicies", limit::load_limit),
        route_policies: o.list("routePolicies", route::route),
        circuit_break_policies: o.list("circuitBreakPolicies", breaker::circuit_break),
        permission_policies: o.list("permissionPolicies", permission::permission),
        fault_injection_policies: o.list("faultInjectionPolicies", fault::fault),
        authentication: o.object("authentication", authentication::authentication_policy),
        authorization: o.object("authorization", authorization::authorization),
    }
}
