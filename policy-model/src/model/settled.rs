//! What is settled already while a document is compiled, for other nodes to inherit from.

use super::declared::Declared;
use super::effective::EffectivePolicy;
use super::index::PathIndex;
use super::node::{NodeAddress, NodeId, ServiceId};
use super::sources::PathKey;
use crate::pattern::PathPattern;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What holds at a node, and the number of that node.
pub(super) struct Settled {
    pub(super) node: NodeId,
    pub(super) policy: Rc<EffectivePolicy>,
}

/// A path with its methods.
pub(super) struct SettledPath {
    pub(super) own: Settled,
    pub(super) pattern: Rc<PathPattern>,
    pub(super) methods: BTreeMap<Rc<str>, Settled>,
}

/// A group with its paths.
pub(super) struct SettledGroup {
    pub(super) own: Settled,
    pub(super) paths: Vec<(PathKey, SettledPath)>,
    places: BTreeMap<PathKey, usize>,
    /// Where the first path of a shape is.
    shapes: BTreeMap<Rc<str>, usize>,
}

/// What the paths and methods of a group are settled under.
pub(super) struct Scope<'d> {
    pub(super) address: NodeAddress,
    pub(super) service: ServiceId,
    pub(super) declared: Option<Declared<'d>>,
    /// What the group's own statement makes of what it inherits, by the node that it inherits from. One group inherits
    /// from many nodes: from the default group's path where it meets that path.
    pub(super) over: BTreeMap<Option<NodeId>, Rc<EffectivePolicy>>,
}

// === impl SettledPath ===

impl SettledPath {
    /// The way to the path's nodes.
    pub(super) fn index(&self) -> (Rc<PathPattern>, PathIndex) {
        let methods = self
            .methods
            .iter()
            .map(|(name, settled)| (name.clone(), settled.node));
        let index = PathIndex {
            node: self.own.node,
            methods: methods.collect(),
        };
        (self.pattern.clone(), index)
    }
}

// === impl SettledGroup ===

impl SettledGroup {
    pub(super) fn new(own: Settled) -> Self {
        Self {
            own,
            paths: Vec::new(),
            places: BTreeMap::new(),
            shapes: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, key: PathKey, path: SettledPath) {
        let place = self.paths.len();
        self.shapes.entry(key.1.clone()).or_insert(place);
        self.places.insert(key.clone(), place);
        self.paths.push((key, path));
    }

    pub(super) fn has(&self, key: &PathKey) -> bool {
        self.places.contains_key(key)
    }

    /// The path that a path of another group inherits from: the one that matches the same in the same way, else one
    /// that at least has its shape (`EQUAL /a` inherits from `PREFIX /a`, not from the group alone).
    pub(super) fn counterpart(&self, key: &PathKey) -> Option<&SettledPath> {
        let place = self.places.get(key).or_else(|| self.shapes.get(&key.1))?;
        self.paths.get(*place).map(|(_, path)| path)
    }
}
