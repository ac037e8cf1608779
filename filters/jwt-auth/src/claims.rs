//! What a verified token says, held against what its provider demands (RFC 7519 section 4.1, RFC 8725 sections 3.8 to 3.10).
//!
//! Two computers never agree on the time, so every comparison with the clock allows the provider's skew, and only those: a
//! token is refused from the instant `exp + skew` on (RFC 7519 section 4.1.4: "on or after"), and until `nbf - skew`. `iat` may
//! not lie in the future by more than the skew either: such a token comes from a clock that its other times cannot be
//! trusted to either.

use crate::numeric_date;
use engine::{claim, visit_claim_values};
use policy_model::condition::ClaimTest;
use serde_json::Value;
use std::{fmt, rc::Rc, time::Duration};

/// What a provider demands of its tokens' claims.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `iss`, exactly; `None` takes any.
    pub issuer: Option<String>,
    /// One of these must be in `aud`; empty takes any.
    pub audiences: Vec<String>,
    /// How far the issuer's clock may be off.
    pub skew: Duration,
    /// Whether a token without `exp` is refused.
    pub require_expiration: bool,
    /// How long a token may live at most: from `iat` to `exp`, without `iat` from now. Needs `exp`.
    pub max_lifetime: Option<Duration>,
    /// What `sub` must be.
    pub subjects: Option<ClaimTest>,
    /// Claims that must be there, and what they must be.
    pub required: Vec<Required>,
}

/// A claim that a token must have.
#[derive(Clone, Debug)]
pub struct Required {
    /// Its path, `realm_access.roles`.
    pub path: Rc<str>,
    /// What its values must be, numbers and booleans as JSON writes them. `None` takes anything but null.
    pub test: Option<ClaimTest>,
}

/// Which claim speaks against a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// `iss` is another issuer's.
    Issuer,
    /// `aud` names none of the audiences.
    Audience,
    /// `sub` is none of the subjects.
    Subject,
    /// There is no `exp`, and the provider demands one.
    NoExpiration,
    /// The clock cannot be read, and the token has times.
    NoClock,
    /// `exp` has passed, by this much.
    Expired(Duration),
    /// `nbf` is to come, in this time.
    NotYetValid(Duration),
    /// `iat` is to come, in this time.
    IssuedInFuture(Duration),
    /// The token lives this long, which is more than the provider allows.
    Lifetime(Duration),
    /// This claim is no time.
    NotATime(&'static str),
    /// The claim at this path is not as demanded.
    Required(Rc<str>),
}

/// A token's three times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    expires: Option<Duration>,
    not_before: Option<Duration>,
    issued: Option<Duration>,
}

// === impl Rules ===

impl Rules {
    /// Whether the token claims to be this issuer's; all that may be asked before its signature is checked.
    #[must_use]
    pub fn is_issuer(&self, claims: &Value) -> bool {
        match &self.issuer {
            Some(issuer) => claims.get("iss").and_then(Value::as_str) == Some(issuer),
            None => true,
        }
    }

    /// Judges the claims of a token whose signature is right, and tells its times: at another time they must be
    /// [judged](Self::check_times) anew, and nothing else. `now` is wall-clock time since the Unix epoch.
    ///
    /// # Errors
    ///
    /// The first [`ClaimError`] in the order of its variants.
    pub fn check(&self, claims: &Value, now: Duration) -> Result<Times, ClaimError> {
        if !self.is_issuer(claims) {
            return Err(ClaimError::Issuer);
        }
        if !self.is_audience(claims.get("aud")) {
            return Err(ClaimError::Audience);
        }
        if !self.is_subject(claims.get("sub")) {
            return Err(ClaimError::Subject);
        }
        let times = Times::read(claims)?;
        self.check_times(&times, now)?;
        match self
            .required
            .iter()
            .find(|required| !required.is_met(claims))
        {
            Some(required) => Err(ClaimError::Required(Rc::clone(&required.path))),
            None => Ok(times),
        }
    }

    fn is_audience(&self, claim: Option<&Value>) -> bool {
        let ours = |value: &Value| self.audiences.iter().any(|audience| value == audience);
        match claim {
            _ if self.audiences.is_empty() => true,
            Some(Value::Array(audiences)) => audiences.iter().any(ours),
            Some(audience) => ours(audience),
            None => false,
        }
    }

