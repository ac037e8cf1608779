//! Lays what a node says over what it inherits, and remembers what there is to tell about it.

use super::declared::{Declared, OwnList};
use super::effective::{EffectivePolicy, ListPolicy, Policies, PolicyKind};
use super::fields::Merged;
use super::node::{Node, NodeId};
use crate::document::{
    AuthenticationPolicy, Mode, PermissionPolicy, PermissionType, PolicyMeta, Requirement,
};
use crate::finding::{Report, Severity};
use crate::map::Map;
use std::rc::Rc;

/// What came of inheritance, to be told once however many nodes it is true of.
#[derive(Default)]
pub(super) struct Inheritance {
    /// Which list hides which: (kind, node that hides, node that is hidden) and the names of what is hidden.
    hidden: Map<(PolicyKind, NodeId, NodeId), Hidden>,
    /// Which permissions hide a DENY of which node without a word of it.
    lifted: Map<(NodeId, NodeId), ()>,
    /// JSON pointers of removals, and whether there was anything to remove.
    removals: Map<Rc<str>, Removal>,
    /// JSON pointers of requirements that name somebody and inherit that nobody need be there.
    lenient: Map<Rc<str>, ()>,
}

struct Hidden {
    pointer: String,
    labels: Map<String, ()>,
}

struct Removal {
    kind: PolicyKind,
    name: String,
    found: bool,
}

// === impl Inheritance ===

impl Inheritance {
    /// What holds where `declared` is said and `inherited` holds above.
    pub(super) fn apply(
        &mut self,
        declared: &Declared<'_>,
        inherited: &EffectivePolicy,
    ) -> Rc<EffectivePolicy> {
        let (own, above) = (declared.policy, inherited);
        Rc::new(EffectivePolicy {
            live_policy: merged(&own.live_policy, &above.live_policy),
            auto_lane_enabled: own.auto_lane_enabled.or(above.auto_lane_enabled),
            lane_policies: self.list(declared, &declared.lane, &above.lane_policies),
            cluster_policy: merged(&own.cluster_policy, &above.cluster_policy),
            load_balance_policy: merged(&own.load_balance_policy, &above.load_balance_policy),
            health_policy: merged(&own.health_policy, &above.health_policy),
            rate_limit_policies: self.list(
                declared,
                &declared.rate_limit,
                &above.rate_limit_policies,
            ),
            concurrency_limit_policies: self.list(
                declared,
                &declared.concurrency_limit,
                &above.concurrency_limit_policies,
            ),
            load_limit_policies: self.list(
                declared,
                &declared.load_limit,
                &above.load_limit_policies,
            ),
            route_policies: self.list(declared, &declared.route, &above.route_policies),
            circuit_break_policies: self.list(
                declared,
                &declared.circuit_break,
                &above.circuit_break_policies,
            ),
            permission_policies: self.permission(declared, &above.permission_policies),
            fault_injection_policies: self.list(
                declared,
                &declared.fault_injection,
                &above.fault_injection_policies,
            ),
            authentication: self.authentication(&own.authentication, &above.authentication),
            authorization: merged(&own.authorization, &above.authorization),
        })
    }

    fn authentication(
        &mut self,
        own: &Option<AuthenticationPolicy>,
        above: &Option<Rc<AuthenticationPolicy>>,
    ) -> Option<Rc<AuthenticationPolicy>> {
        let merged = merged(own, above);
        if let (Some(own), Some(merged)) = (own, &merged)
            && inherits_leniency(&own.requirement, &merged.requirement)
        {
            self.lenient.insert(own.requirement.pointer.clone(), ());
        }
        merged
    }

    fn list<T: ListPolicy>(
        &mut self,
        declared: &Declared<'_>,
        own: &OwnList<'_, T>,
        above: &Policies<T>,
    ) -> Policies<T> {
        match own {
            OwnList::Silent => above.clone(),
            OwnList::Removes(removals) => self.without(removals, above),
            OwnList::Replaces(own) => {
                for policy in above.iter() {
                    self.hide(declared, T::KIND, policy.declared_at, policy.label());
                }
                own.clone()
            }
        }
    }

    fn without<T: ListPolicy>(&mut self, removals: &[T], above: &Policies<T>) -> Policies<T> {
        for removal in removals.iter().map(ListPolicy::meta) {
            let found = above
                .iter()
                .any(|policy| policy.policy.meta().name == removal.name);
            self.remove(T::KIND, removal, found);
        }
        let is_removed = |name: &str| removals.iter().any(|removal| removal.meta().name == name);
        above
            .iter()
            .filter(|policy| !is_removed(&policy.policy.meta().name))
            .cloned()
            .collect()
    }

