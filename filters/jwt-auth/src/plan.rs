//! The document's authentication, compiled: providers once, requirements once for all nodes that share them.
//!
//! The reader refuses a document whose requirement names a provider that it does not have, or asks for what is not carried
//! out. Such a requirement still compiles to something that nobody passes, never to a public node.

use crate::{
    api_key::ApiKeys,
    authenticate::Judges,
    cache::Cache,
    provider::Provider,
    requirement::Requirement,
    tally::{CacheTally, Occur, Tally},
};
use engine::{CompileContext, Metrics, state::random_key};
use policy_model::{
    document::{self, AuthenticationPolicy, Mode},
    map::Map,
    model::{NodeId, ServiceId},
    sort::sort,
};
use std::rc::Rc;

/// What requests need to know.
pub(crate) struct Plan {
    pub(crate) judges: Judges,
    pub(crate) api_keys: ApiKeys,
    pub(crate) cache_tally: CacheTally,
    /// The headers that claims go into, each once.
    claim_headers: Vec<Rc<str>>,
    nodes: Vec<Rc<Requirement>>,
    services: Vec<ServicePlan>,
    /// For requests that no service matches.
    strangers: (Rc<Requirement>, ServicePlan),
}

/// What depends on the service alone.
struct ServicePlan {
    realm: Rc<str>,
    tally: Tally,
}

/// Compiles each requirement once, however many nodes share it.
struct Requirements<'a> {
    stated: &'a document::Authentication,
    known: Map<*const AuthenticationPolicy, Rc<Requirement>>,
}

/// The name of no service, in metrics and in challenges.
const STRANGERS: &str = "-";

// === impl Plan ===

impl Plan {
    pub(crate) fn compile(cx: &mut CompileContext<'_>) -> Self {
        let stated = &cx.document.authentication;
        let providers: Vec<_> = stated
            .providers
            .iter()
            .map(|stated| {
                let mut provider = Provider::compile(stated, cx.report);
                if let Some(from) = &stated.remote_jwks {
                    provider.fetch_keys(from, &mut cx.metrics, cx.host);
                }
                provider
            })
            .collect();
        let mut requirements = Requirements {
            stated,
            known: Map::new(),
        };
        let mut compile = |policy: Option<&Rc<AuthenticationPolicy>>| match policy {
            Some(policy) => requirements.shared(policy),
            None => Rc::default(),
        };
        let nodes = cx
            .model
            .nodes()
            .map(|(_, node)| compile(node.policy.authentication.as_ref()));
        let nodes: Vec<_> = nodes.collect();
        let strangers = compile(cx.model.unmatched_authentication());
        let api_keys = stated.api_keys.as_ref().map(ApiKeys::compile);
        let occur = Occur {
            keys: api_keys.is_some(),
            failures: strangers.allow_failed || nodes.iter().any(|node| node.allow_failed),
        };
        let entries = usize::try_from(stated.cached_tokens).unwrap_or(usize::MAX);
        Self {
            claim_headers: claim_headers(&providers, api_keys.as_ref()),
            services: services(cx, &providers, occur, &nodes),
            strangers: (
                strangers,
                ServicePlan::new(&mut cx.metrics, STRANGERS, &providers, occur),
            ),
            nodes,
            cache_tally: CacheTally::define(&mut cx.metrics),
            api_keys: api_keys.unwrap_or_default(),
            judges: Judges::new(providers, cx.claims, Cache::new(entries, random_key())),
        }
    }

    /// Whether a header of this name (in lower case) is the stage's own, or would be taken for it: CGI and all that came after
    /// it write `x-user-id` and `x_user_id` the same (RFC 3875 section 4.1.18).
    pub(crate) fn is_claim_header(&self, name: &[u8]) -> bool {
        let same =
            |pair: (&u8, &u8)| pair.0 == pair.1 || matches!(pair, (b'-' | b'_', b'-' | b'_'));
        let is_own =
            |own: &Rc<str>| own.len() == name.len() && own.as_bytes().iter().zip(name).all(same);
        self.claim_headers.iter().any(is_own)
    }

