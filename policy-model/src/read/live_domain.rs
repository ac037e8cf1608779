//! Reads hosts whose users are spread, and the variables that name users.

use super::object::Obj;
use super::value;
use crate::document::{
    BizVariableRule, LiveDomain, LivePath, LiveType, LiveVariable, UnitDomain, VariableSource,
};
use crate::json::Json;

pub(super) fn domain(o: &mut Obj) -> Option<LiveDomain> {
    Some(LiveDomain {
        host: o.text("host").unwrap_or_default(),
        protocols: o.texts("protocols").unwrap_or_default(),
        live_type: live_type(o),
        correction_type: o.word("correctionType"),
        unit_domain_enabled: o
            .flag("unitDomainEnabled|subDomainEnabled")
            .unwrap_or_default(),
        unit_domains: o.list("unitDomains|subDomains", unit_domain),
        paths: o.list("paths", path),
        resources: resources(o),
        backend: o.filled("backend|forwardAddress"),
        pointer: o.pointer(),
    })
}

/// A word, or a boolean as the old name `unitFlag` has it.
fn live_type(o: &mut Obj) -> Option<LiveType> {
    const NAMES: &str = "liveType|unitFlag";
    match o.value(NAMES)? {
        (_, Json::Bool(true)) => Some(LiveType::CrossRegion),
        (_, Json::Bool(false)) => Some(LiveType::OneRegion),
        _ => o.word(NAMES),
    }
}

/// The texts among the resources. Nobody reads them, so what else is there does not matter.
fn resources(o: &mut Obj) -> Vec<String> {
    match o.value("resources") {
        Some((_, Json::Array(items))) => items
            .iter()
            .filter_map(|item| value::text(item).ok())
            .collect(),
        _ => Vec::new(),
    }
}

fn unit_domain(o: &mut Obj) -> Option<UnitDomain> {
    Some(UnitDomain {
        unit: o.text("unit").unwrap_or_default(),
        host: o.text("host").unwrap_or_default(),
        backend: o.filled("backend"),
        pointer: o.pointer(),
    })
}

fn path(o: &mut Obj) -> Option<LivePath> {
    Some(LivePath {
        path: o.filled("path").unwrap_or_else(|| "/".to_owned()),
        match_type: o.word("matchType"),
        rule_id: o.filled("ruleId|unitRuleId"),
        rule_name: o.filled("ruleName|unitRuleName"),
        custom_variable_source: o
            .flag("customVariableSource|variableAccessor")
            .unwrap_or_default(),
        variable: o.filled("variable"),
        variable_source: o.filled("variableSource|accessor"),
        biz_variable_enabled: o.flag("bizVariableEnabled").unwrap_or_default(),
        biz_variable_name: o.filled("bizVariableName"),
        biz_variable_scope: o.word_or_blank("bizVariableScope"),
        biz_variable_rules: o.list("bizVariableRules", biz_rule),
        pointer: o.pointer(),
    })
}

fn biz_rule(o: &mut Obj) -> Option<BizVariableRule> {
    Some(BizVariableRule {
        value: o.text("value").unwrap_or_default(),
        rule_id: o.filled("ruleId"),
        rule_name: o.filled("ruleName"),
    })
}

pub(super) fn variable(o: &mut Obj) -> Option<LiveVariable> {
    Some(LiveVariable {
        name: o.text("name").unwrap_or_default(),
        variable_type: o.text("type"),
        sources: o.list("sources|accessors", source),
        pointer: o.pointer(),
    })
}

fn source(o: &mut Obj) -> Option<VariableSource> {
    Some(VariableSource {
        name: o.text("name").unwrap_or_default(),
        scope: o.word_or_blank("scope"),
        key: o.text("key").unwrap_or_default(),
        header: o.filled("header"),
        func: o.filled("func|function"),
    })
}
