//! Conditions: those that cannot be carried out, and those whose answer is known before any request.

use crate::condition::Matcher;
use crate::document::{Condition, ConditionKind, Conditions, Op, Relation, ServicePolicy};
use crate::finding::{Report, Severity};

pub(super) fn check(policy: &ServicePolicy, report: &mut Report) {
    for conditions in all(policy) {
        list(conditions, report);
    }
}

/// Every list of conditions over requests in a policy.
pub(super) fn all(policy: &ServicePolicy) -> impl Iterator<Item = &Conditions> {
    let rates = policy
        .rate_limit_policies
        .iter()
        .map(|policy| &policy.conditions);
    let slots = policy
        .concurrency_limit_policies
        .iter()
        .map(|policy| &policy.conditions);
    let loads = policy
        .load_limit_policies
        .iter()
        .map(|policy| &policy.conditions);
    let permissions = policy
        .permission_policies
        .iter()
        .map(|policy| &policy.conditions);
    let faults = policy
        .fault_injection_policies
        .iter()
        .map(|policy| &policy.conditions);
    let rules = policy
        .route_policies
        .iter()
        .flat_map(|policy| &policy.tag_rules);
    let rules = rules.map(|rule| &rule.conditions);
    rates
        .chain(slots)
        .chain(loads)
        .chain(permissions)
        .chain(faults)
        .chain(rules)
}

/// Checks one list.
pub(super) fn list(conditions: &Conditions, report: &mut Report) {
    for invalid in Matcher::check(conditions) {
        report.error(&*invalid.pointer, invalid.to_string());
    }
    for condition in &conditions.list {
        answered(condition, report);
    }
    if conditions.relation == Relation::And {
        contradiction(&conditions.list, report);
    }
}

/// Conditions whose answer does not depend on the request.
fn answered(condition: &Condition, report: &mut Report) {
    let Condition {
        kind, op, values, ..
    } = condition;
    let several = values.len() > 1 && values.iter().any(|value| Some(value) != values.first());
    let (message, meant) = match op {
        Op::NotIn if values.is_empty() => (format!("{op} without `values` always holds"), None),
        Op::NotEqual if values.is_empty() => return,
        _ if values.is_empty() => (format!("{op} without `values` never holds"), None),
        Op::Equal if several && is_single(*kind) => (
            format!("a request has one {kind}: it never equals several values"),
            Some("IN"),
        ),
        Op::NotEqual if several && is_single(*kind) => (
            format!("a request has one {kind}: it always differs from several values"),
            Some("NOT_IN"),
        ),
        Op::Equal if several && *kind != ConditionKind::Ip => {
            return several_values(condition, report);
        }
        _ => return,
    };
    let suggestion = meant.map(|op| format!("did you mean `{op}`?"));
    report.add(Severity::Warning, &*condition.pointer, message, suggestion);
}

fn several_values(condition: &Condition, report: &mut Report) {
    let count = condition.values.len();
    let message = format!("EQUAL holds only for a request that has all {count} values");
    let meant = Some("IN holds for any of them".to_owned());
    report.add(Severity::Info, &*condition.pointer, message, meant);
}

/// Kinds of which a request never has more than one value. Addresses are compared by blocks, see [`crate::condition`].
fn is_single(kind: ConditionKind) -> bool {
    use ConditionKind::{ApiKey, Host, Method, Path, System};
    matches!(kind, ApiKey | Host | Method | Path | System)
}

/// Two conditions under AND that ask for different values of the one thing that a request has.
fn contradiction(list: &[Condition], report: &mut Report) {
    let asks = |condition: &&Condition| {
        is_single(condition.kind) && matches!(condition.op, Op::Equal | Op::In)
    };
    for (index, later) in list
        .iter()
        .enumerate()
        .filter(|(_, condition)| asks(condition))
    {
        let clash = list.iter().take(index).filter(asks).find(|earlier| {
            earlier.kind == later.kind
                && earlier.key == later.key
                && !earlier.values.iter().any(|value| has(&later.values, value))
        });
        if let Some(earlier) = clash {
            report.warning(
                &*later.pointer,
                format!("never holds together with the one at {}", earlier.pointer),
            );
        }
    }
}

/// Hosts and methods are compared whatever their case.
fn has(values: &[String], value: &str) -> bool {
    values.iter().any(|other| other.eq_ignore_ascii_case(value))
}
