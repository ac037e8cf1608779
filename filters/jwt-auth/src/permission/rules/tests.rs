//! Against an evaluator that knows no order and no shortcut.

use super::*;
use policy_model::document::{Condition, ConditionKind, Conditions, Op, Relation};
use proptest::prelude::*;

/// A request of which only a header's value matters.
struct Asked(u8);

impl Attributes for Asked {
    fn visit(&self, _: &Source, visit: &mut dyn FnMut(&[u8])) {
        visit(&[self.0]);
    }
}

/// A policy, as it is meant: its type, whether it is in shadow mode, and the values that it matches; none = all.
#[derive(Clone, Debug)]
struct Meant {
    kind: PermissionType,
    shadow: bool,
    values: Vec<u8>,
}

impl Meant {
    fn matches(&self, value: u8) -> bool {
        self.values.is_empty() || self.values.contains(&value)
    }

    fn compiled(&self) -> Rule {
        let condition = Condition {
            kind: ConditionKind::Header,
            op: Op::In,
            key: "x".into(),
            values: self.values.iter().map(|v| char::from(*v).into()).collect(),
            pointer: "".into(),
        };
        let conditions = Conditions {
            relation: Relation::And,
            list: if self.values.is_empty() {
                Vec::new()
            } else {
                vec![condition]
            },
        };
        Rule {
            kind: self.kind,
            matcher: Matcher::compile(&conditions).unwrap(),
            shadow: self.shadow,
        }
    }
}

fn policies() -> impl Strategy<Value = Vec<Meant>> {
    let kind = prop_oneof![Just(PermissionType::Allow), Just(PermissionType::Deny)];
    let values = proptest::collection::vec(b'a'..b'e', 0..3);
    let policy = (kind, any::<bool>(), values);
    let policy = policy.prop_map(|(kind, shadow, values)| Meant {
        kind,
        shadow,
        values,
    });
    proptest::collection::vec(policy, 0..6)
}

/// The sentence of the requirement: DENY wins; with any ALLOW in force, no match is a refusal.
fn is_refused(policies: &[&Meant], value: u8) -> bool {
    let of = |kind| policies.iter().filter(move |policy| policy.kind == kind);
    let denied = of(PermissionType::Deny).any(|policy| policy.matches(value));
    let allows = of(PermissionType::Allow).count() > 0;
    let allowed = of(PermissionType::Allow).any(|policy| policy.matches(value));
    denied || (allows && !allowed)
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_the_policies_in_force(policies in policies(), value in b'a'..b'e') {
        let rules = Rules::new(policies.iter().map(Meant::compiled).collect());
        let in_force: Vec<_> = policies.iter().filter(|policy| !policy.shadow).collect();
        let mut said = Vec::new();
        let verdict = rules.check(&Asked(value), |place, what| said.push((place, what)));
        prop_assert_eq!(verdict.is_err(), is_refused(&in_force, value));
        let refused: Vec<_> = said.iter().filter(|(_, what)| *what == Said::Refused).collect();
        prop_assert_eq!(refused.len(), usize::from(verdict.is_err()));
        for (place, what) in said {
            let policy = &policies[place];
            prop_assert_eq!(what == Said::WouldRefuse, policy.shadow && what != Said::Passed);
        }
    }

    /// Where nothing is refused, somebody says that they would have exactly where taking a policy out of shadow mode
    /// would refuse.
    #[test]
    fn shadow_mode_tells_what_would_be_refused(policies in policies(), value in b'a'..b'e') {
        let rules = Rules::new(policies.iter().map(Meant::compiled).collect());
        let (mut would, all) = (false, policies.iter().collect::<Vec<_>>());
        let verdict = rules.check(&Asked(value), |_, what| would |= what == Said::WouldRefuse);
        if verdict.is_ok() {
            let allowed = policies.iter().any(|p| p.kind == PermissionType::Allow && !p.shadow);
            let only: Vec<_> = all
                .into_iter()
                .filter(|p| !(allowed && p.shadow && p.kind == PermissionType::Allow))
                .collect();
            prop_assert_eq!(would, is_refused(&only, value));
        }
    }
}
