//! Why a caller is not the application that it would have to be.

use crate::{AuthError, claims::ClaimError, jws::Malformed, token::Token};
use std::{borrow::Cow, fmt};

/// A request that may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denied<'a> {
    /// The policy that refused it, by its place, if it came so far.
    pub(super) policy: Option<usize>,
    /// What was shown, if anything; to be named, never shown.
    pub(super) shown: Option<Token<'a>>,
    /// Why.
    pub(super) error: CallerError,
}

/// Why a caller is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallerError {
    /// It shows nothing.
    Missing,
    /// It shows two tokens, or has two names.
    Ambiguous,
    /// It names an application that may not call.
    Application,
    /// The token is nobody's, or another application's.
    Unknown,
    /// The time of the token or key has not come.
    NotYetValid,
    /// The time of the token or key is over.
    Expired,
    /// The clock cannot be read, and the token or key has times.
    NoClock,
    /// It is a signed token that does not count.
    Signed(AuthError),
}

// === impl Denied ===

impl<'a> Denied<'a> {
    /// Refused by all policies together.
    pub(super) fn by_nobody(error: CallerError) -> Self {
        Self {
            policy: None,
            shown: None,
            error,
        }
    }

    /// Refused by one policy.
    pub(super) fn by(policy: usize, error: CallerError) -> Self {
        Self {
            policy: Some(policy),
            ..Self::by_nobody(error)
        }
    }

    /// The same, of this token.
    pub(super) fn of(self, shown: &'a [u8]) -> Self {
        Self {
            shown: Some(Token(Cow::Borrowed(shown))),
            ..self
        }
    }

    /// Which of two is told: of several reasons that of the policy that was meant.
    pub(super) fn or(self, other: Self) -> Self {
        if other.error.distance() > self.error.distance() {
            other
        } else {
            self
        }
    }
}

// === impl CallerError ===

impl CallerError {
    /// The reason as it begins the response-code details: one word per case, stable.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Missing => "steward_auth_policy_missing",
            Self::Ambiguous => "steward_auth_policy_ambiguous",
            Self::Application => "steward_auth_policy_application",
            Self::Unknown => "steward_auth_policy_unknown",
            Self::NotYetValid => "steward_auth_policy_not_yet_valid",
            Self::Expired => "steward_auth_policy_expired",
            Self::NoClock => "steward_auth_policy_no_clock",
            Self::Signed(error) => {
                let reason = error.reason();
                let reason = reason.strip_prefix("steward_").unwrap_or(reason);
                return Cow::Owned(format!("steward_auth_policy_{reason}"));
            }
        })
    }

    /// How far it came.
    fn distance(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Signed(AuthError::Malformed(malformed)) if *malformed != Malformed::Algorithm => {
                1
            }
            Self::Unknown => 2,
            Self::Signed(AuthError::Claim(ClaimError::Issuer)) => 3,
            Self::NotYetValid | Self::Expired | Self::NoClock => 4,
            Self::Signed(AuthError::Claim(_)) => 6,
            Self::Signed(_) => 5,
            Self::Ambiguous | Self::Application => 7,
        }
    }
}

impl fmt::Display for CallerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no token",
            Self::Ambiguous => "more than one token or name",
            Self::Application => "the application that it names may not call",
            Self::Unknown => "no application has this token",
            Self::NotYetValid => "`startTime` is still to come",
            Self::Expired => "`endTime` has passed",
            Self::NoClock => "the clock cannot be read",
            Self::Signed(error) => return error.fmt(f),
        })
    }
}
