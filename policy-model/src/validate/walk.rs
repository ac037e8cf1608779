//! The nodes of a document, each with what it says for itself.

use crate::document::{Document, PolicyMeta, Service, ServiceGroup, ServicePolicy};

/// A group, path or method.
pub(super) struct Node<'d> {
    pub(super) service: &'d Service,
    pub(super) policy: &'d ServicePolicy,
}

/// Every node of the document, in its order.
pub(super) fn nodes(document: &Document) -> impl Iterator<Item = Node<'_>> {
    document.services.iter().flat_map(|service| {
        let policies = service.groups.iter().flat_map(policies);
        policies.map(move |policy| Node { service, policy })
    })
}

fn policies(group: &ServiceGroup) -> impl Iterator<Item = &ServicePolicy> {
    let paths = group.paths.iter().flat_map(|path| {
        let methods = path.methods.iter().map(|method| &method.service_policy);
        std::iter::once(&path.service_policy).chain(methods)
    });
    std::iter::once(&group.service_policy).chain(paths)
}

/// The list policies of a node, with what their list is called.
pub(super) fn metas(policy: &ServicePolicy) -> [(&'static str, Vec<&PolicyMeta>); 8] {
    macro_rules! metas {
        ($list:expr) => {
            $list.iter().map(|policy| &policy.meta).collect()
        };
    }
    [
        ("lanePolicies", metas!(policy.lane_policies)),
        ("rateLimitPolicies", metas!(policy.rate_limit_policies)),
        (
            "concurrencyLimitPolicies",
            metas!(policy.concurrency_limit_policies),
        ),
        ("loadLimitPolicies", metas!(policy.load_limit_policies)),
        ("routePolicies", metas!(policy.route_policies)),
        (
            "circuitBreakPolicies",
            metas!(policy.circuit_break_policies),
        ),
        ("permissionPolicies", metas!(policy.permission_policies)),
        (
            "faultInjectionPolicies",
            metas!(policy.fault_injection_policies),
        ),
    ]
}