    /// What a request must bring.
    pub(crate) fn requirement(&self, node: Option<NodeId>) -> &Requirement {
        let found = node.and_then(|node| self.nodes.get(node.index()));
        found.unwrap_or(&self.strangers.0)
    }

    pub(crate) fn tally(&self, service: Option<ServiceId>) -> &Tally {
        &self.service(service).tally
    }

    /// What a challenge calls the service.
    pub(crate) fn realm(&self, service: Option<ServiceId>) -> &str {
        &self.service(service).realm
    }

    fn service(&self, service: Option<ServiceId>) -> &ServicePlan {
        let found = service.and_then(|service| self.services.get(service.index()));
        found.unwrap_or(&self.strangers.1)
    }
}

/// Services whose nodes are all public count nothing, so that they need no metrics.
fn services(
    cx: &mut CompileContext<'_>,
    providers: &[Provider],
    occur: Occur,
    nodes: &[Rc<Requirement>],
) -> Vec<ServicePlan> {
    let guarded = cx
        .model
        .nodes()
        .zip(nodes)
        .filter(|(_, requirement)| !requirement.is_public());
    let mut guarded: Vec<_> = guarded.map(|((_, node), _)| node.service).collect();
    sort(&mut guarded);
    guarded.dedup();
    let mut services = Vec::new();
    for (id, service) in cx.model.services() {
        services.push(match guarded.binary_search(&id).is_ok() {
            true => ServicePlan::new(&mut cx.metrics, &service.name, providers, occur),
            false => ServicePlan {
                realm: Rc::clone(&service.name),
                tally: Tally::default(),
            },
        });
    }
    services
}

fn claim_headers(providers: &[Provider], keys: Option<&ApiKeys>) -> Vec<Rc<str>> {
    let rules = providers
        .iter()
        .flat_map(|provider| &provider.claim_headers);
    let payloads = providers
        .iter()
        .flat_map(|provider| &provider.payload_header);
    let headers = rules.map(|rule| &rule.header).chain(payloads);
    let headers = headers.chain(keys.and_then(|keys| keys.client_header.as_ref()));
    let mut headers: Vec<_> = headers.map(Rc::clone).collect();
    sort(&mut headers);
    headers.dedup();
    headers
}

// === impl ServicePlan ===

impl ServicePlan {
    fn new(metrics: &mut Metrics<'_>, service: &str, providers: &[Provider], occur: Occur) -> Self {
        let names = providers.iter().map(|provider| &*provider.name);
        Self {
            realm: Rc::from(service),
            tally: Tally::define(metrics, service, names, occur),
        }
    }
}

// === impl Requirements ===

