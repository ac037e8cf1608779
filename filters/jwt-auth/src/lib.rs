//! Who is calling, proved by a signed token (RFC 7519) or by an API key before any other policy looks at the request.
//!
//! The decision is pure and lies in modules of its own, each after the paper it carries out: [`jws`] takes a token apart
//! (RFC 7515), [`jwk`] reads keys (RFC 7517), [`signature`] binds algorithm to key and checks (RFC 7518), [`claims`] judges
//! what the token says (RFC 7519); [`api_key`] knows the clients that bring a key, `application` those of JoyLive's
//! documents. RFC 8725 names the attacks that each of them answers. Nothing of a token is believed before its signature is
//! checked, but for `alg`, `kid` and `iss`, which only choose among the document's own keys.
//!
//! Behind it stands what a caller may do, which needs nothing but the identity that is proven here: [`Permit`].

pub mod algorithm;
pub mod api_key;
mod application;
pub mod authenticate;
pub mod base64url;
mod cache;
mod caller;
pub mod claim_value;
pub mod claims;
mod curve;
mod der;
mod ed25519;
pub mod error;
pub(crate) mod foreign;
mod hash;
pub mod header;
pub mod json;
pub mod jwk;
pub mod jws;
mod modulus;
pub mod numeric_date;
mod permission;
pub mod places;
mod plan;
mod preflight;
pub mod proof;
pub mod provider;
mod refuse;
mod remote;
pub mod requirement;
mod rsa;
mod secret;
pub mod signature;
mod stage;
mod tally;
#[cfg(test)]
mod testing;
pub mod token;
mod types;
mod wanted;

pub use error::AuthError;
pub use permission::Permit;
pub use stage::Authenticate;

/// The module of these stages alone.
pub type JwtAuth = engine::Engine<(Authenticate, Permit)>;
