//! What is settled already while a document is compiled, for other nodes to inherit from.

use super::declared::Declared;
use super::effective::EffectivePolicy;
use super::index::PathIndex;
use super::inherit::Inheritance;
use super::node::NodeId;
use super::sources::{PathKey, Place};
use crate::map::Map;
use crate::pattern::PathPattern;
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
    pub(super) methods: Map<Rc<str>, Settled>,
}

/// A group with its paths.
pub(super) struct SettledGroup {
    pub(super) own: Settled,
    pub(super) paths: Vec<(PathKey, SettledPath)>,
    places: Map<PathKey, usize>,
    /// Where the first path of a shape is.
    shapes: Map<Rc<str>, usize>,
}

/// A level of the tree, group or path, on its way to be settled: what is said there is laid over whatever the levels
/// below inherit from. That is more than one node, since a group meets the default group's paths one by one.
pub(super) struct Layer<'d> {
    declared: Option<Declared<'d>>,
    over: Map<Option<NodeId>, Rc<EffectivePolicy>>,
}

// === impl Layer ===

impl<'d> Layer<'d> {
    /// What is said at a node; nothing, if the document does not have the place.
    pub(super) fn new(node: NodeId, place: Option<Place<'d>>) -> Self {
        let declared = place.and_then(|place| Declared::new(node, place));
        Self {
            declared,
            over: Map::new(),
        }
    }

    /// What holds where this is said over `inherited`, which comes from the node `from`.
    pub(super) fn over(
        &mut self,
        inheritance: &mut Inheritance,
        from: Option<NodeId>,
        inherited: &Rc<EffectivePolicy>,
    ) -> Rc<EffectivePolicy> {
        let Some(declared) = &self.declared else {
            return inherited.clone();
        };
        let apply = || inheritance.apply(declared, inherited);
        self.over.or_insert_with(from, apply).clone()
    }
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
            places: Map::new(),
            shapes: Map::new(),
        }
    }

    pub(super) fn add(&mut self, key: PathKey, path: SettledPath) {
        let place = self.paths.len();
        self.shapes.or_insert_with(key.1.clone(), || place);
        self.places.insert(key.clone(), place);
        self.paths.push((key, path));
    }

    pub(super) fn has(&self, key: &PathKey) -> bool {
        self.places.get(key).is_some()
    }

    /// The path that a path of another group inherits from: the one that matches the same in the same way, else one
    /// that at least has its shape (`EQUAL /a` inherits from `PREFIX /a`, not from the group alone).
    pub(super) fn counterpart(&self, key: &PathKey) -> Option<&SettledPath> {
        let place = self.places.get(key).or_else(|| self.shapes.get(&key.1))?;
        self.paths.get(*place).map(|(_, path)| path)
    }
}