impl Requirements<'_> {
    fn shared(&mut self, policy: &Rc<AuthenticationPolicy>) -> Rc<Requirement> {
        if let Some(known) = self.known.get(&Rc::as_ptr(policy)) {
            return Rc::clone(known);
        }
        let compiled = Rc::new(self.compile(policy));
        self.known.insert(Rc::as_ptr(policy), Rc::clone(&compiled));
        compiled
    }

    fn compile(&self, policy: &AuthenticationPolicy) -> Requirement {
        let stated = &policy.requirement;
        let all_of = stated.all_of.as_deref().unwrap_or_default();
        let any_of = stated.any_of.as_deref().unwrap_or_default();
        let all_known = all_of.iter().all(|name| self.knows(name));
        // With nobody left to vouch, a request without a token must not pass either.
        let can_pass =
            all_known && (any_of.is_empty() || any_of.iter().any(|name| self.knows(name)));
        let flag = |stated: Option<bool>| can_pass && stated.unwrap_or(false);
        let allow_failed = flag(stated.allow_missing_or_failed);
        Requirement {
            any_of: match can_pass {
                true => (!any_of.is_empty()).then(|| self.indices(any_of)),
                false => Some(Vec::new()),
            },
            all_of: self.indices(all_of),
            api_keys: can_pass && self.takes_keys(any_of),
            needs_key: self.takes_keys(all_of),
            allow_missing: allow_failed || flag(stated.allow_missing),
            allow_failed,
            pass_preflight: stated.pass_preflight.unwrap_or(false),
            shadow: policy.mode == Some(Mode::Shadow),
        }
    }

    /// Whether somebody of this name could vouch.
    fn knows(&self, name: &str) -> bool {
        let mut providers = self.stated.providers.iter();
        match name {
            document::ApiKeys::NAME => self.stated.api_keys.is_some(),
            name => providers.any(|provider| provider.name == name),
        }
    }

    fn takes_keys(&self, names: &[String]) -> bool {
        self.stated.api_keys.is_some() && names.iter().any(|name| name == document::ApiKeys::NAME)
    }

    fn indices(&self, names: &[String]) -> Vec<usize> {
        let providers = &self.stated.providers;
        let index = |name: &String| providers.iter().position(|own| own.name == *name);
        names.iter().filter_map(index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_model::document::Provider;

    fn compile(any_of: Option<&[&str]>, all_of: Option<&[&str]>) -> Requirement {
        compile_with(true, any_of, all_of)
    }

    fn compile_with(keys: bool, any_of: Option<&[&str]>, all_of: Option<&[&str]>) -> Requirement {
        let named = |name: &str| Provider {
            name: name.to_owned(),
            ..Provider::default()
        };
        let stated = document::Authentication {
            providers: vec![named("one"), named("two")],
            api_keys: keys.then(document::ApiKeys::default),
            ..document::Authentication::default()
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let requirement = document::Requirement {
            any_of: any_of.map(names),
            all_of: all_of.map(names),
            allow_missing: Some(true),
            ..document::Requirement::default()
        };
        let policy = AuthenticationPolicy {
            requirement,
            ..AuthenticationPolicy::default()
        };
        let requirements = Requirements {
            stated: &stated,
            known: Map::new(),
        };
        requirements.compile(&policy)
    }

    #[test]
    fn names_become_places_and_no_names_a_public_node() {
        assert_eq!(
            compile(Some(&["two", "one"]), None).any_of,
            Some(vec![1, 0])
        );
        assert!(compile(Some(&[]), None).is_public());
        assert!(compile(None, None).is_public());
    }

    #[test]
    fn what_cannot_be_carried_out_lets_nobody_pass() {
        for requirement in [
            compile(Some(&["three"]), None),
            compile(None, Some(&["three"])),
            compile(Some(&["one"]), Some(&["one", "three"])),
            compile_with(false, None, Some(&["apiKeys"])),
            compile_with(false, Some(&["one"]), Some(&["one", "apiKeys"])),
        ] {
            assert_eq!(requirement.any_of, Some(Vec::new()));
            assert!(!requirement.allow_missing && !requirement.api_keys);
        }
    }

    #[test]
    fn all_of_stands_beside_any_of_or_alone() {
        let alone = compile(Some(&[]), Some(&["two", "apiKeys"]));
        assert_eq!((alone.any_of.as_deref(), &*alone.all_of), (None, &[1][..]));
        assert!(alone.needs_key && !alone.api_keys && !alone.is_public());
        let both = compile(Some(&["one", "apiKeys"]), Some(&["two"]));
        assert_eq!(both.any_of.as_deref(), Some(&[0][..]));
        assert!(both.api_keys && !both.needs_key);
        assert!(both.providers().eq([1, 0]));
        assert!(compile(Some(&[]), Some(&[])).is_public());
    }

    #[test]
    fn keys_stand_beside_providers_or_alone() {
        let alone = compile(Some(&["apiKeys"]), None);
        assert_eq!(
            (alone.any_of.as_deref(), alone.api_keys),
            (Some(&[][..]), true)
        );
        assert!(!alone.is_public() && alone.allow_missing);
        let both = compile(Some(&["apiKeys", "two"]), None);
        assert_eq!(
            (both.any_of.as_deref(), both.api_keys),
            (Some(&[1][..]), true)
        );
        let keyless = compile_with(false, Some(&["apiKeys"]), None);
        assert!(!keyless.is_public() && !keyless.api_keys && !keyless.allow_missing);
        assert!(!compile(Some(&["one"]), None).api_keys);
    }
}
