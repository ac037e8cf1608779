//! A compact JWS taken apart (RFC 7515 sections 3.1 and 5.2), with nothing believed yet.
//!
//! Of the header only `alg`, `kid` and `typ` are read. The first two only choose among the document's own keys, and `typ` can
//! only speak against a token. `jwk`, `jku`, `x5u` and
//! `x5c` would let the sender bring his own key (RFC 8725 section 3.10): they are never looked at. `crit` names extensions
//! that a reader must understand; none is understood here, so its presence refuses the token (RFC 7515 section 4.1.11). The
//! one that would change what is signed, `b64` (RFC 7797), also does where its issuer forgot to say that it is critical.

use crate::{
    algorithm::Algorithm,
    base64url,
    header::{Header, LastHeader},
    json,
};
use serde_json::Value;
use std::fmt;

/// The longest token looked at, in bytes. Larger than what directories with many groups issue (some 12 KiB), below Envoy's
/// default of 60 KiB for all headers; reading a token is linear in this.
pub const MAX_TOKEN: usize = 32 * 1024;

/// A token taken apart. Borrowed where the signature needs the sender's own bytes.
#[derive(Clone, PartialEq)]
pub struct Jws<'a> {
    /// What the header says that it is signed with.
    pub algorithm: Algorithm,
    /// Which key the header asks for.
    pub kid: Option<String>,
    /// What kind of token the header says that it is; `None` also for what is no string.
    pub typ: Option<String>,
    /// The bytes that are signed: header, dot, payload, as they came.
    pub signing_input: &'a [u8],
    /// The payload, a JSON object: claims, not yet believed.
    pub claims: Value,
    /// The signature, decoded.
    pub signature: Vec<u8>,
}

/// Why bytes are no token that could be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Longer than [`MAX_TOKEN`].
    TooLong,
    /// Not exactly three parts. Five parts are an encrypted token (RFC 7516), which is not read here.
    Parts,
    /// A part is not canonical base64url.
    Encoding,
    /// The header is no JSON object, or repeats a member.
    Header,
    /// `alg` is absent, no string, or none that is carried out here.
    Algorithm,
    /// The header has a `crit` member, or a `b64` other than true.
    Critical,
    /// `kid` is no string, or too long.
    KeyId,
    /// The payload is no JSON object, or repeats a member.
    Payload,
}

// === impl Jws ===

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    ///
    /// [`Malformed`] says what is wrong with its form; that is all that is checked.
    pub fn parse(token: &'a [u8]) -> Result<Self, Malformed> {
        Self::parse_for(token, &|_| true, &LastHeader::default())
    }

    /// As [`parse`](Self::parse), but of the claims only those are there whose name is `wanted`, and the header is not read
    /// anew if it was the last one.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn parse_for(
        token: &'a [u8],
        wanted: &dyn Fn(&str) -> bool,
        last: &LastHeader,
    ) -> Result<Self, Malformed> {
        if token.len() > MAX_TOKEN {
            return Err(Malformed::TooLong);
        }
        let (header, rest) = split(token).ok_or(Malformed::Parts)?;
        let (payload, signature) = split(rest).ok_or(Malformed::Parts)?;
        if signature.contains(&b'.') {
            return Err(Malformed::Parts);
        }
        let signed = header.len() + 1 + payload.len();
        let Header {
            algorithm,
            kid,
            typ,
        } = last.read(header)?;
        let claims = json::members(&decode(payload)?, wanted).map_err(|_| Malformed::Payload)?;
        Ok(Self {
            algorithm,
            kid,
            typ,
            signing_input: token.get(..signed).ok_or(Malformed::Parts)?,
            claims: Value::Object(claims),
            signature: decode(signature)?,
        })
    }
}

/// A token is a credential: only what its header says is shown.
impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Jws");
        shown
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// What lies before the first dot, and behind it.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = memchr::memchr(b'.', text)?;
    Some((text.get(..dot)?, text.get(dot + 1..)?))
}

fn decode(part: &[u8]) -> Result<Vec<u8>, Malformed> {
    base64url::decode(part).ok_or(Malformed::Encoding)
}

// === impl Malformed ===

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "longer than 32 KiB",
            Self::Parts => "not three parts",
            Self::Encoding => "not canonical base64url",
            Self::Header => "the header is not one JSON object without repeated members",
            Self::Algorithm => "alg is none that is carried out",
            Self::Critical => "crit or b64 names an extension",
            Self::KeyId => "kid is not a short string",
            Self::Payload => "the payload is not one JSON object without repeated members",
        })
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests;
