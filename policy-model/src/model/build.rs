//! Compiles a document.

use super::effective::EffectivePolicy;
use super::index::{Configured, GovernedService, GroupIndex, Model};
use super::inherit::Inheritance;
use super::names::NameTable;
use super::node::{Node, NodeAddress, NodeId, ServiceId};
use super::settled::{Layer, Settled, SettledGroup, SettledPath};
use super::sources::{self, DEFAULT_GROUP, PathSource, Place};
use super::unasked;
use super::undecided;
use crate::document::{AuthenticationPolicy, Document, Service, ServiceGroup, ServiceType};
use crate::finding::Report;
use crate::map::Map;
use crate::pattern::{PathPattern, PathTable};
use crate::sort::sort;
use crate::target::normal_host;
use std::rc::Rc;

/// Numbers nodes and settles what holds at them.
struct Builder<'r> {
    nodes: Vec<Node>,
    inheritance: Inheritance,
    unmatched: Rc<EffectivePolicy>,
    report: &'r mut Report,
}

/// A service on its way to be compiled.
struct ServiceSource {
    id: ServiceId,
    name: Rc<str>,
    service_type: ServiceType,
}

/// A group on its way to be settled.
struct Scope<'s, 'd> {
    service: ServiceId,
    address: NodeAddress,
    /// The default group; none for itself.
    default: Option<&'s Settled>,
    group: Layer<'d>,
}

// === impl Model ===

impl Model {
    /// Compiles a document, and reports what its lists hide and what of it cannot be compiled. To be used only if the
    /// report does not refuse the document.
    #[must_use]
    pub fn compile(document: &Document, report: &mut Report) -> Self {
        let names = names(&document.services);
        let configured = configured(document, &names);
        let mut builder = Builder {
            nodes: Vec::new(),
            inheritance: Inheritance::default(),
            unmatched: Rc::new(unmatched(document)),
            report,
        };
        let numbered = (0..).map(ServiceId).zip(&document.services);
        let services = numbered
            .map(|(id, service)| builder.service(id, service))
            .collect();
        let Builder {
            nodes,
            inheritance,
            unmatched,
            report,
        } = builder;
        inheritance.report(&nodes, report);
        unasked::report(&nodes, report);
        undecided::report(document, &nodes, report);
        let group = document
            .settings
            .group
            .as_deref()
            .filter(|group| !group.is_empty());
        Self {
            nodes,
            services,
            names,
            configured,
            has_interfaces: document
                .services
                .iter()
                .any(|service| service.service_type == ServiceType::RpcInterface),
            group: group.map(Box::from),
            unmatched,
        }
    }
}

/// Names before aliases: an alias never takes another service's own name.
fn names(services: &[Service]) -> NameTable<ServiceId> {
    let numbered = || (0..).map(ServiceId).zip(services);
    let own = numbered().map(|(id, service)| (service.name.as_str(), id));
    let aliases = numbered().flat_map(|(id, service)| {
        service
            .aliases
            .iter()
            .map(move |alias| (alias.as_str(), id))
    });
    let normal = |(name, id): (&str, _)| (Box::from(&*normal_host(name.as_bytes())), id);
    NameTable::new(own.chain(aliases).map(normal))
}

/// A service that the document does not have is an error of its reading. Nothing is governed then, rather than whatever
/// a request's host names.
fn configured(document: &Document, names: &NameTable<ServiceId>) -> Configured {
    let Some(name) = document.service.as_deref() else {
        return Configured::No;
    };
    match names.find(&normal_host(name.as_bytes())) {
        Some(id) => Configured::Service(id),
        None => Configured::Unknown,
    }
}

fn unmatched(document: &Document) -> EffectivePolicy {
    let requirement = document.authentication.requirement.clone();
    let authentication = requirement.map(|requirement| {
        let pointer = requirement.pointer.clone();
        Rc::new(AuthenticationPolicy {
            requirement,
            mode: None,
            pointer,
        })
    });
    EffectivePolicy {
        authentication,
        ..EffectivePolicy::default()
    }
}

// === impl Builder ===

