//! What was read, in JoyLive's names: the inverse of reading, for comparison.

use policy_model::document::{
    CircuitBreakPolicy, ConcurrencyLimitPolicy, Condition, Conditions, ErrorParserPolicy,
    LabelCondition, LanePolicy, LaneSpace, LiveDomain, LivePolicy, LoadLimitPolicy, PolicyMeta,
    RateLimitPolicy, Remote, RetryPolicy, RoutePolicy, ServicePolicy, Spelled, Unit, UnitRule,
};
use serde_json::{Value, json};

pub(crate) fn policy(policy: &ServicePolicy) -> Value {
    let cluster = policy.cluster_policy.as_ref();
    let balance = policy.load_balance_policy.as_ref();
    json!({
        "livePolicy": policy.live_policy.as_ref().map(live),
        "lanePolicies": policy.lane_policies.iter().map(lane).collect::<Vec<_>>(),
        "clusterPolicy": cluster.map(|cluster| json!({
            "type": word(cluster.cluster_type),
            "retryPolicy": cluster.retry_policy.as_ref().map(retry),
        })),
        "loadBalancePolicy": balance.map(|balance| json!({
            "policyType": word(balance.policy_type), "stickyType": word(balance.sticky_type),
        })),
        "rateLimitPolicies": policy.rate_limit_policies.iter().map(rate).collect::<Vec<_>>(),
        "concurrencyLimitPolicies":
            policy.concurrency_limit_policies.iter().map(concurrency).collect::<Vec<_>>(),
        "loadLimitPolicies": policy.load_limit_policies.iter().map(load).collect::<Vec<_>>(),
        "routePolicies": policy.route_policies.iter().map(route).collect::<Vec<_>>(),
        "circuitBreakPolicies": policy.circuit_break_policies.iter().map(breaker).collect::<Vec<_>>(),
        "permissionPolicies": policy.permission_policies.iter().map(|permission| with_meta(
            &permission.meta, json!({"type": word(permission.permission_type)}),
        )).collect::<Vec<_>>(),
    })
}

pub(crate) fn condition(condition: &Condition) -> Value {
    json!({
        "type": condition.kind.name(), "opType": condition.op.name(), "key": condition.key,
        "values": condition.values,
    })
}

pub(crate) fn lane_space(space: &LaneSpace) -> Value {
    let lanes = space.lanes.iter().map(|lane| json!({
        "code": lane.code, "defaultLane": lane.default_lane, "fallbackType": word(lane.fallback_type),
        "fallbackLane": lane.fallback_lane,
    }));
    let rules = space.rules.iter().map(|rule| {
        json!({
            "id": rule.id, "laneCode": rule.lane_code, "ratio": rule.ratio, "order": rule.order,
            "relationType": rule.conditions.relation.name(),
        })
    });
    json!({
        "id": space.id, "defaultSpace": space.default_space, "version": space.version,
        "lanes": lanes.collect::<Vec<_>>(), "rules": rules.collect::<Vec<_>>(),
    })
}

pub(crate) fn unit(unit: &Unit) -> Value {
    json!({"code": unit.code, "type": word(unit.unit_type), "accessMode": unit.access_mode.name()})
}

pub(crate) fn live_domain(domain: &LiveDomain) -> Value {
    let units = domain
        .unit_domains
        .iter()
        .map(|own| json!({"unit": own.unit, "host": own.host}));
    let paths = domain.paths.iter().map(|path| json!({
        "path": path.path, "ruleId": path.rule_id, "ruleName": path.rule_name,
        "matchType": path.match_type.map_or("PREFIX", Spelled::name),
        "customVariableSource": path.custom_variable_source, "variableSource": path.variable_source,
        "bizVariableEnabled": path.biz_variable_enabled,
        "bizVariableScope": word(path.biz_variable_scope),
    }));
    json!({
        "host": domain.host, "liveType": word(domain.live_type), "backend": domain.backend,
        "unitDomainEnabled": domain.unit_domain_enabled, "unitDomains": units.collect::<Vec<_>>(),
        "paths": paths.collect::<Vec<_>>(),
    })
}

pub(crate) fn unit_rule(rule: &UnitRule) -> Value {
    let routes = rule.unit_routes.iter().map(|route| {
        let ranges = route
            .ranges
            .iter()
            .map(|range| json!({"from": range.from, "to": range.to}));
        let cells = route.cells.iter().flatten().map(|cell| {
            json!({
                "code": cell.code, "weight": cell.weight, "accessMode": cell.access_mode.name(),
            })
        });
        json!({
            "code": route.code, "allows": route.allows, "prefixes": route.prefixes,
            "ranges": ranges.collect::<Vec<_>>(), "cells": cells.collect::<Vec<_>>(),
        })
    });
    json!({
        "id": rule.id, "liveType": word(rule.live_type), "business": rule.business, "modulo": rule.modulo,
        "variableSource": rule.variable_source, "variableFunction": rule.variable_function,
        "variableMissingAction": rule.variable_missing_action.name(),
        "unitRoutes": routes.collect::<Vec<_>>(),
    })
}

