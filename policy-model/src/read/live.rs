//! Reads what a service does with units and cells.

use super::object::Obj;
use crate::document::{LivePolicy, Remote};
use std::num::NonZeroU32;

pub(super) fn live(o: &mut Obj) -> LivePolicy {
    LivePolicy {
        id: o.whole("id"),
        write_protect: o.flag("writeProtect|writeProtected"),
        methods: o.texts("methods").unwrap_or_default(),
        method_prefixes: o.texts("methodPrefixes").unwrap_or_default(),
        variable_expression: o.filled("variableExpression"),
        unit_policy: o.word_or_blank("unitPolicy"),
        default_unit_threshold: o.whole("defaultUnitThreshold"),
        unit_remotes: o.list("unitRemotes", remote),
        cell_policy: o.word_or_blank("cellPolicy"),
        default_cell_threshold: o.whole("defaultCellThreshold"),
        cell_remotes: o.list("cellRemotes", remote),
        pointer: o.pointer(),
    }
}

fn remote(o: &mut Obj) -> Option<Remote> {
    Some(Remote {
        name: o.text("name").unwrap_or_default(),
        remote_type: o.word("type").unwrap_or_default(),
        threshold: o.whole("threshold").and_then(NonZeroU32::new),
    })
}
