//! Reads conditions.

use super::object::Obj;
use crate::document::{Condition, ConditionKind, Conditions, LabelCondition, LabelConditions};
use crate::finding::Severity;

/// Reads `relationType` and `conditions` of a policy or rule.
pub(super) fn conditions(o: &mut Obj) -> Conditions {
    Conditions {
        relation: o.word("relationType").unwrap_or_default(),
        list: o.list("conditions", condition),
    }
}

/// Reads `relationType` and `conditions` of a destination.
pub(super) fn label_conditions(o: &mut Obj) -> LabelConditions {
    LabelConditions {
        relation: o.word("relationType").unwrap_or_default(),
        list: o.list("conditions", label_condition),
    }
}

fn condition(o: &mut Obj) -> Option<Condition> {
    o.guard();
    let condition = Condition {
        op: o.word("opType").unwrap_or_default(),
        key: o.text("key").unwrap_or_default(),
        values: o.texts("values|value").unwrap_or_default(),
        pointer: o.pointer(),
        kind: ConditionKind::Header,
    };
    let kind = kind(o)?;
    Some(Condition { kind, ..condition })
}

/// What part of the request is meant. Without that a condition means nothing, so it is an error.
pub(super) fn kind(o: &mut Obj) -> Option<ConditionKind> {
    if o.value("type").is_none() {
        o.error(
            "",
            "`type` is missing: nothing says what part of the request is compared",
        );
    }
    o.word("type")
}

fn label_condition(o: &mut Obj) -> Option<LabelCondition> {
    o.guard();
    o.idle(
        "type",
        Severity::Info,
        "has no effect here: labels of instances are compared",
    );
    Some(LabelCondition {
        op: o.word("opType").unwrap_or_default(),
        key: o.text("key").unwrap_or_default(),
        values: o.texts("values|value").unwrap_or_default(),
        pointer: o.pointer(),
    })
}