fn live(live: &LivePolicy) -> Value {
    let remotes = |remotes: &[Remote]| {
        let remote = |remote: &Remote| {
            json!({
                "name": remote.name, "type": remote.remote_type.name(),
                "threshold": remote.threshold.map_or(0, std::num::NonZeroU32::get),
            })
        };
        remotes.iter().map(remote).collect::<Vec<_>>()
    };
    json!({
        "writeProtect": live.write_protect, "methods": live.methods, "methodPrefixes": live.method_prefixes,
        "unitPolicy": word(live.unit_policy), "defaultUnitThreshold": live.default_unit_threshold,
        "unitRemotes": remotes(&live.unit_remotes), "cellPolicy": word(live.cell_policy),
        "defaultCellThreshold": live.default_cell_threshold, "cellRemotes": remotes(&live.cell_remotes),
    })
}

fn lane(lane: &LanePolicy) -> Value {
    json!({
        "laneSpaceId": lane.lane_space_id, "fallbackType": word(lane.fallback_type),
        "fallbackLanes": lane.fallback_lanes,
    })
}

fn retry(retry: &RetryPolicy) -> Value {
    json!({
        "retry": retry.retry, "timeout": retry.timeout_ms,
        "codePolicy": retry.code_policy.as_ref().map(parser),
    })
}

fn rate(rate: &RateLimitPolicy) -> Value {
    let windows = rate.sliding_windows.iter().map(|window| {
        json!({
            "threshold": window.threshold, "timeWindowInMs": window.time_window_ms,
        })
    });
    let own = json!({
        "slidingWindows": windows.collect::<Vec<_>>(), "maxWaitMs": rate.max_wait_ms,
        "parameters": rate.parameters, "realizeType": rate.algorithm.name(),
    });
    with_conditions(&rate.conditions, with_meta(&rate.meta, own))
}

fn concurrency(limit: &ConcurrencyLimitPolicy) -> Value {
    let own = json!({
        "maxConcurrency": limit.max_concurrency, "maxWaitMs": limit.max_wait_ms,
        "realizeType": limit.algorithm.name(),
    });
    with_conditions(&limit.conditions, with_meta(&limit.meta, own))
}

fn load(load: &LoadLimitPolicy) -> Value {
    let throttles = load.throttles.iter().map(|throttle| json!({
        "cpuUsage": throttle.cpu_usage, "loadUsage": throttle.load_usage, "ratio": throttle.ratio,
    }));
    let throttles: Vec<_> = throttles.collect();
    with_meta(
        &load.meta,
        json!({"cpuUsage": load.cpu_usage, "throttles": throttles}),
    )
}

fn route(route: &RoutePolicy) -> Value {
    let label = |label: &LabelCondition| {
        json!({
            "key": label.key, "opType": label.op.name(), "values": label.values,
        })
    };
    let rules = route.tag_rules.iter().map(|rule| {
        let to = rule.destinations.iter().map(|to| {
            json!({
                "weight": to.weight, "order": 0, "relationType": to.conditions.relation.name(),
                "conditions": to.conditions.list.iter().map(label).collect::<Vec<_>>(),
            })
        });
        let own = json!({"order": rule.order, "destinations": to.collect::<Vec<_>>()});
        with_conditions(&rule.conditions, own)
    });
    json!({"name": route.meta.name, "order": route.order, "tagRules": rules.collect::<Vec<_>>()})
}

fn breaker(breaker: &CircuitBreakPolicy) -> Value {
    let degrade = breaker.degrade_config.as_ref().map(|degrade| {
        json!({
            "enabled": degrade.enabled, "responseCode": degrade.response_code,
            "contentType": degrade.content_type.as_deref().unwrap_or("application/json"),
            "attributes": degrade.attributes, "responseBody": degrade.response_body,
        })
    });
    let own = json!({
        "level": breaker.level.name(),
        "slidingWindowType": breaker.sliding_window_type.name(),
        "slidingWindowSize": breaker.sliding_window_size,
        "minCallsThreshold": breaker.min_calls_threshold,
        "outlierMaxPercent": breaker.outlier_max_percent.get(),
        "codePolicy": breaker.code_policy.as_ref().map(parser),
        "errorCodes": breaker.error_codes,
        "failureRateThreshold": breaker.failure_rate_threshold.get(),
        "slowCallRateThreshold": breaker.slow_call_rate_threshold.get(),
        "slowCallDurationThreshold": breaker.slow_call_duration_threshold_ms,
        "waitDurationInOpenState": breaker.wait_duration_in_open_state_s,
        "allowedCallsInHalfOpenState": breaker.allowed_calls_in_half_open_state,
        "maxWaitDurationInHalfOpenState": breaker.max_wait_duration_in_half_open_state_ms,
        "forceOpen": breaker.force_open,
        "recoveryEnabled": breaker.recovery_enabled,
        "recoveryDuration": breaker.recovery_duration_ms,
        "recoveryPhase": breaker.recovery_phase,
        "degradeConfig": degrade,
    });
    with_meta(&breaker.meta, own)
}

fn parser(parser: &ErrorParserPolicy) -> Value {
    json!({
        "parser": word(parser.parser), "expression": parser.expression, "statuses": parser.statuses,
        "contentTypes": parser.content_types,
    })
}

fn with_meta(meta: &PolicyMeta, mut own: Value) -> Value {
    own["name"] = json!(meta.name);
    own["version"] = json!(meta.version);
    own
}

fn with_conditions(conditions: &Conditions, mut own: Value) -> Value {
    own["relationType"] = json!(conditions.relation.name());
    own["conditions"] = conditions.list.iter().map(condition).collect();
    own
}

fn word<E: Spelled>(word: Option<E>) -> Option<&'static str> {
    word.map(Spelled::name)
}
