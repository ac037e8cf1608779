//! What a node requires, compiled.
//!
//! A requirement has two parts that must both be met: of `anyOf` one must vouch, of `allOf` each. A client's key may stand in
//! either. What brings nothing may be let through (`allowMissing`); what brings a part, or something bad, is not, unless the
//! document says that too (`allowMissingOrFailed`).

use crate::{
    authenticate::{Passed, Refused},
    preflight::is_preflight,
    refuse::Outcome,
};
use engine::RequestView;

/// What a node requires. The default: nothing, the node is public.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Places in the list of providers; one of these must vouch. `None`: none of these has to.
    pub any_of: Option<Vec<usize>>,
    /// Places in the list of providers; each of these must vouch.
    pub all_of: Vec<usize>,
    /// Whether a client's key does in place of `any_of`.
    pub api_keys: bool,
    /// Whether a client's key must be there, beside all else.
    pub needs_key: bool,
    /// Whether a request that brings nothing passes too.
    pub allow_missing: bool,
    /// Whether a request that does not meet it passes as if it had brought nothing.
    pub allow_failed: bool,
    /// Whether a browser's preflight request passes.
    pub pass_preflight: bool,
    /// Whether a refusal is only counted.
    pub shadow: bool,
}

// === impl Requirement ===

impl Requirement {
    /// Whether nothing is required.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.any_of.is_none() && self.all_of.is_empty() && !self.needs_key
    }

    /// Whether a provider may vouch.
    #[must_use]
    pub fn takes_tokens(&self) -> bool {
        self.providers().next().is_some()
    }

    /// Whether a client's key is looked at.
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        self.api_keys || self.needs_key
    }

    /// Whether a request without a key is refused, whatever else it brings.
    #[must_use]
    pub fn refuses_keyless(&self) -> bool {
        let key_alone = self.api_keys && !self.takes_tokens();
        (self.needs_key || key_alone) && !self.allow_missing
    }

    /// Whether a request without a token is refused, whatever key it brings.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        let any_of = self.any_of.iter().flatten().next().is_some();
        !self.all_of.is_empty() || (any_of && !self.api_keys)
    }

    /// All providers that may vouch; one may come twice.
    pub fn providers(&self) -> impl Iterator<Item = usize> {
        let any_of = self.any_of.iter().flatten();
        self.all_of.iter().chain(any_of).copied()
    }

    /// What becomes of a request that does not meet it.
    #[must_use]
    pub(crate) fn outcome(&self) -> Outcome {
        if self.allow_failed {
            Outcome::Failed
        } else if self.shadow {
            Outcome::WouldRefuse
        } else {
            Outcome::Refused
        }
    }

    /// Whether this is a preflight request that passes.
    #[must_use]
    pub fn passes_preflight(&self, view: &RequestView<'_>) -> bool {
        self.pass_preflight && is_preflight(view)
    }

    /// What becomes of a request without a token.
    pub(crate) fn without_token<'a, 'p>(
        &self,
        has_key: bool,
    ) -> Result<Passed<'a, 'p>, Refused<'a>> {
        let key_is_enough = self.any_of.is_none() || self.api_keys;
        if has_key && self.all_of.is_empty() && key_is_enough {
            Ok(Passed::ByKey)
        } else if self.allow_missing && !has_key {
            Ok(Passed::Anonymous)
        } else {
            Err(Refused::missing(self.all_of.first().copied()))
        }
    }
}
