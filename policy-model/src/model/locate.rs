//! From a request to its node, without allocating.
//!
//! Which service: the one that the document says it stands in front of, else the interface (RPC_INTERFACE) that the path
//! names as gRPC's do, else the host's (names and aliases). A client picks its host, and where servers speak JSON or
//! gRPC-Web too, or take `Application/GRPC`, its content type: neither may lead past an interface's policies, so the
//! content type is not asked at all. Once a service is found its type says what a path means.
//!
//! Without a path (`CONNECT`, `OPTIONS *`) only the group's own policies hold.

use super::index::{Configured, GovernedService, GroupIndex, Model, PathIndex};
use super::node::{NodeId, ServiceId};
use crate::document::ServiceType;
use crate::target::{GrpcMethod, NormalPath, host_of};

/// What a request is aimed at.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The authority as it came: case, port and a dot at its end do not count.
    pub host: &'a [u8],
    /// The path, if it has one: see [`NormalPath::of_request`].
    pub path: Option<&'a NormalPath<'a>>,
    /// The method as it came.
    pub method: &'a [u8],
    /// The group it asks for, if it may: see `settings.trustedClientHeaders`.
    pub group: Option<&'a [u8]>,
}

/// Where a request belongs. Both are there, or none is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// Its service.
    pub service: Option<ServiceId>,
    /// The node that governs it.
    pub node: Option<NodeId>,
}

// === impl Model ===

impl Model {
    /// Finds the node that governs a request. Takes any bytes.
    #[must_use]
    pub fn locate(&self, target: &Target<'_>) -> Located {
        let Some(id) = self.service_of(target) else {
            return Located::default();
        };
        let Some(service) = self.service(id) else {
            return Located::default();
        };
        let group = service.group(self.group.as_deref().map(str::as_bytes).or(target.group));
        let node = group.map(|group| match (service.service_type, target.path) {
            (_, None) => group.node,
            (ServiceType::Http, Some(path)) => group.find(path.as_bytes(), Some(target.method)),
            (ServiceType::RpcApp, Some(path)) => match GrpcMethod::of(path.as_bytes()) {
                Some(call) => group.find(call.service, Some(call.method)),
                None => group.node,
            },
            (ServiceType::RpcInterface, Some(path)) => {
                let call = GrpcMethod::of(path.as_bytes());
                let own = call.filter(|call| self.names.find(call.service) == Some(id));
                group.find(b"/", own.map(|call| call.method))
            }
        });
        Located {
            service: Some(id),
            node,
        }
    }

    fn service_of(&self, target: &Target<'_>) -> Option<ServiceId> {
        match self.configured {
            Configured::Service(id) => Some(id),
            Configured::Unknown => None,
            Configured::No => {
                let path = target.path.filter(|_| self.has_interfaces);
                let call = path.and_then(|path| GrpcMethod::of(path.as_bytes()));
                call.and_then(|call| self.interface(call.service))
                    .or_else(|| self.names.find(host_of(target.host)))
            }
        }
    }

    fn interface(&self, name: &[u8]) -> Option<ServiceId> {
        let id = self.names.find(name)?;
        let service = self.service(id)?;
        (service.service_type == ServiceType::RpcInterface).then_some(id)
    }
}

// === impl GovernedService ===

impl GovernedService {
    /// The group of that name, whatever its case, else the default one. Of two of one name the later one counts.
    fn group(&self, name: Option<&[u8]>) -> Option<&GroupIndex> {
        let named = name.filter(|name| !name.is_empty()).and_then(|name| {
            let mut groups = self.groups.iter().rev();
            groups.find(|group| group.name.as_bytes().eq_ignore_ascii_case(name))
        });
        named.or_else(|| self.groups.get(self.default_group))
    }
}

// === impl GroupIndex ===

impl GroupIndex {
    fn find(&self, path: &[u8], method: Option<&[u8]>) -> NodeId {
        match self.paths.find(path) {
            Some(path) => method
                .and_then(|method| path.method(method))
                .unwrap_or(path.node),
            None => self.node,
        }
    }
}

// === impl PathIndex ===

impl PathIndex {
    fn method(&self, name: &[u8]) -> Option<NodeId> {
        let place = self
            .methods
            .binary_search_by(|(other, _)| other.as_bytes().cmp(name))
            .ok()?;
        self.methods.get(place).map(|(_, node)| *node)
    }
}
