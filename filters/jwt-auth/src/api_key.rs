//! API keys: a client that shows a secret which the document knows by its SHA-256.
//!
//! A plain digest is enough, without salt and without the slowness that passwords need: secrets of 112 random bits and more
//! are not found by trying, however fast the trials (NIST SP 800-63B section 5.1.2.2), and `steward apikey new` gives 256.
//!
//! How long an answer takes tells nothing of a key. What is compared is the digest of what was sent; who sends guesses cannot
//! steer their digests towards one that he wants to learn further than he can compute, and a digest known whole would still
//! be no key. Even so only 64 bits of it steer the search, and the whole is then compared in the same time wherever it
//! differs.
//!
//! A key is asked for where a requirement names `apiKeys`; elsewhere it is not looked at.

use crate::{
    places::{Ambiguous, Found, Places},
    requirement::Requirement,
    token::Token,
};
use engine::{Identity, RequestView};
use policy_model::{
    document::{self, ApiKeyClient, Permission},
    sort::sort_by_key,
};
use sha2::{Digest, Sha256};
use std::{fmt, rc::Rc, time::Duration};
use subtle::ConstantTimeEq;

/// Longer than any key in use; what is longer still is unknown without being hashed.
const MAX_KEY_BYTES: usize = 1_024;

/// The document's clients, ready to be found.
#[derive(Clone, Debug, Default)]
pub struct ApiKeys {
    /// The header that takes the client's id.
    pub client_header: Option<Rc<str>>,
    /// Whether the key goes on.
    pub forward: bool,
    /// Where keys are.
    pub places: Places,
    /// By [`index`].
    clients: Vec<Client>,
}

/// A client that brings a key.
#[derive(Clone, Debug)]
pub struct Client {
    /// What it is called.
    pub id: Rc<str>,
    digest: [u8; 32],
    roles: Rc<[Rc<str>]>,
    permissions: Rc<[Permission]>,
    not_before: Duration,
    expires: Option<Duration>,
    enabled: bool,
}

/// A key that is believed.
#[derive(Debug)]
pub struct Known<'a, 'p> {
    /// Where it was.
    pub found: Found<'a, 'p>,
    /// Whose it is.
    pub client: &'p Client,
}

/// A request that may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedKey<'a> {
    /// The key, if there was one; to be named, never shown.
    pub key: Option<Token<'a>>,
    /// Whose it is, if anybody's.
    pub client: Option<Rc<str>>,
    /// Why.
    pub error: KeyError,
}

/// Why a key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// There is none.
    Missing,
    /// There are two.
    Ambiguous,
    /// It is nobody's.
    Unknown,
    /// Its client is switched off.
    Disabled,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// The clock cannot be read, and its time ends.
    NoClock,
}

// === impl ApiKeys ===

impl ApiKeys {
    /// Takes over what the document says.
    #[must_use]
    pub fn compile(stated: &document::ApiKeys) -> Self {
        let mut clients: Vec<_> = stated.clients.iter().map(Client::compile).collect();
        sort_by_key(&mut clients, |client| index(&client.digest));
        Self {
            client_header: stated.client_header.as_deref().map(Rc::from),
            forward: stated.forward,
            places: Places::of_keys(stated),
            clients,
        }
    }

