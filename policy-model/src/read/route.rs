//! Reads tag routes.

use super::condition::{conditions, label_conditions};
use super::meta::meta;
use super::object::Obj;
use crate::document::{Destination, RoutePolicy, TagRule};
use crate::sort::sort_by_key;

pub(super) fn route(o: &mut Obj) -> Option<RoutePolicy> {
    o.guard();
    let meta = meta(o);
    let order = o.whole("order").unwrap_or_default();
    let mut tag_rules = o.list("tagRules", tag_rule);
    sort_by_key(&mut tag_rules, |rule| rule.order);
    Some(RoutePolicy {
        meta,
        order,
        tag_rules,
    })
}

fn tag_rule(o: &mut Obj) -> Option<TagRule> {
    o.guard();
    Some(TagRule {
        order: o.whole("order").unwrap_or_default(),
        conditions: conditions(o),
        destinations: o.list("destinations", destination),
        pointer: o.pointer(),
    })
}

fn destination(o: &mut Obj) -> Option<Destination> {
    o.guard();
    let _: Option<i32> = o.whole("order");
    Some(Destination {
        weight: o.whole("weight").unwrap_or_default(),
        conditions: label_conditions(o),
        pointer: o.pointer(),
    })
}
