//! The parts of a request that conditions, limit keys and costs look at.

use crate::document::ConditionKind;
use std::fmt;

/// A part of a request, named so that nothing is left to look up in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// All values of a header; its name in lower case.
    Header(Box<str>),
    /// All values of a query parameter, decoded.
    Query(Box<str>),
    /// All values of a cookie.
    Cookie(Box<str>),
    /// What the system knows.
    System(System),
    /// What stands at a path of the verified token's claims, `realm_access.roles`.
    Claim(Box<str>),
    /// The client that the request's API key names.
    ApiKey,
    /// The method.
    Method,
    /// The path in its normal spelling.
    Path,
    /// What stands in the path for a variable of the pattern that led here, its escapes decoded.
    PathVariable(Box<str>),
    /// The host in its normal spelling.
    Host,
    /// The client's address as text.
    Ip,
}

/// What the system knows of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// The client's address as text.
    ClientIp,
    /// The application that calls.
    Consumer,
}

/// Why a type and a key name no part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidSource {
    /// The type needs a key.
    NoKey(ConditionKind),
    /// Not one of `clientIp` and `consumer`.
    System(String),
}

// === impl Source ===

impl Source {
    /// The part that `kind` and `key` name.
    pub fn new(kind: ConditionKind, key: &str) -> Result<Self, InvalidSource> {
        let name = || match key {
            "" => Err(InvalidSource::NoKey(kind)),
            key => Ok(Box::<str>::from(key)),
        };
        Ok(match kind {
            ConditionKind::Header => Self::Header(name()?.to_ascii_lowercase().into()),
            ConditionKind::Query => Self::Query(name()?),
            ConditionKind::Cookie => Self::Cookie(name()?),
            ConditionKind::System => Self::System(System::new(key)?),
            ConditionKind::Claim => Self::Claim(name()?),
            ConditionKind::ApiKey => Self::ApiKey,
            ConditionKind::Method => Self::Method,
            ConditionKind::Path => Self::Path,
            ConditionKind::PathVariable => Self::PathVariable(name()?),
            ConditionKind::Host => Self::Host,
            ConditionKind::Ip => Self::Ip,
        })
    }
}

// === impl System ===

impl System {
    fn new(key: &str) -> Result<Self, InvalidSource> {
        if key.eq_ignore_ascii_case("clientIp") {
            Ok(Self::ClientIp)
        } else if key.eq_ignore_ascii_case("consumer") {
            Ok(Self::Consumer)
        } else {
            Err(InvalidSource::System(key.to_owned()))
        }
    }
}

// === impl InvalidSource ===

impl fmt::Display for InvalidSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey(kind) => write!(f, "the type {kind} needs a key"),
            Self::System(key) => {
                write!(
                    f,
                    "the type system knows clientIp and consumer, not {key:?}"
                )
            }
        }
    }
}

impl std::error::Error for InvalidSource {}
