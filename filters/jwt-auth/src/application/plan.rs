//! The document's applications, compiled: nothing where no service says `authorized`.

use super::{
    CONSUMER,
    callers::{Callers, Policy, Proven},
    door::{Door, Life, Now, SigningKey},
    public_key, refuse,
};
use crate::{
    claims::Rules,
    foreign::Verifier,
    jwk::{KeySet, Sound},
};
use engine::{CompileContext, Decisions, HeaderValue, RequestContext, Verdict};
use policy_model::{
    Report,
    document::{AuthPolicy, AuthType, JwtPolicy, Mode, Provider},
    model::{GovernedService, ServiceId},
    sort::sort_by_key,
};
use std::{rc::Rc, time::Duration};

/// What requests need to know.
#[derive(Default)]
pub(crate) struct Plan {
    /// By service; empty if the document has no such policies.
    services: Vec<Option<Box<Authorized>>>,
}

/// A service that tells applications apart.
struct Authorized {
    callers: Callers,
    shadow: bool,
    /// Of each policy.
    counts: Vec<Decisions>,
    /// Of refusals that no policy had a part in.
    nobody: Decisions,
}

const KIND: &str = "authPolicy";

/// What metrics call the policy of all others, and the lack of one.
const ALL_OTHERS: &str = "authPolicy";
const NOBODY: &str = "-";

// === impl Plan ===

impl Plan {
    pub(crate) fn compile(cx: &mut CompileContext<'_>) -> Self {
        let model = cx.model;
        if !model.services().any(|(_, service)| service.authorized) {
            return Self::default();
        }
        let services = model.services().map(|(_, service)| {
            let authorized = service.authorized;
            authorized.then(|| Box::new(Authorized::compile(service, cx)))
        });
        Self {
            services: services.collect(),
        }
    }

    /// Decides whether the caller is an application that may call.
    pub(crate) fn check(&self, cx: &mut RequestContext<'_>) -> Verdict {
        match self.authorized(cx.service) {
            Some(authorized) => authorized.check(cx),
            None => Verdict::Continue,
        }
    }

    fn authorized(&self, service: Option<ServiceId>) -> Option<&Authorized> {
        self.services.get(service?.index())?.as_deref()
    }
}

// === impl Authorized ===

impl Authorized {
    fn compile(service: &GovernedService, cx: &mut CompileContext<'_>) -> Self {
        let own = service.auth_policy.as_deref().into_iter();
        let all = own.chain(&*service.auth_policies);
        let mut stated: Vec<_> = all.filter(|policy| policy.enabled).collect();
        sort_by_key(&mut stated, |policy| policy.application.clone());
        let mut audiences = vec![service.name.to_string()];
        let mut services = cx.document.services.iter();
        let document = services.find(|document| document.pointer == service.pointer);
        audiences.extend(
            document
                .into_iter()
                .flat_map(|document| document.aliases.clone()),
        );
        let rules = Rc::new(rules(audiences));
        let mut callers = Callers::default();
        for policy in &stated {
            callers.add(policy, &rules, cx.report);
        }
        let mut count = |policy: &str| {
            let service = Rc::clone(&service.name);
            Decisions::new(&mut cx.metrics, KIND, service, policy.into())
        };
        Self {
            shadow: stated.iter().all(|policy| policy.mode == Mode::Shadow) && !stated.is_empty(),
            counts: stated
                .iter()
                .map(|policy| count(policy.application.as_deref().unwrap_or(ALL_OTHERS)))
                .collect(),
            nobody: count(NOBODY),
            callers,
        }
    }

    fn check(&self, cx: &mut RequestContext<'_>) -> Verdict {
        let now = Now {
            host: cx.host,
            clock: cx.wall_clock(),
        };
        let denied = match self.callers.check(cx.view, now) {
            Ok(proven) => {
                self.accept(cx, proven);
                return Verdict::Continue;
            }
            Err(denied) => denied,
        };
        let policy = denied
            .policy
            .and_then(|place| self.callers.policies.get(place));
        let application = policy.map(|policy| policy.application.as_deref().unwrap_or(ALL_OTHERS));
        let count = self.count(denied.policy);
        refuse::log(cx, &denied, application);
        if self.shadow {
            count.would_refuse(cx.host);
            return Verdict::Continue;
        }
        count.refused(cx.host);
        refuse::refusal(&denied, application, count.service(), &self.callers.doors).into()
    }

