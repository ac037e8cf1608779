//! What a token must say of itself: rules that cannot be compared, or that no token can meet.

use crate::condition::ClaimTest;
use crate::document::{ClaimRule, Op, Provider};
use crate::finding::Report;

pub(super) fn check(provider: &Provider, report: &mut Report) {
    for rule in &provider.required_claims {
        each(rule, report);
        if rule.claim.is_empty() {
            report.error(&*rule.pointer, "a claim without a name: no token has it");
        }
    }
    if let Some(subjects) = &provider.subjects {
        each(subjects, report);
        if subjects.values.is_empty() && subjects.op == Op::In {
            let message =
                "no subject could pass: state some, or leave `subjects` out to let any pass";
            report.error(&*subjects.pointer, message);
        }
    }
    for (index, name) in provider.types.iter().enumerate() {
        if name.trim() != name || name.is_empty() {
            let message = format!("`{name}` is no media type: every token would be refused");
            report.error(format!("{}/types/{index}", provider.pointer), message);
        }
    }
}

fn each(rule: &ClaimRule, report: &mut Report) {
    if let Err(invalid) = ClaimTest::compile(rule) {
        report.error(&*invalid.pointer, invalid.to_string());
    }
    if rule.values.is_empty() && rule.op != Op::In {
        let message = format!("no value to compare by {}", rule.op);
        report.error(&*rule.pointer, message);
    }
}
