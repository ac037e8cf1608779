//! A document's provider, compiled: everything about it that can be decided before a request is decided here.

use crate::{
    AuthError,
    algorithm::Algorithm,
    claims::{ClaimError, Required, Rules, Times},
    foreign::Verifier,
    jwk::KeySet,
    jws::Jws,
    places::Places,
    remote::Remote,
    signature::{self, SignatureError},
    types::Types,
};
use engine::Metrics;
use host::Host;
use policy_model::{Report, condition::ClaimTest, document, sort::sort};
use std::{rc::Rc, time::Duration};

/// An issuer of tokens, ready to judge them.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name in requirements.
    pub name: Rc<str>,
    /// What its tokens' claims must say.
    pub rules: Rules,
    /// Where its tokens are.
    pub places: Places,
    /// Claims that go on as headers.
    pub claim_headers: Vec<ClaimHeader>,
    /// The header that its tokens' payload goes into.
    pub payload_header: Option<Rc<str>>,
    /// Whether the token goes on too.
    pub forward: bool,
    types: Types,
    algorithms: Vec<Algorithm>,
    keys: Keys,
    verifier: Verifier,
}

/// Where its keys are.
#[derive(Clone, Debug)]
enum Keys {
    /// In the document.
    Local(KeySet),
    /// With their issuer.
    Remote(Rc<Remote>),
}

/// A claim that goes on as a request header.
#[derive(Clone, Debug)]
pub struct ClaimHeader {
    /// Path of the claim.
    pub claim: Rc<str>,
    /// The header, in lower case.
    pub header: Rc<str>,
}

// === impl Provider ===

impl Provider {
    /// Takes over what the document says; what cannot be carried out is reported.
    #[must_use]
    pub fn compile(stated: &document::Provider, report: &mut Report) -> Self {
        let mut algorithms = stated.algorithms.clone();
        sort(&mut algorithms);
        algorithms.dedup();
        let keys = import_keys(stated, &algorithms, report);
        if stated.remote_jwks.is_none() {
            without_keyless(&mut algorithms, &keys, stated, report);
        }
        let claim_headers = stated.claim_to_headers.iter().map(|rule| ClaimHeader {
            claim: Rc::from(rule.claim.as_str()),
            header: Rc::from(rule.header.as_str()),
        });
        Self {
            name: Rc::from(stated.name.as_str()),
            rules: rules(stated),
            places: Places::new(stated),
            claim_headers: claim_headers.collect(),
            payload_header: stated.payload_header.as_deref().map(Rc::from),
            forward: stated.forward,
            types: Types::new(&stated.types),
            algorithms,
            keys: Keys::Local(keys),
            verifier: Verifier::default(),
        }
    }

    /// Takes its keys from their issuer.
    pub(crate) fn fetch_keys(
        &mut self,
        from: &document::RemoteJwks,
        metrics: &mut Metrics<'_>,
        host: &dyn Host,
    ) {
        let remote = Remote::new(from, &self.name, &self.algorithms, metrics, host);
        self.keys = Keys::Remote(Rc::new(remote));
    }

    /// Its keys, if they are fetched.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        match &self.keys {
            Keys::Local(_) => None,
            Keys::Remote(remote) => Some(remote),
        }
    }

    /// Judges a token, and tells when it holds. Nothing of it but `iss`, `alg` and `kid` is looked at before its signature is
    /// found right.
    ///
    /// # Errors
    ///
    /// [`AuthError`] says why it must not be believed.
    pub fn check(&self, jws: &Jws<'_>, host: &dyn Host, now: Duration) -> Result<Times, AuthError> {
        if !self.rules.is_issuer(&jws.claims) {
            return Err(ClaimError::Issuer.into());
        }
        match &self.keys {
            Keys::Local(keys) => self.verify(jws, keys, host)?,
            Keys::Remote(remote) => match remote.keys() {
                Some(keys) => self.verify(jws, &keys, host)?,
                None => return Err(self.without_keys(jws, host)),
            },
        }
        if !self.types.take(jws.typ.as_deref()) {
            return Err(AuthError::Type);
        }
        Ok(self.rules.check(&jws.claims, now)?)
    }

    fn verify(&self, jws: &Jws<'_>, keys: &KeySet, host: &dyn Host) -> Result<(), SignatureError> {
        signature::check(jws, keys, &self.algorithms, &self.verifier, host)
    }

    /// No key has come yet. A token of an algorithm that is not allowed is refused for that: no key would help it.
    fn without_keys(&self, jws: &Jws<'_>, host: &dyn Host) -> AuthError {
        match self.verify(jws, &KeySet::default(), host) {
            Err(error @ SignatureError::AlgorithmNotAllowed(_)) => error.into(),
            _ => AuthError::KeysUnavailable,
        }
    }
}

fn rules(stated: &document::Provider) -> Rules {
    // The reader has refused rules that cannot be compared; what is left of one lets no token pass.
    let test = |rule| ClaimTest::compile(rule).unwrap_or_else(|_| Some(ClaimTest::never()));
    let required = stated.required_claims.iter().map(|rule| Required {
        path: Rc::from(rule.claim.as_str()),
        test: test(rule),
    });
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    Rules {
        issuer: stated.issuer.clone(),
        audiences: stated.audiences.clone(),
        skew: seconds(stated.clock_skew_seconds),
        require_expiration: stated.require_expiration,
        max_lifetime: stated.max_lifetime_seconds.map(|most| seconds(most.get())),
        subjects: stated.subjects.as_ref().and_then(test),
        required: required.collect(),
    }
}

fn import_keys(
    stated: &document::Provider,
    algorithms: &[Algorithm],
    report: &mut Report,
) -> KeySet {
    let Some(set) = &stated.local_jwks else {
        return KeySet::default();
    };
    let (keys, skipped) = KeySet::import(set, algorithms);
    for key in skipped
        .iter()
        .filter(|key| !key.why.is_said_by_the_reader())
    {
        report.warning(
            &*key.pointer,
            format!("the key is passed over: {}", key.why),
        );
    }
    keys
}

/// Leaves the algorithms that have a key. Without one no token of this provider can ever pass, so the document does not do
/// what it says.
fn without_keyless(
    algorithms: &mut Vec<Algorithm>,
    keys: &KeySet,
    stated: &document::Provider,
    report: &mut Report,
) {
    let has_key = |algorithm: &Algorithm| keys.candidates(*algorithm, None).next().is_some();
    let stated_ones = std::mem::take(algorithms);
    let (usable, lost): (Vec<_>, Vec<_>) = stated_ones.into_iter().partition(has_key);
    *algorithms = usable;
    for lost in lost.iter().filter(|_| !algorithms.is_empty()) {
        let message = format!("no usable key for {lost}: its tokens are refused");
        report.warning(format!("{}/algorithms", stated.pointer), message);
    }
    if algorithms.is_empty() {
        let message = "no usable key for any of its algorithms: every token would be refused";
        report.error(&*stated.pointer, message);
    }
}
