//! Reads the tree: service, group, path, method.

use super::object::Obj;
use super::policy::{PARTS, service_policy};
use super::service_auth::auth_policy;
use crate::document::{Endpoint, Service, ServiceGroup, ServiceMethod, ServicePath, ServiceType};

/// The members that do nothing in the tree outside a service policy: its parts, `authentication` among them.
const MISPLACED: [&str; 15] = {
    let mut names = PARTS;
    names[0] = "authentication";
    names
};

pub(super) fn service(o: &mut Obj) -> Option<Service> {
    o.guard();
    o.belong(&MISPLACED, "groups[].servicePolicy");
    let service_type = o.word("serviceType").unwrap_or_default();
    Some(Service {
        name: o.text("name").unwrap_or_default(),
        service_type,
        version: o.whole("version").unwrap_or(1),
        namespace: o.text("namespace"),
        aliases: o.texts("aliases").unwrap_or_default(),
        authorized: o.flag("authorized"),
        auth_policy: o.object("authPolicy", auth_policy),
        auth_policies: o.list("authPolicies", |o| Some(auth_policy(o))),
        groups: o.list("groups", |o| group(o, service_type)),
        endpoints: o.list("endpoints", endpoint),
        pointer: o.pointer(),
    })
}

fn group(o: &mut Obj, service_type: ServiceType) -> Option<ServiceGroup> {
    o.guard();
    o.belong(&MISPLACED, "servicePolicy");
    Some(ServiceGroup {
        id: o.whole("id"),
        name: o.text("name").unwrap_or_default(),
        default_group: o.flag("defaultGroup").unwrap_or_default(),
        service_policy: o
            .object("servicePolicy", service_policy)
            .unwrap_or_default(),
        paths: o.list("paths", |o| path(o, service_type)),
        pointer: o.pointer(),
    })
}

fn path(o: &mut Obj, service_type: ServiceType) -> Option<ServicePath> {
    o.guard();
    o.belong(&MISPLACED, "servicePolicy");
    let path = o.text("path").unwrap_or_default();
    let root = path.is_empty() && service_type != ServiceType::RpcApp;
    Some(ServicePath {
        id: o.whole("id"),
        path: if root { "/".to_owned() } else { path },
        match_type: o.word("matchType"),
        service_policy: o
            .object("servicePolicy", service_policy)
            .unwrap_or_default(),
        methods: o.list("methods", method),
        pointer: o.pointer(),
    })
}

fn method(o: &mut Obj) -> Option<ServiceMethod> {
    o.guard();
    o.belong(&MISPLACED, "servicePolicy");
    Some(ServiceMethod {
        id: o.whole("id"),
        name: o.text("name").unwrap_or_default(),
        service_policy: o
            .object("servicePolicy", service_policy)
            .unwrap_or_default(),
        pointer: o.pointer(),
    })
}

fn endpoint(o: &mut Obj) -> Option<Endpoint> {
    Some(Endpoint {
        address: o.text("address").unwrap_or_default(),
        labels: o.map("labels|metadata"),
        weight: o.whole("weight"),
        pointer: o.pointer(),
    })
}
