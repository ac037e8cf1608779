//! The document's authentication, compiled: providers once, requirements once for all nodes that share them.
//!
//! A requirement that names a provider the document does not have, or asks for what is not carried out, is an error and
//! refuses the document. It still compiles to something that nobody passes, never to a public node.

use crate::{authenticate::Requirement, provider::Provider, tally::Tally};
use engine::{CompileContext, Metrics};
use policy_model::{
    Report,
    document::{self, AuthenticationPolicy, Mode},
    model::{NodeId, ServiceId},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// What requests need to know.
pub(crate) struct Plan {
    pub(crate) providers: Vec<Provider>,
    /// The headers that claims go into, each once.
    pub(crate) claim_headers: Vec<Rc<str>>,
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
    providers: &'a [document::Provider],
    known: BTreeMap<*const AuthenticationPolicy, Rc<Requirement>>,
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
            .map(|stated| Provider::compile(stated, cx.report))
            .collect();
        let mut requirements = Requirements {
            providers: &stated.providers,
            known: BTreeMap::new(),
        };
        let mut compile = |policy: Option<&Rc<AuthenticationPolicy>>| match policy {
            Some(policy) => requirements.shared(policy, cx.report),
            None => Rc::default(),
        };
        let nodes = cx
            .model
            .nodes()
            .map(|(_, node)| compile(node.policy.authentication.as_ref()));
        let nodes: Vec<_> = nodes.collect();
        let strangers = compile(cx.model.unmatched_authentication());
        Self {
            claim_headers: claim_headers(&providers),
            services: services(cx, &providers, &nodes),
            strangers: (
                strangers,
                ServicePlan::new(&mut cx.metrics, STRANGERS, &providers),
            ),
            providers,
            nodes,
        }
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
    nodes: &[Rc<Requirement>],
) -> Vec<ServicePlan> {
    let guarded = cx
        .model
        .nodes()
        .zip(nodes)
        .filter(|(_, requirement)| !requirement.is_public());
    let guarded: BTreeSet<_> = guarded.map(|((_, node), _)| node.service).collect();
    let mut services = Vec::new();
    for (id, service) in cx.model.services() {
        services.push(match guarded.contains(&id) {
            true => ServicePlan::new(&mut cx.metrics, &service.name, providers),
            false => ServicePlan {
                realm: Rc::clone(&service.name),
                tally: Tally::default(),
            },
        });
    }
    services
}

fn claim_headers(providers: &[Provider]) -> Vec<Rc<str>> {
    let rules = providers
        .iter()
        .flat_map(|provider| &provider.claim_headers);
    let mut headers: Vec<_> = rules.map(|rule| Rc::clone(&rule.header)).collect();
    headers.sort();
    headers.dedup();
    headers
}

// === impl ServicePlan ===

impl ServicePlan {
    fn new(metrics: &mut Metrics<'_>, service: &str, providers: &[Provider]) -> Self {
        let names = providers.iter().map(|provider| &*provider.name);
        Self {
            realm: Rc::from(service),
            tally: Tally::define(metrics, service, names),
        }
    }
}

// === impl Requirements ===

impl Requirements<'_> {
    fn shared(
        &mut self,
        policy: &Rc<AuthenticationPolicy>,
        report: &mut Report,
    ) -> Rc<Requirement> {
        if let Some(known) = self.known.get(&Rc::as_ptr(policy)) {
            return Rc::clone(known);
        }
        let compiled = Rc::new(self.compile(policy, report));
        self.known.insert(Rc::as_ptr(policy), Rc::clone(&compiled));
        compiled
    }

    fn compile(&self, policy: &AuthenticationPolicy, report: &mut Report) -> Requirement {
        let stated = &policy.requirement;
        let all_of = stated
            .all_of
            .as_ref()
            .is_some_and(|names| !names.is_empty());
        if all_of {
            report.error(
                format!("{}/allOf", stated.pointer),
                "allOf is not carried out yet",
            );
        }
        let any_of = match &stated.any_of {
            Some(names) if !names.is_empty() => Some(self.indices(names, stated, report)),
            _ if all_of => Some(Vec::new()),
            _ => None,
        };
        Requirement {
            any_of,
            allow_missing: stated.allow_missing.unwrap_or(false),
            shadow: policy.mode == Some(Mode::Shadow),
        }
    }

    fn indices(
        &self,
        names: &[String],
        stated: &document::Requirement,
        report: &mut Report,
    ) -> Vec<usize> {
        let mut indices = Vec::new();
        for (at, name) in names.iter().enumerate() {
            match self
                .providers
                .iter()
                .position(|provider| provider.name == *name)
            {
                Some(index) => indices.push(index),
                None => report.error(
                    format!("{}/anyOf/{at}", stated.pointer),
                    format!("there is no provider `{name}`"),
                ),
            }
        }
        indices
    }
}
