//! Objects of a service policy, merged field by field: what a child states wins, the rest is its parent's.
//!
//! An empty list states nothing, as everywhere in the model. Every field is named, so that a new one cannot be
//! forgotten here.

use crate::document::{
    AuthenticationPolicy, Authorization, ClusterPolicy, HealthPolicy, LivePolicy,
    LoadBalancePolicy, Requirement, RetryPolicy,
};

/// An object that is inherited field by field.
pub(super) trait Merged: Clone {
    /// This object with what it does not state taken from `parent`.
    fn over(&self, parent: &Self) -> Self;
}

fn stated<T: Clone>(child: &Option<T>, parent: &Option<T>) -> Option<T> {
    child.as_ref().or(parent.as_ref()).cloned()
}

fn filled<T: Clone>(child: &[T], parent: &[T]) -> Vec<T> {
    if child.is_empty() {
        parent.to_vec()
    } else {
        child.to_vec()
    }
}

// === impl Merged ===

impl Merged for LivePolicy {
    fn over(&self, parent: &Self) -> Self {
        Self {
            id: stated(&self.id, &parent.id),
            write_protect: stated(&self.write_protect, &parent.write_protect),
            methods: filled(&self.methods, &parent.methods),
            method_prefixes: filled(&self.method_prefixes, &parent.method_prefixes),
            variable_expression: stated(&self.variable_expression, &parent.variable_expression),
            unit_policy: stated(&self.unit_policy, &parent.unit_policy),
            default_unit_threshold: stated(
                &self.default_unit_threshold,
                &parent.default_unit_threshold,
            ),
            unit_remotes: filled(&self.unit_remotes, &parent.unit_remotes),
            cell_policy: stated(&self.cell_policy, &parent.cell_policy),
            default_cell_threshold: stated(
                &self.default_cell_threshold,
                &parent.default_cell_threshold,
            ),
            cell_remotes: filled(&self.cell_remotes, &parent.cell_remotes),
            pointer: self.pointer.clone(),
        }
    }
}

impl Merged for ClusterPolicy {
    fn over(&self, parent: &Self) -> Self {
        let retry_policy = match (&self.retry_policy, &parent.retry_policy) {
            (Some(child), Some(parent)) => Some(child.over(parent)),
            (child, parent) => stated(child, parent),
        };
        Self {
            id: stated(&self.id, &parent.id),
            cluster_type: stated(&self.cluster_type, &parent.cluster_type),
            retry_policy,
            pointer: self.pointer.clone(),
        }
    }
}

impl Merged for RetryPolicy {
    fn over(&self, parent: &Self) -> Self {
        Self {
            id: stated(&self.id, &parent.id),
            retry: stated(&self.retry, &parent.retry),
            interval_ms: stated(&self.interval_ms, &parent.interval_ms),
            timeout_ms: stated(&self.timeout_ms, &parent.timeout_ms),
            code_policy: stated(&self.code_policy, &parent.code_policy),
            error_codes: filled(&self.error_codes, &parent.error_codes),
            message_policy: stated(&self.message_policy, &parent.message_policy),
            error_messages: filled(&self.error_messages, &parent.error_messages),
            exceptions: filled(&self.exceptions, &parent.exceptions),
            methods: filled(&self.methods, &parent.methods),
            method_prefixes: filled(&self.method_prefixes, &parent.method_prefixes),
            pointer: self.pointer.clone(),
        }
    }
}

impl Merged for LoadBalancePolicy {
    fn over(&self, parent: &Self) -> Self {
        Self {
            id: stated(&self.id, &parent.id),
            policy_type: stated(&self.policy_type, &parent.policy_type),
            sticky_type: stated(&self.sticky_type, &parent.sticky_type),
            max_candidates: stated(&self.max_candidates, &parent.max_candidates),
            pointer: self.pointer.clone(),
        }
    }
}

impl Merged for HealthPolicy {
    fn over(&self, parent: &Self) -> Self {
        Self {
            id: stated(&self.id, &parent.id),
            healthy_min_percent: stated(&self.healthy_min_percent, &parent.healthy_min_percent),
            pointer: self.pointer.clone(),
        }
    }
}

