//! Reads permissions by conditions.

use super::condition::conditions;
use super::meta::meta;
use super::object::Obj;
use crate::document::PermissionPolicy;

pub(super) fn permission(o: &mut Obj) -> Option<PermissionPolicy> {
    o.guard();
    let meta = meta(o);
    if meta.enabled && o.value("type").is_none() {
        o.error("", "`type` is missing: neither ALLOW nor DENY");
    }
    Some(PermissionPolicy {
        meta,
        permission_type: o.word("type"),
        conditions: conditions(o),
    })
}
