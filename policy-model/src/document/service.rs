//! The tree: service, group, path, method (requirement, sections 1 and 3).

use super::{AuthPolicy, ServicePolicy, spelled::spelled};
use std::collections::BTreeMap;
use std::rc::Rc;

spelled! {
    /// How a service is called.
    #[derive(Default)]
    pub enum ServiceType {
        /// Paths are URL paths, methods are HTTP's.
        #[default]
        Http = "HTTP",
        /// Registered by application: paths are interfaces, methods are theirs.
        RpcApp = "RPC_APP",
        /// Registered by interface: the path is `/`, methods are the interface's.
        RpcInterface = "RPC_INTERFACE",
    }
}

spelled! {
    /// How a path matches.
    pub enum PathMatchType {
        /// The whole path, `{name}` and `*` for one segment each.
        Equal = "EQUAL",
        /// The path and all below it.
        Prefix = "PREFIX",
        /// A regular expression over the whole path.
        Regular = "REGULAR",
    }
}

/// A governed service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Its name: a host, an application or an interface.
    pub name: String,
    /// How it is called.
    pub service_type: ServiceType,
    /// Its version.
    pub version: i64,
    /// Its namespace; no effect on look-up.
    pub namespace: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Whether `auth_policy` and `auth_policies` count.
    pub authorized: Option<bool>,
    /// Authentication of all other applications.
    pub auth_policy: Option<AuthPolicy>,
    /// Authentication by application.
    pub auth_policies: Vec<AuthPolicy>,
    /// Its policies.
    pub groups: Vec<ServiceGroup>,
    /// Its instances, where the document is told of them.
    pub endpoints: Vec<Endpoint>,
    /// JSON pointer of the service.
    pub pointer: Rc<str>,
}

/// A set of policies of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceGroup {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Whether it is the default group: the one of requests without a group, and what other groups inherit from.
    pub default_group: bool,
    /// Its policies.
    pub service_policy: ServicePolicy,
    /// Its paths.
    pub paths: Vec<ServicePath>,
    /// JSON pointer of the group.
    pub pointer: Rc<str>,
}

/// A path of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServicePath {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// The pattern. Nothing stated is `/` for HTTP and RPC_INTERFACE.
    pub path: String,
    /// How it matches; not stated = PREFIX for HTTP, EQUAL for RPC.
    pub match_type: Option<PathMatchType>,
    /// Its policies.
    pub service_policy: ServicePolicy,
    /// Its methods.
    pub methods: Vec<ServiceMethod>,
    /// JSON pointer of the path.
    pub pointer: Rc<str>,
}

/// A method of a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceMethod {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// Its name; HTTP's are in capitals.
    pub name: String,
    /// Its policies.
    pub service_policy: ServicePolicy,
    /// JSON pointer of the method.
    pub pointer: Rc<str>,
}

/// An instance of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// `host:port`.
    pub address: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its share, in Envoy's terms.
    pub weight: Option<u32>,
    /// JSON pointer of the endpoint.
    pub pointer: Rc<str>,
}
