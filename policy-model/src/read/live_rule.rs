//! Reads unit rules.

use super::object::Obj;
use crate::document::{CellRoute, UnitRange, UnitRoute, UnitRule, VariableMissingAction};
use crate::json::Json;

pub(super) fn unit_rule(o: &mut Obj) -> Option<UnitRule> {
    Some(UnitRule {
        id: o.text("id").unwrap_or_default(),
        name: o.text("name").unwrap_or_default(),
        live_type: o.word("liveType|type"),
        business: o.filled("business|biz"),
        variable: o.filled("variable"),
        variable_source: o.filled("variableSource|accessor"),
        variable_function: o.filled("variableFunction|function"),
        variable_missing_action: missing_action(o),
        modulo: o.whole("modulo").unwrap_or_default(),
        unit_routes: o.list("units", unit_route),
        pointer: o.pointer(),
    })
}

/// A word, or JoyLive's numbers: 2 is the centre, any other refuses.
fn missing_action(o: &mut Obj) -> VariableMissingAction {
    const NAMES: &str = "variableMissingAction|actionWithoutVariable";
    match o.value(NAMES) {
        Some((_, Json::Number(number))) if number.as_u64() == Some(2) => {
            VariableMissingAction::Center
        }
        Some((_, Json::Number(_))) => VariableMissingAction::Reject,
        _ => o.word(NAMES).unwrap_or_default(),
    }
}

fn unit_route(o: &mut Obj) -> Option<UnitRoute> {
    Some(UnitRoute {
        code: o.text("code").unwrap_or_default(),
        allows: o.texts("allows|whitelist").unwrap_or_default(),
        prefixes: o.texts("prefixes|prefix").unwrap_or_default(),
        ranges: o.list("ranges|range", range),
        cells: o.list_if("cells", cell_route),
        failover_unit: o.filled("failoverUnit"),
        pointer: o.pointer(),
    })
}

fn range(o: &mut Obj) -> Option<UnitRange> {
    Some(UnitRange {
        from: o.whole("from").unwrap_or_default(),
        to: o.whole("to").unwrap_or_default(),
    })
}

fn cell_route(o: &mut Obj) -> Option<CellRoute> {
    Some(CellRoute {
        code: o.text("code").unwrap_or_default(),
        allows: o.texts("allows|whitelist").unwrap_or_default(),
        prefixes: o.texts("prefixes|prefix").unwrap_or_default(),
        weight: o.whole("weight|ratio").unwrap_or_default(),
        access_mode: o.word("accessMode").unwrap_or_default(),
        pointer: o.pointer(),
    })
}
