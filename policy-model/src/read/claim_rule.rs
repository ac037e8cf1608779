//! Reads what a token's claims must say: values alone, one of which the claim must have, or an operator with values.

use super::object::{Obj, escape};
use super::value::{self, Mismatch};
use crate::document::{ClaimRule, Op};
use crate::json::Json;

/// Reads `requiredClaims`: path of a claim to its rule.
pub(super) fn required_claims(o: &mut Obj) -> Vec<ClaimRule> {
    let rules = o.object("requiredClaims", |o| {
        let members = o.open();
        let rules = members.into_iter();
        rules
            .filter_map(|(path, json)| rule(o, &escape(path), path, json))
            .collect()
    });
    rules.unwrap_or_default()
}

/// Reads `subjects`, the rule of the claim `sub`.
pub(super) fn subjects(o: &mut Obj) -> Option<ClaimRule> {
    let (name, json) = o.value("subjects")?;
    rule(o, name, "sub", json)
}

fn rule<'j>(o: &mut Obj<'j, '_>, at: &str, claim: &str, json: &'j Json) -> Option<ClaimRule> {
    let (op, values) = match json {
        Json::Object(_) => o.inner(at, json, compared).flatten()?,
        values => match texts(values) {
            Ok(values) => (Op::In, values),
            Err(mismatch) => {
                o.mismatch(at, mismatch);
                return None;
            }
        },
    };
    Some(ClaimRule {
        claim: claim.to_owned(),
        op,
        values,
        pointer: o.at(at).into(),
    })
}

/// Neither part has a default: without one the rule would ask for something else than it says.
fn compared(o: &mut Obj) -> Option<(Op, Vec<String>)> {
    o.guard();
    let stated = (o.value("opType").is_some(), o.texts("values|value"));
    let (true, Some(values)) = stated else {
        o.error("", "a rule has `opType` and `values`");
        return None;
    };
    Some((o.word("opType")?, values))
}

/// One value or several.
fn texts(json: &Json) -> Result<Vec<String>, Mismatch> {
    match json {
        Json::Null => Ok(Vec::new()),
        Json::Array(items) => items.iter().map(value::text).collect(),
        one => Ok(vec![value::text(one)?]),
    }
}