    /// A subject is one string (RFC 7519 section 4.1.2); nothing else is anybody's.
    fn is_subject(&self, claim: Option<&Value>) -> bool {
        match (&self.subjects, claim) {
            (None, _) => true,
            (Some(test), Some(Value::String(subject))) => {
                test.holds(|visit| visit(subject.as_bytes()))
            }
            (Some(_), _) => false,
        }
    }

    /// Whether a token of these times holds now. At the epoch itself no clock stands that was ever set: a host that cannot
    /// read its own says 0, when every `exp` is still to come.
    ///
    /// # Errors
    ///
    /// Those [`ClaimError`]s that are about time.
    pub fn check_times(&self, times: &Times, now: Duration) -> Result<(), ClaimError> {
        if times.expires.is_none() && (self.require_expiration || self.max_lifetime.is_some()) {
            return Err(ClaimError::NoExpiration);
        }
        if now.is_zero() && *times != Times::default() {
            return Err(ClaimError::NoClock);
        }
        let dead = |expires: &Duration| now >= expires.saturating_add(self.skew);
        if let Some(expires) = times.expires.filter(dead) {
            return Err(ClaimError::Expired(now.saturating_sub(expires)));
        }
        let latest = now.saturating_add(self.skew);
        if let Some(start) = times.not_before.filter(|start| *start > latest) {
            return Err(ClaimError::NotYetValid(start.saturating_sub(now)));
        }
        if let Some(issued) = times.issued.filter(|issued| *issued > latest) {
            return Err(ClaimError::IssuedInFuture(issued.saturating_sub(now)));
        }
        self.check_lifetime(times, now)
    }

    fn check_lifetime(&self, times: &Times, now: Duration) -> Result<(), ClaimError> {
        let (Some(most), Some(expires)) = (self.max_lifetime, times.expires) else {
            return Ok(());
        };
        // Both ends of `iat` to `exp` are the issuer's clock; only a measure from our own needs the skew.
        let (lifetime, most) = match times.issued {
            Some(issued) => (expires.saturating_sub(issued), most),
            None => (expires.saturating_sub(now), most.saturating_add(self.skew)),
        };
        if lifetime > most {
            Err(ClaimError::Lifetime(lifetime))
        } else {
            Ok(())
        }
    }
}

// === impl Times ===

impl Times {
    fn read(claims: &Value) -> Result<Self, ClaimError> {
        let time = |name| match claims.get(name) {
            None => Ok(None),
            Some(value) => numeric_date::read(value)
                .map(Some)
                .ok_or(ClaimError::NotATime(name)),
        };
        Ok(Self {
            expires: time("exp")?,
            not_before: time("nbf")?,
            issued: time("iat")?,
        })
    }
}

// === impl Required ===

impl Required {
    fn is_met(&self, claims: &Value) -> bool {
        let Some(found) = claim(claims, &self.path).filter(|found| !is_nothing(found)) else {
            return false;
        };
        let test = self.test.as_ref();
        test.is_none_or(|test| test.holds(|visit| visit_claim_values(found, &self.path, visit)))
    }
}

/// A claim that is there and says nothing: null, or a list of nothing else.
fn is_nothing(claim: &Value) -> bool {
    match claim {
        Value::Array(list) => list.iter().all(Value::is_null),
        scalar => scalar.is_null(),
    }
}

// === impl ClaimError ===

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer => f.write_str("iss is another issuer"),
            Self::Audience => f.write_str("aud names none of the audiences"),
            Self::Subject => f.write_str("sub is none of the subjects"),
            Self::NoClock => f.write_str("the clock cannot be read"),
            Self::NoExpiration => f.write_str("there is no exp"),
            Self::Expired(ago) => write!(f, "expired {} s ago", ago.as_secs()),
            Self::NotYetValid(ahead) => write!(f, "nbf is {} s ahead", ahead.as_secs()),
            Self::IssuedInFuture(ahead) => write!(f, "iat is {} s ahead", ahead.as_secs()),
            Self::Lifetime(lifetime) => write!(f, "lives {} s", lifetime.as_secs()),
            Self::NotATime(name) => write!(f, "{name} is no time"),
            Self::Required(path) => write!(f, "{path} is not as required"),
        }
    }
}

impl std::error::Error for ClaimError {}

#[cfg(test)]
mod tests;