impl Merged for AuthenticationPolicy {
    fn over(&self, parent: &Self) -> Self {
        Self {
            requirement: self.requirement.over(&parent.requirement),
            mode: stated(&self.mode, &parent.mode),
            pointer: self.pointer.clone(),
        }
    }
}

/// Who must vouch is one statement, whether written as `anyOf` or `allOf`: a child that says `"anyOf": []` is public
/// though its parent has an `allOf`.
impl Merged for Requirement {
    fn over(&self, parent: &Self) -> Self {
        let names_providers = self.any_of.is_some() || self.all_of.is_some();
        let providers = if names_providers { self } else { parent };
        let is_silent = !names_providers
            && self.allow_missing.is_none()
            && self.allow_missing_or_failed.is_none()
            && self.pass_preflight.is_none();
        // Who does not let a request pass that brings nothing does not let one pass that brings nothing good.
        let strict = (self.allow_missing == Some(false)).then_some(false);
        let allow_failed = stated(&self.allow_missing_or_failed, &strict);
        Self {
            any_of: providers.any_of.clone(),
            all_of: providers.all_of.clone(),
            allow_missing: stated(&self.allow_missing, &parent.allow_missing),
            allow_missing_or_failed: stated(&allow_failed, &parent.allow_missing_or_failed),
            pass_preflight: stated(&self.pass_preflight, &parent.pass_preflight),
            pointer: if is_silent {
                &parent.pointer
            } else {
                &self.pointer
            }
            .clone(),
        }
    }
}

impl Merged for Authorization {
    fn over(&self, parent: &Self) -> Self {
        Self {
            roles: stated(&self.roles, &parent.roles),
            roles_claim: stated(&self.roles_claim, &parent.roles_claim),
            methods: stated(&self.methods, &parent.methods),
            ownership: stated(&self.ownership, &parent.ownership),
            mode: stated(&self.mode, &parent.mode),
            pointer: self.pointer.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn requirement(
        any_of: Option<&[&str]>,
        all_of: Option<&[&str]>,
        allow_missing: Option<bool>,
    ) -> Requirement {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let pointer = format!("{any_of:?}{all_of:?}{allow_missing:?}").into();
        Requirement {
            any_of: any_of.map(names),
            all_of: all_of.map(names),
            allow_missing,
            pointer,
            ..Requirement::default()
        }
    }

    #[test]
    fn a_child_can_be_public_whatever_its_parent_asks_for() {
        let parent = requirement(None, Some(&["corp", "partner"]), Some(false));
        let child = requirement(Some(&[]), None, None).over(&parent);
        assert_eq!((child.any_of, child.all_of), (Some(vec![]), None));
        assert_eq!(child.allow_missing, Some(false));
    }

    #[test]
    fn what_a_child_does_not_state_is_its_parents() {
        let parent = requirement(Some(&["corp"]), None, None);
        let child = requirement(None, None, Some(true)).over(&parent);
        assert_eq!(child.any_of, parent.any_of);
        assert_eq!(child.allow_missing, Some(true));
        let silent = requirement(None, None, None).over(&parent);
        assert_eq!(silent, parent);
    }

    #[test]
    fn a_child_that_wants_a_token_wants_a_good_one() {
        let parent = Requirement {
            allow_missing_or_failed: Some(true),
            pass_preflight: Some(true),
            ..requirement(Some(&["corp"]), None, None)
        };
        let strict = requirement(None, None, Some(false)).over(&parent);
        assert_eq!(strict.allow_missing_or_failed, Some(false));
        assert_eq!(strict.pass_preflight, Some(true));
        let lenient = requirement(None, None, Some(true)).over(&parent);
        assert_eq!(lenient.allow_missing_or_failed, Some(true));
        let failed = Requirement {
            allow_missing_or_failed: Some(false),
            ..Requirement::default()
        };
        let failed = failed.over(&parent);
        assert_eq!(
            (failed.allow_missing_or_failed, failed.allow_missing),
            (Some(false), None)
        );
    }
}
