//! Reads a set of keys as its issuer publishes it (RFC 7517, section 5).
//!
//! It comes from another machine while requests pass, so it is bounded, and it is no document: nothing in it can make a policy
//! unsound, and a key that cannot be read is left out like one that cannot be used.

use super::jwks::jwk;
use super::object::Obj;
use crate::document::{Jwk, Jwks};
use crate::finding::{Report, Severity};
use crate::json::Json;
use std::fmt;

/// Why bytes are no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKeys {
    /// Not JSON.
    NotJson,
    /// Not an object with one list of `keys`.
    NotASet,
    /// So many keys are more than [`Jwks::MOST_PUBLISHED`].
    TooMany(usize),
}

/// The most members of one key: RFC 7517 and 7518 have 20, and what is not asked for must cost nothing.
const MOST_MEMBERS: usize = 64;

// === impl Jwks ===

impl Jwks {
    /// The most keys of a published set. Issuers have two to ten; each is imported by every worker.
    pub const MOST_PUBLISHED: usize = 100;

    /// Reads a published set. The report tells of keys that were left out, by JSON pointers into `bytes`.
    ///
    /// # Errors
    ///
    /// [`NotKeys`], if there is no set at all.
    pub fn published(bytes: &[u8]) -> Result<(Self, Report), NotKeys> {
        let json = Json::parse(bytes).map_err(|_| NotKeys::NotJson)?;
        let items = items(&json)?;
        let mut report = Report::default();
        let mut set = Self::default();
        for (index, item) in items.iter().enumerate() {
            let errors = report.count(Severity::Error);
            let key = key(item, format!("/keys/{index}"), &mut report);
            // A member that cannot be read, `alg` or `use` above all, could be the one that binds the key.
            let is_sound = report.count(Severity::Error) == errors;
            set.keys.extend(key.filter(|_| is_sound));
        }
        Ok((set, report))
    }
}

/// Members that RFC 7517 does not know are the issuer's own, as many as any issuer has.
fn key(item: &Json, pointer: String, report: &mut Report) -> Option<Jwk> {
    if matches!(item, Json::Object(members) if members.len() > MOST_MEMBERS) {
        report.error(
            pointer,
            format!("more than {MOST_MEMBERS} members: key left out"),
        );
        return None;
    }
    let key = Obj::read(item, pointer, report, |o| {
        let key = jwk(o);
        o.extended();
        key
    });
    key.flatten()
}

/// A member twice would be two sets, of which the next reader takes the other.
fn items(json: &Json) -> Result<&[Json], NotKeys> {
    let Json::Object(members) = json else {
        return Err(NotKeys::NotASet);
    };
    let mut lists = members.iter().filter(|(name, _)| name == "keys");
    match (lists.next(), lists.next()) {
        (Some((_, Json::Array(items))), None) if items.len() > Jwks::MOST_PUBLISHED => {
            Err(NotKeys::TooMany(items.len()))
        }
        (Some((_, Json::Array(items))), None) => Ok(items),
        _ => Err(NotKeys::NotASet),
    }
}

// === impl NotKeys ===

impl fmt::Display for NotKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("not JSON"),
            Self::NotASet => f.write_str("not a JWK set: an object with one list of `keys`"),
            Self::TooMany(count) => {
                let most = Jwks::MOST_PUBLISHED;
                write!(f, "{count} keys, {most} are the most")
            }
        }
    }
}

impl std::error::Error for NotKeys {}