    /// Judges the key of a request where the requirement asks for keys. `now` gives wall-clock time since the Unix epoch; it
    /// is asked only if there is a known key.
    ///
    /// # Errors
    ///
    /// [`RefusedKey`]: a bad key, or none where nothing else could do.
    pub fn check<'a, 'p>(
        &'p self,
        requirement: &Requirement,
        view: &RequestView<'a>,
        now: impl FnOnce() -> Duration,
    ) -> Result<Option<Known<'a, 'p>>, RefusedKey<'a>> {
        if !requirement.takes_keys() {
            return Ok(None);
        }
        match self.places.find(view) {
            Err(Ambiguous) => Err(RefusedKey::without_key(KeyError::Ambiguous)),
            Ok(None) if requirement.refuses_keyless() => {
                Err(RefusedKey::without_key(KeyError::Missing))
            }
            Ok(None) => Ok(None),
            Ok(Some(found)) => self.judge(found, now).map(Some),
        }
    }

    fn judge<'a, 'p>(
        &'p self,
        found: Found<'a, 'p>,
        now: impl FnOnce() -> Duration,
    ) -> Result<Known<'a, 'p>, RefusedKey<'a>> {
        let refused = |client: Option<&Client>, error| RefusedKey {
            key: Some(found.token.clone()),
            client: client.map(|client| Rc::clone(&client.id)),
            error,
        };
        let Some(client) = self.client(&found.token.0) else {
            return Err(refused(None, KeyError::Unknown));
        };
        match client.check(now()) {
            Ok(()) => Ok(Known { found, client }),
            Err(error) => Err(refused(Some(client), error)),
        }
    }

    fn client(&self, key: &[u8]) -> Option<&Client> {
        if key.len() > MAX_KEY_BYTES {
            return None;
        }
        let digest: [u8; 32] = Sha256::digest(key).into();
        let first = self
            .clients
            .partition_point(|client| index(&client.digest) < index(&digest));
        let alike = self.clients.iter().skip(first);
        alike
            .take_while(|client| index(&client.digest) == index(&digest))
            .find(|client| bool::from(client.digest.ct_eq(&digest)))
    }
}

/// What a client is found by: the digest's first 64 bits, in which no two of a document's keys are ever alike but by intent.
fn index(digest: &[u8; 32]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |index, byte| index << 8 | u64::from(*byte))
}

// === impl Client ===

impl Client {
    fn compile(stated: &ApiKeyClient) -> Self {
        Self {
            id: stated.id.as_str().into(),
            digest: stated.sha256,
            roles: stated
                .roles
                .iter()
                .map(|role| role.as_str().into())
                .collect(),
            permissions: stated.permissions.as_slice().into(),
            not_before: Duration::from_secs(stated.not_before.unwrap_or_default()),
            expires: stated.expires.map(Duration::from_secs),
            enabled: stated.enabled,
        }
    }

    fn check(&self, now: Duration) -> Result<(), KeyError> {
        if !self.enabled {
            Err(KeyError::Disabled)
        } else if now < self.not_before {
            Err(KeyError::NotYetValid)
        } else if self.expires.is_some() && now.is_zero() {
            Err(KeyError::NoClock)
        } else if self.expires.is_some_and(|expires| now >= expires) {
            Err(KeyError::Expired)
        } else {
            Ok(())
        }
    }

    /// Makes it the caller.
    pub fn identify(&self, identity: &mut Identity) {
        identity.set_api_key(Rc::clone(&self.id));
        identity.set_roles(Rc::clone(&self.roles));
        identity.set_permissions(Rc::clone(&self.permissions));
    }
}

// === impl RefusedKey ===

impl RefusedKey<'_> {
    /// There is no key that could be named.
    pub(crate) fn without_key(error: KeyError) -> Self {
        Self {
            key: None,
            client: None,
            error,
        }
    }
}

// === impl KeyError ===

impl KeyError {
    /// The reason as it begins the response-code details: one word per case, stable.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "steward_api_key_missing",
            Self::Ambiguous => "steward_api_key_ambiguous",
            Self::Unknown => "steward_api_key_unknown",
            Self::Disabled => "steward_api_key_disabled",
            Self::NotYetValid => "steward_api_key_not_yet_valid",
            Self::Expired => "steward_api_key_expired",
            Self::NoClock => "steward_api_key_no_clock",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no key",
            Self::Ambiguous => "more than one key",
            Self::Unknown => "no client has this key",
            Self::Disabled => "the client is not enabled",
            Self::NotYetValid => "`notBefore` is still to come",
            Self::Expired => "`expires` has passed",
            Self::NoClock => "the clock cannot be read",
        })
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests;
