//! A token on its way through: a credential, so it never shows itself.

use crate::claim_value::MAX_VALUE;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt};

/// How much of a token's SHA-256 names it, in bytes: enough to tell the tokens of a log apart.
const NAME_BYTES: usize = 6;

/// A token as it was sent, not yet looked at. Shown (`{token}`, `{token:?}`) it is the first bytes of its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct Token<'a>(pub Cow<'a, [u8]>);

// === impl Token ===

impl Token<'_> {
    /// What lies between its dots, base64url without padding: the payload of a token that has been believed. `None` if it is
    /// longer than a header's value may be.
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        let mut parts = self.0.split(|byte| *byte == b'.');
        parts.nth(1).filter(|payload| payload.len() <= MAX_VALUE)
    }
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        Sha256::digest(&self.0)
            .iter()
            .take(NAME_BYTES)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_its_digest_and_nothing_else() {
        // SHA-256 of "abc" is FIPS 180-4's own example.
        let token = Token(Cow::Borrowed(b"abc"));
        assert_eq!(token.to_string(), "sha256:ba7816bf8f01");
        assert_eq!(format!("{token:?}"), "Token(sha256:ba7816bf8f01)");
    }
}
