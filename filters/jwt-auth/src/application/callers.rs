//! Who may call one service: the decision.

use super::{
    CONSUMER,
    door::{Door, Named, Now},
    error::{CallerError, Denied},
};
use crate::{claim_value::header_value, places::only};
use engine::RequestView;
use serde_json::Value;
use std::rc::Rc;

/// The applications that may call a service, and what each must show.
#[derive(Debug, Default)]
pub(super) struct Callers {
    /// By application; first that of all others, if there is one.
    pub(super) policies: Vec<Policy>,
    pub(super) doors: Vec<Door>,
}

/// What holds for an application.
#[derive(Debug)]
pub(super) struct Policy {
    /// The application; none: all that have no policy of their own.
    pub(super) application: Option<Rc<str>>,
    /// Whether it must show nothing.
    pub(super) is_open: bool,
}

/// A caller that may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proven {
    /// The policy, by its place.
    pub(super) policy: usize,
    /// The application that it has proven to be.
    pub(super) application: Option<Rc<str>>,
}

// === impl Callers ===

impl Callers {
    /// Decides. The header of the caller's name is in `view` only if clients are believed.
    ///
    /// # Errors
    ///
    /// [`Denied`]; of several reasons that which came furthest.
    pub(super) fn check<'a>(
        &self,
        view: &RequestView<'a>,
        now: Now<'_>,
    ) -> Result<Proven, Denied<'a>> {
        let ambiguous = |_| Denied::by_nobody(CallerError::Ambiguous);
        let names = view.headers(CONSUMER).filter(|name| !name.is_empty());
        let named = match only(names).map_err(ambiguous)? {
            Some(name) => Some(self.named(name)?),
            None => None,
        };
        let open = match named {
            Some(named) => self.open(named.policy),
            None => self.open_to_all(),
        };
        // Who need not prove anything may all the same, and is then known.
        let mut denied = Denied::by_nobody(CallerError::Missing);
        for door in &self.doors {
            let shown = only(view.headers(&door.header)).map_err(ambiguous);
            let verdict = match shown {
                Ok(Some(value)) if !value.is_empty() => door.judge(value, named, self, now),
                Ok(_) => continue,
                Err(ambiguous) => Err(ambiguous),
            };
            match verdict {
                Ok(proven) => return Ok(proven),
                Err(other) => denied = denied.or(other),
            }
        }
        open.ok_or(denied)
    }

    /// The policy of an application, its own or that of all others, by its place.
    pub(super) fn policy_of(&self, application: &[u8]) -> Option<usize> {
        let own = self.policies.binary_search_by(|policy| {
            let own = policy.application.as_deref();
            own.map(str::as_bytes).cmp(&Some(application))
        });
        own.ok().or_else(|| self.of_all_others())
    }

    /// A caller that has shown the token of this policy.
    pub(super) fn proven(&self, policy: usize) -> Proven {
        let own = self.policies.get(policy);
        Proven {
            policy,
            application: own.and_then(|own| own.application.clone()),
        }
    }

    /// A caller whose token, signed by this policy's key, gives it this name; none if no header could hold the name.
    pub(super) fn proven_as(&self, policy: usize, application: &str) -> Option<Proven> {
        let proven = self.proven(policy);
        if proven.application.is_some() {
            return Some(proven);
        }
        header_value(&Value::from(application))?;
        Some(Proven {
            application: Some(Rc::from(application)),
            ..proven
        })
    }

    fn named<'a>(&self, name: &'a [u8]) -> Result<Named<'a>, Denied<'a>> {
        let policy = self.policy_of(name);
        let policy = policy.ok_or_else(|| Denied::by_nobody(CallerError::Application))?;
        Ok(Named { name, policy })
    }

    fn of_all_others(&self) -> Option<usize> {
        let first = self.policies.first()?;
        first.application.is_none().then_some(0)
    }

    fn open(&self, policy: usize) -> Option<Proven> {
        let is_open = self.policies.get(policy)?.is_open;
        is_open.then_some(Proven {
            policy,
            application: None,
        })
    }

    fn open_to_all(&self) -> Option<Proven> {
        self.open(self.of_all_others()?)
    }
}
