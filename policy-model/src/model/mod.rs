//! The document compiled: inheritance resolved, every node of the tree numbered, requests led to their node.
//!
//! What can be decided once is decided here (requirement, section 1: service, group, path, method; a lower level
//! inherits from the one above). A stage of a filter builds its own plan per node when it is configured, by walking
//! [`Model::nodes`], and at request time asks [`Model::locate`] for the node and indexes its plan with it.
//!
//! ```
//! use policy_model::document::Document;
//! use policy_model::model::{Model, Target};
//! use policy_model::target::NormalPath;
//!
//! let (document, mut report) = Document::read(br#"[{
//!     "name": "orders.example",
//!     "groups": [{
//!         "name": "default",
//!         "servicePolicy": {"rateLimitPolicies": [{"name": "all", "slidingWindows": [{"threshold": 9}]}]},
//!         "paths": [{"path": "/orders", "methods": [{"name": "GET"}]}]
//!     }]
//! }]"#);
//! let model = Model::compile(&document.unwrap(), &mut report);
//! let path = NormalPath::new(b"/orders/7?full").unwrap();
//! let located = model.locate(&Target {
//!     host: b"Orders.Example:8080",
//!     path: Some(&path),
//!     method: b"GET",
//!     group: None,
//! });
//! let node = model.node(located.node.unwrap()).unwrap();
//! assert_eq!(node.address.to_string(), "orders.example/default PREFIX /orders GET");
//! let limit = &node.policy.rate_limit_policies[0];
//! assert_eq!(limit.policy.meta.name, "all");
//! assert_eq!(model.node(limit.declared_at).unwrap().address.to_string(), "orders.example/default");
//! ```
//!
//! **Inheritance.** Nearest wins, in this order: method, path, group, and then the default group's method, path, group.
//! A list that says anything replaces the inherited one; a list that only takes policies away (`enabled: false` beside a
//! name) takes them out of what is inherited. Objects are merged field by field. A group other than the default one has
//! the default group's paths and methods too, as if it had declared them without policies.
//!
//! **State** belongs to the node that declares a policy, so each inherited policy remembers it.

mod build;
mod declared;
mod effective;
mod fields;
mod index;
mod inherit;
mod locate;
mod names;
mod node;
mod settled;
mod sources;
mod unasked;
mod undecided;

pub(crate) use sources::default_group;

pub use effective::{EffectivePolicy, Inherited, ListPolicy, Policies, PolicyKind};
pub use index::{GovernedService, Model};
pub use locate::{Located, Target};
pub use node::{Node, NodeAddress, NodeId, ServiceId};
