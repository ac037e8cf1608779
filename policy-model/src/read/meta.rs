//! Name, version and switches of a policy.

use super::object::Obj;
use crate::document::PolicyMeta;

/// Reads what every policy of a list has.
pub(super) fn meta(o: &mut Obj) -> PolicyMeta {
    let enabled = o.flag("enabled").unwrap_or(true);
    let name = o.text("name").unwrap_or_default();
    PolicyMeta {
        id: o.whole("id"),
        version: o.whole("version").unwrap_or_default(),
        mode: o.word("mode").unwrap_or_default(),
        state_at: o.word("stateAt").unwrap_or_default(),
        pointer: o.pointer(),
        removal: !enabled && !name.is_empty() && o.names().all(|n| n == "name" || n == "enabled"),
        enabled,
        name,
    }
}

/// The same for a lane policy, whose lane space names it if nothing else does.
pub(super) fn lane_meta(o: &mut Obj) -> PolicyMeta {
    let mut meta = meta(o);
    if meta.name.is_empty() {
        meta.name = o.text("laneSpaceId").unwrap_or_default();
    }
    let names = ["name", "laneSpaceId", "enabled"];
    meta.removal = !meta.enabled && !meta.name.is_empty() && o.names().all(|n| names.contains(&n));
    meta
}