    fn accept(&self, cx: &mut RequestContext<'_>, proven: Proven) {
        self.count(Some(proven.policy)).passed(cx.host);
        let Some(application) = proven.application else {
            return;
        };
        if cx.view.header(CONSUMER) != Some(application.as_bytes()) {
            let value = HeaderValue::Shared(Rc::clone(&application).into());
            cx.changes.set_request(CONSUMER, value);
        }
        cx.identity.set_application(application);
    }

    fn count(&self, policy: Option<usize>) -> &Decisions {
        let own = policy.and_then(|policy| self.counts.get(policy));
        own.unwrap_or(&self.nobody)
    }
}

// === impl Callers ===

impl Callers {
    fn add(&mut self, stated: &AuthPolicy, rules: &Rc<Rules>, report: &mut Report) {
        let place = self.policies.len();
        self.policies.push(Policy {
            application: stated.application.as_deref().map(Rc::from),
            is_open: stated.auth_type == Some(AuthType::None),
        });
        match stated.auth_type {
            Some(AuthType::Token) => {
                for token in &stated.token_policies {
                    let life = Life::new(token.start_time_ms, token.end_time_ms);
                    if let Some(door) = self.at_door(&token.key) {
                        door.add_token(place, &token.token, life);
                    }
                }
            }
            Some(AuthType::Jwt) => {
                for stated in &stated.jwt_policies {
                    if let Some(key) = signing_key(stated, place, rules, report)
                        && let Some(door) = self.at_door(&stated.key)
                    {
                        door.add_key(key);
                    }
                }
            }
            Some(AuthType::None) | None => {}
        }
    }

    fn at_door(&mut self, header: &str) -> Option<&mut Door> {
        if !self.doors.iter().any(|door| door.header == header) {
            self.doors.push(Door::new(header));
        }
        self.doors.iter_mut().find(|door| door.header == header)
    }
}

/// What a token must say, beside whose it is. That is decided by whose policy its key is in.
fn rules(audiences: Vec<String>) -> Rules {
    Rules {
        issuer: None,
        audiences,
        skew: Duration::from_secs(Provider::DEFAULT_CLOCK_SKEW_SECONDS.into()),
        require_expiration: true,
        max_lifetime: None,
        subjects: None,
        required: Vec::new(),
    }
}

/// The key; none if the reader has refused it or it cannot be read.
fn sound(key: &JwtPolicy, report: &mut Report) -> Option<Sound> {
    if key.algorithm?.least_secret().is_some() {
        let secret = key.secret_key.as_ref()?;
        return Some(Sound::Secret(secret.as_bytes().to_vec()));
    }
    let text = key
        .public_key
        .as_ref()
        .filter(|_| key.key_store.is_none())?;
    let sound = public_key::read(text);
    if sound.is_none() {
        let message = "no public key in PEM or base64, RSA of 2048 to 8192 bits or a point on P-256, P-384 or P-521: a proxy \
                       reads no files";
        report.error(format!("{}/publicKey", key.pointer), message);
    }
    sound
}

fn signing_key(
    key: &JwtPolicy,
    policy: usize,
    rules: &Rc<Rules>,
    report: &mut Report,
) -> Option<SigningKey> {
    let sound = sound(key, report)?;
    let algorithm = key.algorithm?.registered();
    let set = KeySet::of(&sound, algorithm);
    if set.keys().is_empty() {
        let message = format!("this key is not for {algorithm}");
        report.error(&*key.pointer, message);
    }
    Some(SigningKey {
        policy,
        algorithm,
        key: set,
        verifier: Verifier::default(),
        rules: Rc::clone(rules),
        life: Life::new(key.start_time_ms, key.end_time_ms),
    })
}
