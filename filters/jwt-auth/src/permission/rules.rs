//! Permission by conditions: any match of a DENY refuses; with any ALLOW in force, one must match.
//!
//! A policy in shadow mode changes no verdict. A shadow DENY that matches is told. Shadow ALLOWs are asked only where no
//! other ALLOW is in force: beside one they could only have permitted more, alone they would have refused.

use policy_model::{
    condition::{Attributes, Matcher, Source},
    document::PermissionType,
};

/// The permission policies of a node.
#[derive(Debug)]
pub(crate) struct Rules {
    rules: Box<[Rule]>,
}

/// One policy.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: PermissionType,
    pub(crate) matcher: Matcher,
    pub(crate) shadow: bool,
}

/// What one policy said of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A DENY did not match, or an ALLOW did.
    Passed,
    /// It refused the request.
    Refused,
    /// It would have, but for shadow mode.
    WouldRefuse,
}

/// Why a request is refused. Policies are named by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// This DENY matched.
    Denied(usize),
    /// No ALLOW matched; this is the first of them.
    NotAllowed {
        /// Its place.
        first: usize,
        /// Whether some ALLOW asks who the caller is, so that credentials could help.
        asks_identity: bool,
    },
}

// === impl Rules ===

impl Rules {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules: rules.into(),
        }
    }

    /// Decides a request; `tell` learns what each policy said that had a say.
    pub(crate) fn check(
        &self,
        attributes: &impl Attributes,
        mut tell: impl FnMut(usize, Said),
    ) -> Result<(), Denial> {
        for (place, deny) in self.of(PermissionType::Deny) {
            let matches = deny.matcher.matches(attributes);
            tell(place, deny.said(!matches));
            if matches && !deny.shadow {
                return Err(Denial::Denied(place));
            }
        }
        let enforced = self.allows(false).next().is_some();
        let mut allows = self.allows(!enforced);
        let Some((first, _)) = allows.clone().next() else {
            return Ok(());
        };
        if let Some((place, _)) = allows.find(|(_, allow)| allow.matcher.matches(attributes)) {
            tell(place, Said::Passed);
            return Ok(());
        }
        if !enforced {
            tell(first, Said::WouldRefuse);
            return Ok(());
        }
        tell(first, Said::Refused);
        Err(Denial::NotAllowed {
            first,
            asks_identity: self.allows(false).any(|(_, allow)| allow.asks_identity()),
        })
    }

    fn of(&self, kind: PermissionType) -> impl Iterator<Item = (usize, &Rule)> + Clone {
        let rules = self.rules.iter().enumerate();
        rules.filter(move |(_, rule)| rule.kind == kind)
    }

    fn allows(&self, shadow: bool) -> impl Iterator<Item = (usize, &Rule)> + Clone {
        self.of(PermissionType::Allow)
            .filter(move |(_, rule)| rule.shadow == shadow)
    }
}

// === impl Rule ===

impl Rule {
    fn said(&self, passed: bool) -> Said {
        match (passed, self.shadow) {
            (true, _) => Said::Passed,
            (false, false) => Said::Refused,
            (false, true) => Said::WouldRefuse,
        }
    }

    fn asks_identity(&self) -> bool {
        let mut sources = self.matcher.sources();
        sources.any(|source| matches!(source, Source::Claim(_) | Source::ApiKey))
    }
}

#[cfg(test)]
mod tests;
