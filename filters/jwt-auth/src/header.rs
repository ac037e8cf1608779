//! What a token's header says (RFC 7515 section 4), and the memory of the last one.
//!
//! The tokens of one issuer begin with the same header, byte by byte, until it signs with another key. Reading it is a
//! quarter of all that is read of a token, so the last header is kept as it was written: the same text says the same.

use crate::{
    algorithm::{self, Algorithm},
    base64url, json,
    jws::Malformed,
};
use serde_json::Value;
use std::cell::RefCell;

/// What is read of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
}

/// The last header that was read.
#[derive(Debug, Default)]
pub struct LastHeader(RefCell<Option<(Vec<u8>, Header)>>);

/// The members that are looked at.
const READ: [&str; 5] = ["alg", "kid", "typ", "crit", "b64"];

/// The longest `kid` looked at, in bytes; certificate thumbprints and URLs fit.
pub(crate) const MAX_KID: usize = 1024;

/// The longest header kept, in bytes: one with a key's name has some 60, one with certificates in it thousands.
const MAX_KEPT: usize = 512;

// === impl LastHeader ===

impl LastHeader {
    /// What a header in base64url says.
    pub(crate) fn read(&self, text: &[u8]) -> Result<Header, Malformed> {
        let mut last = self.0.borrow_mut();
        if let Some((known, header)) = &*last
            && known == text
        {
            return Ok(header.clone());
        }
        let header = Header::read(text)?;
        if text.len() <= MAX_KEPT {
            *last = Some((text.to_vec(), header.clone()));
        }
        Ok(header)
    }
}

// === impl Header ===

impl Header {
    fn read(text: &[u8]) -> Result<Self, Malformed> {
        let bytes = base64url::decode(text).ok_or(Malformed::Encoding)?;
        let read = |name: &str| READ.contains(&name);
        let mut members = json::members(&bytes, &read).map_err(|_| Malformed::Header)?;
        let is_encoded = |b64: &Value| *b64 == Value::Bool(true);
        if members.contains_key("crit") || !members.get("b64").is_none_or(is_encoded) {
            return Err(Malformed::Critical);
        }
        let algorithm = match members.get("alg") {
            Some(Value::String(name)) => algorithm::from_name(name),
            _ => None,
        };
        let kid = match members.get_mut("kid").map(Value::take) {
            None => None,
            Some(Value::String(kid)) if kid.len() <= MAX_KID => Some(kid),
            Some(_) => return Err(Malformed::KeyId),
        };
        let typ = match members.get_mut("typ").map(Value::take) {
            Some(Value::String(typ)) => Some(typ),
            _ => None,
        };
        Ok(Self {
            algorithm: algorithm.ok_or(Malformed::Algorithm)?,
            kid,
            typ,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::text;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_read_before_changes_nothing(
            headers in proptest::collection::vec(
                (r#"(HS256|RS256|none)"#, "[a-z]{0,2}", any::<bool>(), 0..600_usize), 1..12,
            ),
        ) {
            let last = LastHeader::default();
            for (alg, kid, is_critical, blanks) in headers {
                let crit = if is_critical { r#","crit":[]"# } else { "" };
                let header = format!(r#"{{"alg":"{alg}","kid":"{kid}"{crit}}}"#) + &" ".repeat(blanks);
                let header = text(header);
                prop_assert_eq!(last.read(header.as_bytes()), Header::read(header.as_bytes()));
                prop_assert_eq!(last.read(header.as_bytes()), Header::read(header.as_bytes()));
                let kept = last.0.borrow().as_ref().map_or(0, |(known, _)| known.len());
                prop_assert!(kept <= MAX_KEPT);
            }
        }
    }
}
