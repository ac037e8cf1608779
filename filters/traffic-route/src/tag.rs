//! Tag rules: which labelled instances a request may go to (requirement, section 2.7).
//!
//! Policies in the order of the list, rules by `order`: the first rule that matches ends the search, with destinations or
//! without. One destination is drawn by weight; what it names must be there, so there is nothing to fall back to.

use crate::{
    draw::Draw,
    labels::Labels,
    refuse::Refuse,
    subsets::{SubsetsBuilder, Tag},
};
use engine::{RequestContext, metrics::Counter};
use policy_model::{
    condition::Matcher,
    document::{Destination, LabelConditions, Mode, Op, Relation, RoutePolicy, TagRule},
    sort::sort_by_key,
};

/// A node's tag rules, in the order in which they are asked.
#[derive(Default)]
pub(crate) struct TagRoutes {
    rules: Vec<CompiledRule>,
}

struct CompiledRule {
    matcher: Matcher,
    destinations: Box<[(u32, Tag)]>,
    /// Of their weights.
    total: u64,
    shadow: bool,
    routed: Counter,
}

/// Why a destination cannot be asked of a load balancer that knows only "has these labels".
const UNSUPPORTED: &str = "a destination can ask only for labels that equal one value each, all of them \
                                      (relationType AND, opType EQUAL): the load balancer cannot choose otherwise";

// === impl TagRoutes ===

impl TagRoutes {
    /// Adds a policy's rules; `routed` counts its decisions. An unsupported destination is given to `refuse`.
    pub(crate) fn add(
        &mut self,
        policy: &RoutePolicy,
        routed: Counter,
        subsets: &mut SubsetsBuilder,
        refuse: &mut Refuse<'_>,
    ) {
        let mut ordered: Vec<&TagRule> = policy.tag_rules.iter().collect();
        sort_by_key(&mut ordered, |rule| rule.order);
        for rule in ordered {
            let matcher = match Matcher::compile(&rule.conditions) {
                Ok(matcher) => matcher,
                Err(error) => {
                    refuse(&error.pointer, &error.to_string());
                    continue;
                }
            };
            let destinations = rule.destinations.iter();
            let destinations = destinations.filter_map(|destination| target(destination, refuse));
            let destinations = destinations.map(|(weight, labels)| (weight, subsets.tag(labels)));
            let mut destinations: Box<[_]> = destinations.collect();
            weigh(&mut destinations);
            self.rules.push(CompiledRule {
                matcher,
                total: destinations
                    .iter()
                    .map(|(weight, _)| u64::from(*weight))
                    .sum(),
                destinations,
                shadow: policy.meta.mode == Mode::Shadow,
                routed,
            });
        }
    }

    /// The same in as little memory as it needs: there is one for each node with rules of its own.
    pub(crate) fn finished(mut self) -> Self {
        self.rules.shrink_to_fit();
        self
    }

    /// The labels that this request's instance must have; `None` if no rule says.
    pub(crate) fn choose(&self, cx: &RequestContext<'_>, draw: &Draw) -> Option<&Tag> {
        let rule = self.rules.iter().find(|rule| rule.matcher.matches(cx))?;
        rule.routed.increment(cx.host);
        if rule.shadow {
            None
        } else {
            rule.destination(draw)
        }
    }
}

// === impl CompiledRule ===

impl CompiledRule {
    /// Proportional to weight. A single destination is taken whatever its weight.
    fn destination(&self, draw: &Draw) -> Option<&Tag> {
        if let [(_, only)] = &*self.destinations {
            return Some(only);
        }
        let mut ticket = draw.below(self.total);
        for (weight, tag) in &self.destinations {
            let weight = u64::from(*weight);
            if ticket < weight {
                return Some(tag);
            }
            ticket -= weight;
        }
        None
    }
}

/// Destinations, where none has a weight above 0, share evenly.
fn weigh(destinations: &mut [(u32, Tag)]) {
    if destinations.iter().all(|(weight, _)| *weight == 0) {
        destinations.iter_mut().for_each(|(weight, _)| *weight = 1);
    }
}

fn target(destination: &Destination, refuse: &mut Refuse<'_>) -> Option<(u32, Labels)> {
    let labels = labels_of(&destination.conditions);
    if labels.is_none() {
        refuse(&destination.pointer, UNSUPPORTED);
    }
    Some((destination.weight, labels?))
}

fn labels_of(conditions: &LabelConditions) -> Option<Labels> {
    let mut labels = Labels::default();
    if conditions.relation == Relation::Or && conditions.list.len() > 1 {
        return None;
    }
    for condition in &conditions.list {
        let ([value], Op::Equal) = (condition.values.as_slice(), condition.op) else {
            return None;
        };
        labels.set(condition.key.as_str().into(), value.as_str().into());
    }
    Some(labels)
}
