//! The compiled model.

use super::effective::EffectivePolicy;
use super::names::NameTable;
use super::node::{Node, NodeId, ServiceId};
use crate::document::{AuthPolicy, AuthenticationPolicy, Endpoint, ServiceType};
use crate::pattern::PathTable;
use std::rc::Rc;

/// A document compiled: numbered nodes, and the way to them.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) services: Vec<GovernedService>,
    pub(super) names: NameTable<ServiceId>,
    pub(super) configured: Configured,
    /// Whether a path can name a service: whether any is an interface.
    pub(super) has_interfaces: bool,
    /// `settings.group`: whatever a request says.
    pub(super) group: Option<Box<str>>,
    pub(super) unmatched: Rc<EffectivePolicy>,
}

/// Which service a document says it stands in front of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Configured {
    /// It does not say.
    No,
    /// This one.
    Service(ServiceId),
    /// One that it does not have.
    Unknown,
}

/// A service of the document.
#[derive(Clone, Debug)]
pub struct GovernedService {
    /// Its name.
    pub name: Rc<str>,
    /// How it is called.
    pub service_type: ServiceType,
    /// Whether `auth_policy` and `auth_policies` count (JoyLive's authentication by application).
    pub authorized: bool,
    /// Authentication of all other applications.
    pub auth_policy: Option<Rc<AuthPolicy>>,
    /// Authentication by application.
    pub auth_policies: Rc<[AuthPolicy]>,
    /// Its instances, where the document tells of them.
    pub endpoints: Rc<[Endpoint]>,
    /// JSON pointer of the service.
    pub pointer: Rc<str>,
    pub(super) groups: Vec<GroupIndex>,
    /// Which of the groups is the default one.
    pub(super) default_group: usize,
}

/// The way from a group to its nodes.
#[derive(Clone, Debug)]
pub(super) struct GroupIndex {
    pub(super) name: Rc<str>,
    pub(super) node: NodeId,
    pub(super) paths: PathTable<PathIndex>,
}

/// The way from a path to its nodes.
#[derive(Clone, Debug)]
pub(super) struct PathIndex {
    pub(super) node: NodeId,
    /// Sorted by name.
    pub(super) methods: Box<[(Rc<str>, NodeId)]>,
}

// === impl Model ===

impl Model {
    /// All nodes, in the order of their numbers.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeId, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(index, node)| (NodeId(index as u32), node))
    }

    /// A node; none if its number is from another model.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// All services, in the order of the document.
    pub fn services(&self) -> impl ExactSizeIterator<Item = (ServiceId, &GovernedService)> {
        self.services
            .iter()
            .enumerate()
            .map(|(index, service)| (ServiceId(index as u32), service))
    }

    /// A service; none if its number is from another model.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&GovernedService> {
        self.services.get(id.index())
    }

    /// What a request that no service matches must bring: the document's own requirement.
    #[must_use]
    pub fn unmatched_authentication(&self) -> Option<&Rc<AuthenticationPolicy>> {
        self.unmatched.authentication.as_ref()
    }

    /// The same as a whole policy, which says nothing else: what holds where nothing is declared.
    #[must_use]
    pub fn unmatched(&self) -> &Rc<EffectivePolicy> {
        &self.unmatched
    }
}