    #[inline(never)]
    fn remove(&mut self, kind: PolicyKind, removal: &PolicyMeta, found: bool) {
        let pointer = removal.pointer.clone();
        let known = self.removals.or_insert_with(pointer, || Removal {
            kind,
            name: removal.name.clone(),
            found: false,
        });
        known.found |= found;
    }

    #[inline(never)]
    fn hide(&mut self, declared: &Declared<'_>, kind: PolicyKind, from: NodeId, label: String) {
        let key = (kind, declared.node, from);
        let hidden = self.hidden.or_insert_with(key, || Hidden {
            pointer: format!("{}/servicePolicy/{kind}", declared.pointer),
            labels: Map::new(),
        });
        hidden.labels.insert(label, ());
    }

    /// A list that hides a DENY lets pass what was refused, which its author may not have seen. Who names it, even to switch
    /// it off, has.
    fn permission(
        &mut self,
        declared: &Declared<'_>,
        above: &Policies<PermissionPolicy>,
    ) -> Policies<PermissionPolicy> {
        if let OwnList::Replaces(_) = &declared.permission {
            for denial in above.iter().filter(|policy| refuses(&policy.policy)) {
                let name = &denial.policy.meta.name;
                let mut own = declared.policy.permission_policies.iter();
                if name.is_empty() || !own.any(|policy| policy.meta.name == *name) {
                    self.lifted.insert((declared.node, denial.declared_at), ());
                }
            }
        }
        self.list(declared, &declared.permission, above)
    }

    fn report_hidden(&self, nodes: &[Node], report: &mut Report) {
        for ((kind, node, from), Hidden { pointer, labels }) in self.hidden.iter() {
            let labels = labels.iter().map(|(label, ())| format!("{label:?}"));
            let labels: Vec<_> = labels.collect();
            let address = nodes.get(from.index()).map(|node| node.address.to_string());
            let (labels, address) = (labels.join(", "), address.unwrap_or_default());
            let mut message = format!("hides {labels}, inherited from {address}");
            let mut meant =
                format!("to keep them, repeat them here; the list of a child replaces {kind}");
            let is_lifted = self.lifted.get(&(*node, *from)).is_some();
            let severity = if *kind == PolicyKind::Permission && is_lifted {
                message.push_str(": what a DENY refuses there passes here");
                meant.push_str("; if it is meant, name it here with `\"enabled\": false`");
                Severity::Warning
            } else {
                Severity::Info
            };
            report.add(severity, &**pointer, message, Some(meant));
        }
    }

    /// Tells what lists hide, and which removals remove nothing.
    pub(super) fn report(&self, nodes: &[Node], report: &mut Report) {
        self.report_hidden(nodes, report);
        for (pointer, Removal { kind, name, found }) in self.removals.iter() {
            if !found {
                let message =
                    format!("nothing to take away: no {kind} named {name:?} are inherited");
                report.warning(&**pointer, message);
            }
        }
        for (pointer, ()) in self.lenient.iter() {
            let message = "a request without any token or key passes here too: that is inherited";
            let meant = "state `\"allowMissing\": false` here, or true if it is meant";
            report.add(
                Severity::Warning,
                &**pointer,
                message,
                Some(meant.to_owned()),
            );
        }
    }
}

/// Whether a requirement says who must vouch, and not that nobody has to, which holds all the same.
fn inherits_leniency(own: &Requirement, merged: &Requirement) -> bool {
    let mut named = own.any_of.iter().chain(&own.all_of).flatten();
    let is_lenient = [merged.allow_missing, merged.allow_missing_or_failed].contains(&Some(true));
    let is_stated = own.allow_missing.is_some() || own.allow_missing_or_failed == Some(true);
    named.next().is_some() && is_lenient && !is_stated
}

/// Whether a match of it refuses, and does not only tell.
fn refuses(policy: &PermissionPolicy) -> bool {
    policy.permission_type == Some(PermissionType::Deny) && policy.meta.mode == Mode::Enforce
}

fn merged<T: Merged>(own: &Option<T>, above: &Option<Rc<T>>) -> Option<Rc<T>> {
    match (own, above) {
        (Some(own), Some(above)) => Some(Rc::new(own.over(above))),
        (Some(own), None) => Some(Rc::new(own.clone())),
        (None, above) => above.clone(),
    }
}
