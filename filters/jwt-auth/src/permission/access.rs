//! Permission by roles: what the caller's roles may do, what the method needs, and whose the thing is.
//!
//! Closed where the document is silent: a method that it does not name needs ADMIN, a role that it does not name may do
//! nothing. ADMIN stands for every permission, over what belongs to others too, as in the overview's role model. HEAD needs
//! what GET needs (RFC 9110, section 9.3.2), unless it is named.

use super::owner::spells;
use engine::Identity;
use policy_model::document::{Authorization, MethodPermission, Ownership, Permission};

/// What `authorization` says at a node.
#[derive(Debug)]
pub(crate) struct Access {
    roles: Box<[(Box<str>, Permissions)]>,
    roles_claim: Box<str>,
    methods: Box<[MethodPermission]>,
    ownership: Box<[Ownership]>,
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Permissions(u8);

/// What a caller lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack<'a> {
    /// No role of the caller has it.
    Permission(Permission),
    /// What this variable of the path names is not the caller's.
    Ownership(&'a str),
}

// === impl Access ===

impl Access {
    pub(crate) fn new(stated: &Authorization) -> Self {
        let claim = stated.roles_claim.as_deref();
        let claim = claim.unwrap_or(Authorization::DEFAULT_ROLES_CLAIM);
        let roles = stated.roles.iter().flatten();
        let roles = roles.map(|role| {
            let permissions = role.permissions.iter().copied().collect();
            (role.name.as_str().into(), permissions)
        });
        Self {
            roles: roles.collect(),
            roles_claim: claim.into(),
            methods: stated.methods.iter().flatten().cloned().collect(),
            ownership: stated.ownership.iter().flatten().cloned().collect(),
        }
    }

    /// Whether it asks for anything at all.
    pub(crate) fn is_silent(&self) -> bool {
        !self.needs_permission() && self.ownership.is_empty()
    }

    /// Whether it looks at the variables of paths.
    pub(crate) fn has_ownership(&self) -> bool {
        !self.ownership.is_empty()
    }

    /// Decides a request. `variables` are those of the path, in its normal spelling.
    pub(crate) fn check<'p>(
        &self,
        method: &[u8],
        caller: &Identity,
        variables: impl Iterator<Item = (&'p str, &'p [u8])>,
    ) -> Result<(), Lack<'_>> {
        let held = self.held(caller);
        if self.needs_permission() {
            let needed = self.needed(method);
            if !held.has(needed) {
                return Err(Lack::Permission(needed));
            }
        }
        if held.has(Permission::Admin) {
            return Ok(());
        }
        for (name, segment) in variables {
            let mut rules = self.ownership.iter();
            let stranger =
                rules.find(|rule| rule.path_variable == name && !owns(caller, rule, segment));
            if let Some(rule) = stranger {
                return Err(Lack::Ownership(&rule.path_variable));
            }
        }
        Ok(())
    }

    /// Ownership alone needs no role.
    fn needs_permission(&self) -> bool {
        !self.roles.is_empty() || !self.methods.is_empty()
    }

    fn needed(&self, method: &[u8]) -> Permission {
        let stated = |method: &[u8]| {
            let mut methods = self.methods.iter();
            methods.find(|stated| stated.method.as_bytes().eq_ignore_ascii_case(method))
        };
        let like_get = || stated(b"GET").filter(|_| method == b"HEAD");
        let found = stated(method).or_else(like_get);
        found.map_or(Permission::Admin, |stated| stated.permission)
    }

    /// What the document gives the caller, an API key's owner, and what its token claims.
    fn held(&self, caller: &Identity) -> Permissions {
        let given = caller.permissions().iter().copied();
        let mut held: Permissions = given.collect();
        for role in caller.roles() {
            held = held.and(self.of_role(role.as_bytes()));
        }
        caller.visit_claim(&self.roles_claim, &mut |value| {
            held = held.and(self.of_role(value));
        });
        held
    }

    fn of_role(&self, name: &[u8]) -> Permissions {
        let mut roles = self.roles.iter();
        let found = roles.find(|(own, _)| own.as_bytes() == name);
        found.map_or_else(Permissions::default, |(_, permissions)| *permissions)
    }
}

/// Of a claim with several values any will do.
fn owns(caller: &Identity, rule: &Ownership, segment: &[u8]) -> bool {
    let mut owns = false;
    caller.visit_claim(&rule.claim, &mut |name| owns |= spells(segment, name));
    owns
}

// === impl Permissions ===

impl Permissions {
    fn has(self, permission: Permission) -> bool {
        self.0 & (bit(permission) | bit(Permission::Admin)) != 0
    }

    fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let bits = permissions.into_iter().map(bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

fn bit(permission: Permission) -> u8 {
    match permission {
        Permission::Read => 1,
        Permission::Write => 1 << 1,
        Permission::Delete => 1 << 2,
        Permission::Execute => 1 << 3,
        Permission::Admin => 1 << 4,
    }
}

#[cfg(test)]
mod tests;
