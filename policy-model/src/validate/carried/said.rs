//! Where a document says what is not carried out: the JSON pointers for each line of the table.

use crate::document::{
    BreakerLevel, CircuitBreakPolicy, ClusterPolicy, Document, HealthPolicy, LimitAlgorithm,
    LivePolicy, LoadBalancePolicy, Mode, PolicyMeta, RateLimitPolicy, Service, ServicePolicy,
};
use std::rc::Rc;

/// The member `name` of a policy, if it says something that does not happen.
fn at(meta: &PolicyMeta, said: bool, name: &str) -> Vec<String> {
    if said {
        vec![format!("{}/{name}", meta.pointer)]
    } else {
        Vec::new()
    }
}

fn enabled<'p>(metas: impl Iterator<Item = &'p PolicyMeta>) -> Vec<String> {
    metas
        .filter(|meta| meta.enabled)
        .map(|meta| meta.pointer.to_string())
        .collect()
}

pub(super) fn live_spaces(document: &Document) -> Vec<String> {
    document
        .live_spaces
        .iter()
        .map(|space| space.spec.pointer.to_string())
        .collect()
}

pub(super) fn settings(document: &Document) -> Vec<String> {
    let settings = &document.settings;
    let faults = settings
        .fault_injection
        .map(|_| "/settings/faultInjection".to_owned());
    faults.into_iter().collect()
}

pub(super) fn endpoints(service: &Service) -> Vec<String> {
    let stated = !service.endpoints.is_empty();
    if stated {
        vec![format!("{}/endpoints", service.pointer)]
    } else {
        Vec::new()
    }
}

pub(super) fn live(policy: &ServicePolicy) -> Vec<String> {
    said(
        policy.live_policy.as_ref(),
        |p| &p.pointer,
        |pointer| LivePolicy {
            pointer,
            ..LivePolicy::default()
        },
    )
}

pub(super) fn cluster(policy: &ServicePolicy) -> Vec<String> {
    let empty = |pointer| ClusterPolicy {
        pointer,
        ..ClusterPolicy::default()
    };
    said(policy.cluster_policy.as_ref(), |p| &p.pointer, empty)
}

pub(super) fn balance(policy: &ServicePolicy) -> Vec<String> {
    let empty = |pointer| LoadBalancePolicy {
        pointer,
        ..LoadBalancePolicy::default()
    };
    said(policy.load_balance_policy.as_ref(), |p| &p.pointer, empty)
}

pub(super) fn health(policy: &ServicePolicy) -> Vec<String> {
    let empty = |pointer| HealthPolicy {
        pointer,
        ..HealthPolicy::default()
    };
    said(policy.health_policy.as_ref(), |p| &p.pointer, empty)
}

/// The pointer of a part, unless the part is there but says nothing.
fn said<T: PartialEq>(
    part: Option<&T>,
    pointer: fn(&T) -> &Rc<str>,
    empty: impl Fn(Rc<str>) -> T,
) -> Vec<String> {
    let stated = part.filter(|part| **part != empty(pointer(part).clone()));
    stated
        .map(|part| pointer(part).to_string())
        .into_iter()
        .collect()
}

pub(super) fn load(policy: &ServicePolicy) -> Vec<String> {
    enabled(policy.load_limit_policies.iter().map(|policy| &policy.meta))
}

pub(super) fn fault(policy: &ServicePolicy) -> Vec<String> {
    enabled(
        policy
            .fault_injection_policies
            .iter()
            .map(|policy| &policy.meta),
    )
}

pub(super) fn lane_shadow(policy: &ServicePolicy) -> Vec<String> {
    let shadows = policy
        .lane_policies
        .iter()
        .filter(|lane| lane.meta.enabled && lane.meta.mode == Mode::Shadow);
    shadows
        .flat_map(|lane| at(&lane.meta, true, "mode"))
        .collect()
}

pub(super) fn redis(limit: &RateLimitPolicy) -> Vec<String> {
    at(
        &limit.meta,
        limit.algorithm == LimitAlgorithm::Redis,
        "realizeType",
    )
}

pub(super) fn algorithm(limit: &RateLimitPolicy) -> Vec<String> {
    let missing = limit.algorithm == LimitAlgorithm::Limiter4j;
    at(&limit.meta, missing, "realizeType")
}

pub(super) fn instance(breaker: &CircuitBreakPolicy) -> Vec<String> {
    at(
        &breaker.meta,
        breaker.level == BreakerLevel::Instance,
        "level",
    )
}

pub(super) fn api(breaker: &CircuitBreakPolicy) -> Vec<String> {
    at(&breaker.meta, breaker.level == BreakerLevel::Api, "level")
}

pub(super) fn code_policy(breaker: &CircuitBreakPolicy) -> Vec<String> {
    at(&breaker.meta, breaker.code_policy.is_some(), "codePolicy")
}

pub(super) fn exceptions(breaker: &CircuitBreakPolicy) -> Vec<String> {
    at(&breaker.meta, !breaker.exceptions.is_empty(), "exceptions")
}

pub(super) fn messages(breaker: &CircuitBreakPolicy) -> Vec<String> {
    let mut said = at(
        &breaker.meta,
        breaker.message_policy.is_some(),
        "messagePolicy",
    );
    said.extend(at(
        &breaker.meta,
        !breaker.error_messages.is_empty(),
        "errorMessages",
    ));
    said
}

pub(super) fn recovery(breaker: &CircuitBreakPolicy) -> Vec<String> {
    at(&breaker.meta, breaker.recovery_enabled, "recoveryEnabled")
}