impl Builder<'_> {
    fn service(&mut self, id: ServiceId, service: &Service) -> GovernedService {
        let name: Rc<str> = service.name.as_str().into();
        let source = ServiceSource {
            id,
            name: name.clone(),
            service_type: service.service_type,
        };
        let (groups, default_group) = self.groups(&source, &service.groups);
        GovernedService {
            name,
            service_type: service.service_type,
            authorized: service.authorized.unwrap_or_default(),
            auth_policy: service.auth_policy.clone().map(Rc::new),
            auth_policies: service.auth_policies.as_slice().into(),
            endpoints: service.endpoints.as_slice().into(),
            pointer: service.pointer.clone(),
            groups,
            default_group,
        }
    }

    /// The groups of a service, in their order, and which of them is the default one. That one comes first into the
    /// world, since the others inherit from it.
    fn groups(
        &mut self,
        service: &ServiceSource,
        groups: &[ServiceGroup],
    ) -> (Vec<GroupIndex>, usize) {
        let unwritten = ServiceGroup {
            name: DEFAULT_GROUP.to_owned(),
            ..ServiceGroup::default()
        };
        let place = sources::default_group(groups).unwrap_or(groups.len());
        let default = groups.get(place).unwrap_or(&unwritten);
        let (index, settled) = self.group(service, default, None);
        let mut indices = Vec::with_capacity(groups.len() + 1);
        for (other, group) in groups.iter().enumerate() {
            if other != place {
                indices.push(self.group(service, group, Some(&settled)).0);
            }
        }
        indices.insert(place.min(indices.len()), index);
        (indices, place)
    }

    fn group(
        &mut self,
        service: &ServiceSource,
        group: &ServiceGroup,
        default: Option<&SettledGroup>,
    ) -> (GroupIndex, SettledGroup) {
        let name: Rc<str> = group.name.as_str().into();
        let address = NodeAddress {
            service: service.name.clone(),
            group: name.clone(),
            path: None,
            method: None,
        };
        let place = Place::of_group(group);
        let node = self.number(service.id, address.clone(), Some(place));
        let mut scope = Scope {
            service: service.id,
            address,
            default: default.map(|default| &default.own),
            group: Layer::new(node, Some(place)),
        };
        let policy = self.under(&mut scope.group, None, scope.default);
        let mut settled = SettledGroup::new(self.settle(node, policy));
        let own = sources::paths(group, service.service_type, self.report);
        for path in &own {
            let above = default.and_then(|default| default.counterpart(&path.key));
            let done = self.path(&mut scope, &path.pattern, Some(path), above);
            settled.add(path.key.clone(), done);
        }
        for (key, above) in default.iter().flat_map(|default| &default.paths) {
            if !settled.has(key) {
                let done = self.path(&mut scope, &above.pattern, None, Some(above));
                settled.add(key.clone(), done);
            }
        }
        let paths = PathTable::new(settled.paths.iter().map(|(_, path)| path.index()));
        (GroupIndex { name, node, paths }, settled)
    }

    /// Settles a path and its methods: what the group itself declares, over what the default group has there.
    fn path(
        &mut self,
        scope: &mut Scope<'_, '_>,
        pattern: &Rc<PathPattern>,
        own: Option<&PathSource<'_>>,
        above: Option<&SettledPath>,
    ) -> SettledPath {
        let address = NodeAddress {
            path: Some(pattern.clone()),
            ..scope.address.clone()
        };
        let place = own.map(|own| own.place);
        let node = self.number(scope.service, address.clone(), place);
        let mut layer = Layer::new(node, place);
        let fallback = above.map(|above| &above.own).or(scope.default);
        let policy = self.under(&mut scope.group, Some(&mut layer), fallback);
        let settled = self.settle(node, policy);

        let own_names = own.into_iter().flat_map(|own| own.methods.iter());
        let names_above = above.into_iter().flat_map(|above| above.methods.iter());
        let mut methods = Map::new();
        let names = own_names.map(|(name, _)| name);
        let names = names.chain(names_above.map(|(name, _)| name));
        let mut names: Vec<_> = names.collect();
        sort(&mut names);
        names.dedup();
        for name in names {
            let from = above.and_then(|above| above.methods.get(name)).or(fallback);
            let inherited = self.under(&mut scope.group, Some(&mut layer), from);
            let place = own.and_then(|own| own.methods.get(name)).copied();
            let address = NodeAddress {
                method: Some(name.clone()),
                ..address.clone()
            };
            let node = self.number(scope.service, address, place);
            let policy = Layer::new(node, place).over(&mut self.inheritance, None, &inherited);
            methods.insert(name.clone(), self.settle(node, policy));
        }
        SettledPath {
            own: settled,
            pattern: pattern.clone(),
            methods,
        }
    }

    /// What holds where a group and perhaps a path say something over what they inherit from a node of the default
    /// group.
    fn under(
        &mut self,
        group: &mut Layer<'_>,
        path: Option<&mut Layer<'_>>,
        inherited: Option<&Settled>,
    ) -> Rc<EffectivePolicy> {
        let from = inherited.map(|inherited| inherited.node);
        let inherited = inherited.map_or(&self.unmatched, |inherited| &inherited.policy);
        let policy = group.over(&mut self.inheritance, from, inherited);
        match path {
            Some(path) => path.over(&mut self.inheritance, from, &policy),
            None => policy,
        }
    }

    fn number(
        &mut self,
        service: ServiceId,
        address: NodeAddress,
        place: Option<Place<'_>>,
    ) -> NodeId {
        let node = NodeId(self.nodes.len() as u32);
        let pointer = place
            .map(|place| place.pointer.clone())
            .filter(|at| !at.is_empty());
        self.nodes.push(Node {
            address,
            service,
            policy: self.unmatched.clone(),
            pointer,
        });
        node
    }

    fn settle(&mut self, node: NodeId, policy: Rc<EffectivePolicy>) -> Settled {
        if let Some(node) = self.nodes.get_mut(node.index()) {
            node.policy = policy.clone();
        }
        Settled { node, policy }
    }
}

#[cfg(test)]
mod tests;
