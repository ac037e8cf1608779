//! Tag routes: rules that are never reached, destinations that cannot be asked for.

use crate::document::{
    Destination, LabelConditions, Op, Relation, RoutePolicy, ServicePolicy, TagRule,
};
use crate::finding::{Report, Severity};

pub(super) fn check(policy: &ServicePolicy, report: &mut Report) {
    for route in policy
        .route_policies
        .iter()
        .filter(|route| route.meta.enabled)
    {
        if route.tag_rules.is_empty() {
            report.warning(
                &*route.meta.pointer,
                "no `tagRules`: the policy does nothing",
            );
        }
        reach(route, report);
        for rule in &route.tag_rules {
            destinations(rule, report);
        }
    }
}

/// Rules behind one that always matches.
fn reach(route: &RoutePolicy, report: &mut Report) {
    let catch_all = |rule: &TagRule| rule.conditions.list.is_empty();
    let mut rules = route.tag_rules.iter();
    let Some(first) = rules.find(|rule| catch_all(rule)) else {
        return;
    };
    for rule in rules {
        let message = format!(
            "never reached: the rule at {} has no conditions",
            first.pointer
        );
        report.warning(&*rule.pointer, message);
    }
}

fn destinations(rule: &TagRule, report: &mut Report) {
    if rule.destinations.is_empty() {
        report.info(
            &*rule.pointer,
            "no destinations: what matches goes anywhere",
        );
    }
    let total: u64 = rule
        .destinations
        .iter()
        .map(|to| u64::from(to.weight))
        .sum();
    for destination in &rule.destinations {
        if destination.weight == 0 && total > 0 {
            report.warning(&*destination.pointer, "weight 0: nothing is sent here");
        }
        labels(destination, report);
    }
}

/// A subset load balancer knows "has these labels" and nothing else. Anything else would have to be dropped, and then
/// traffic would go where the document does not send it.
fn labels(destination: &Destination, report: &mut Report) {
    let LabelConditions { relation, list } = &destination.conditions;
    if *relation == Relation::Or && list.len() > 1 {
        report.error(
            format!("{}/relationType", destination.pointer),
            "labels of a destination can only be asked for together: relationType AND",
        );
    }
    for condition in list {
        if condition.key.is_empty() {
            report.error(&*condition.pointer, "`key` is missing: which label?");
        }
        if condition.op != Op::Equal || condition.values.len() != 1 {
            let meant = Some("one destination for each value, with weights".to_owned());
            let message = "a label of a destination can only EQUAL one value";
            report.add(Severity::Error, &*condition.pointer, message, meant);
        }
    }
    contradiction(destination, report);
}

fn contradiction(destination: &Destination, report: &mut Report) {
    let list = &destination.conditions.list;
    for (index, condition) in list.iter().enumerate() {
        let same = |other: &&crate::document::LabelCondition| other.key == condition.key;
        if list
            .iter()
            .take(index)
            .filter(same)
            .any(|other| other.values != condition.values)
        {
            report.error(
                &*condition.pointer,
                format!("`{}` cannot have two values", condition.key),
            );
        }
    }
}
