//! What a provider demands of a token's claim, compiled.
//!
//! The operators are those of conditions, by the same table, with one difference: PREFIX and REGULAR hold if *some* value
//! does, not if all do. A required claim says what a token must have, and a list of scopes or groups has much else beside it.

use super::comparison::{Comparison, Tally};
use super::matcher::InvalidCondition;
use super::source::Source;
use crate::document::{ClaimRule, Op};

/// What the values of a claim must be.
#[derive(Clone, Debug)]
pub struct ClaimTest {
    comparison: Comparison,
    /// Whether one good value is enough, whatever the others are.
    some: bool,
}

// === impl ClaimTest ===

impl ClaimTest {
    /// Compiles a rule; none if it asks for nothing but that the claim is there.
    ///
    /// # Errors
    ///
    /// [`InvalidCondition`] if a value cannot be compared in this way.
    pub fn compile(rule: &ClaimRule) -> Result<Option<Self>, InvalidCondition> {
        if rule.op == Op::In && rule.values.is_empty() {
            return Ok(None);
        }
        let source = Source::Claim(Box::default());
        let comparison = Comparison::new(&source, rule.op, &rule.values);
        let comparison = comparison.map_err(|reason| InvalidCondition {
            pointer: rule.pointer.clone(),
            reason,
        })?;
        Ok(Some(Self {
            comparison,
            some: matches!(rule.op, Op::Prefix | Op::Regular),
        }))
    }

    /// No claim is as it demands.
    #[must_use]
    pub fn never() -> Self {
        Self {
            comparison: Comparison::nothing(),
            some: true,
        }
    }

    /// Whether a claim with these values is as demanded. `visit` is to show each of them.
    pub fn holds(&self, visit: impl FnOnce(&mut dyn FnMut(&[u8]))) -> bool {
        let mut tally = Tally::default();
        visit(&mut |value| tally = self.comparison.add(tally, value));
        match self.some {
            true => tally.has_named(),
            false => self.comparison.holds(tally),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn holds(op: Op, values: &[&str], claim: &[&str]) -> bool {
        let rule = ClaimRule {
            claim: "scope".to_owned(),
            op,
            values: values.iter().map(|&value| value.to_owned()).collect(),
            pointer: "".into(),
        };
        let test = ClaimTest::compile(&rule).unwrap().unwrap();
        test.holds(|visit| claim.iter().for_each(|value| visit(value.as_bytes())))
    }

    #[test]
    fn of_a_list_one_value_by_pattern_is_enough() {
        let scopes = ["openid", "orders:read"];
        assert!(holds(Op::Prefix, &["orders:"], &scopes));
        assert!(holds(Op::Regular, &["orders:(read|write)"], &scopes));
        assert!(!holds(Op::Regular, &["orders"], &scopes));
        assert!(!holds(Op::Prefix, &["billing:"], &scopes));
        assert!(!holds(Op::Prefix, &[""], &[]));
    }

    #[test]
    fn the_others_are_as_in_conditions() {
        let scopes = ["a", "b"];
        assert!(holds(Op::In, &["b", "c"], &scopes));
        assert!(holds(Op::Equal, &["b", "a"], &scopes));
        assert!(!holds(Op::Equal, &["a"], &scopes));
        assert!(holds(Op::NotIn, &["c"], &scopes));
        assert!(!holds(Op::NotIn, &["a", "c"], &scopes));
        assert!(holds(Op::NotEqual, &["a"], &scopes));
    }
}
