//! What a document says that cannot be meant: checked after reading, over the typed document.
//!
//! An **error** is what would protect less, or route otherwise, than the document says; it refuses the document. A
//! **warning** is what has no effect in a proxy, or none yet (`carried` is the one list of those). **Info** is worth
//! knowing. What reading itself finds (unknown fields, wrong types and words) is in [`crate::read`].

mod api_keys;
mod authentication;
mod authorization;
mod breaker;
mod carried;
mod claim_rule;
mod claims;
mod condition;
pub mod identity;
mod jwks;
mod lane;
mod lane_space;
mod limit;
mod live_rule;
mod live_space;
mod names;
mod path;
mod refer;
mod remote_jwks;
mod requirement;
mod route;
mod service;
mod service_auth;
mod settings;
mod variable;
mod walk;

pub use claims::claims_asked_for;

use crate::document::Document;
use crate::finding::Report;

/// Adds everything that is to be said about the document.
pub(crate) fn check(document: &Document, report: &mut Report) {
    settings::check(document, report);
    authentication::check(document, report);
    authorization::check(document, report);
    claims::check(document, report);
    service::check(document, report);
    for service in &document.services {
        names::check(service, report);
        path::check(service, report);
        service_auth::check(document, service, report);
        variable::check(service, report);
    }
    for node in walk::nodes(document) {
        condition::check(node.policy, report);
        limit::check(node.policy, report);
        route::check(node.policy, report);
        breaker::check(&node, report);
        lane::check(document, node.policy, report);
    }
    lane_space::check(document, report);
    live_space::check(document, report);
    carried::check(document, report);
}
