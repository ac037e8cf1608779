//! Reads permissions by roles.

use super::object::Obj;
use super::value::{self, Mismatch};
use crate::document::{Authorization, MethodPermission, Ownership, Permission, Role};
use crate::json::Json;

pub(super) fn authorization(o: &mut Obj) -> Authorization {
    o.guard();
    let roles = o.entries("roles", permissions);
    let methods = o.entries("methods", value::word);
    Authorization {
        roles: roles.map(|roles| {
            roles
                .into_iter()
                .map(|(name, permissions)| Role { name, permissions })
                .collect()
        }),
        roles_claim: o.filled("rolesClaim"),
        methods: methods.map(|methods| {
            let each = methods.into_iter();
            each.map(|(method, permission)| MethodPermission { method, permission })
                .collect()
        }),
        ownership: o.list_if("ownership", ownership),
        mode: o.word("mode"),
        pointer: o.pointer(),
    }
}

fn permissions(json: &Json) -> Result<Vec<Permission>, Mismatch> {
    match json {
        Json::Array(items) => items.iter().map(value::word).collect(),
        other => Err(Mismatch::expected("an array", other)),
    }
}

fn ownership(o: &mut Obj) -> Option<Ownership> {
    o.guard();
    let ownership = Ownership {
        path_variable: o.text("pathVariable").unwrap_or_default(),
        claim: o.text("claim").unwrap_or_default(),
    };
    if ownership.path_variable.is_empty() || ownership.claim.is_empty() {
        o.error("", "ownership needs `pathVariable` and `claim`");
    }
    Some(ownership)
}
