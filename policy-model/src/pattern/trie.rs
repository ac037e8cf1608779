//! A trie over path segments that is built once and then only read.
//!
//! All edges with written-out segments stand in one sorted vector and a node knows its range, so a node costs 24 bytes
//! and no allocation of its own: documents have tens of thousands of them.

use super::{segments::Rest, syntax::Segment};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Patterns that are not regular expressions, each with a number.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<TrieNode>,
    literals: Vec<(Box<[u8]>, u32)>,
}

/// Collects patterns. Of two that match the same paths the later one stays.
#[derive(Debug, Default)]
pub(super) struct TrieBuilder {
    nodes: Vec<TrieNode>,
    literals: BTreeMap<(u32, Box<[u8]>), u32>,
}

/// The root is node 0, so no child is.
type Child = Option<NonZeroU32>;

#[derive(Clone, Copy, Debug, Default)]
struct TrieNode {
    /// Where the node's edges are in `literals`.
    first: u32,
    /// How many there are.
    count: u32,
    variable: Child,
    any: Child,
    value: Option<u32>,
}

// === impl TrieBuilder ===

impl TrieBuilder {
    /// Adds a pattern.
    pub(super) fn insert(&mut self, segments: &[Segment], value: u32) {
        let root = self.root();
        let node = segments
            .iter()
            .fold(root, |node, segment| self.child(node, segment));
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.value = Some(value);
        }
    }

    /// The finished trie.
    pub(super) fn build(mut self) -> Trie {
        let mut literals = Vec::with_capacity(self.literals.len());
        for ((parent, segment), child) in self.literals {
            if let Some(node) = self.nodes.get_mut(parent as usize) {
                if node.count == 0 {
                    node.first = literals.len() as u32;
                }
                node.count += 1;
            }
            literals.push((segment, child));
        }
        Trie {
            nodes: self.nodes,
            literals,
        }
    }

    fn root(&mut self) -> u32 {
        if self.nodes.is_empty() {
            self.nodes.push(TrieNode::default());
        }
        0
    }

    fn existing_child(&self, parent: u32, segment: &Segment) -> Option<u32> {
        let node = self.nodes.get(parent as usize)?;
        match segment {
            Segment::Literal(text) => self.literals.get(&(parent, text.clone())).copied(),
            Segment::Variable(_) => node.variable.map(NonZeroU32::get),
            Segment::Any => node.any.map(NonZeroU32::get),
        }
    }

    fn child(&mut self, parent: u32, segment: &Segment) -> u32 {
        if let Some(child) = self.existing_child(parent, segment) {
            return child;
        }
        let child = self.nodes.len() as u32;
        self.nodes.push(TrieNode::default());
        let node = self.nodes.get_mut(parent as usize);
        match (segment, node) {
            (Segment::Variable(_), Some(node)) => node.variable = NonZeroU32::new(child),
            (Segment::Any, Some(node)) => node.any = NonZeroU32::new(child),
            (Segment::Literal(text), _) => {
                self.literals.insert((parent, text.clone()), child);
            }
            (_, None) => {}
        }
        child
    }
}

// === impl Trie ===

impl Trie {
    /// The pattern that matches all of `path`.
    pub(super) fn equal(&self, path: Rest<'_>) -> Option<u32> {
        self.equal_from(self.nodes.first()?, path)
    }

    /// The pattern that matches `path` or its beginning.
    pub(super) fn prefix(&self, path: Rest<'_>) -> Option<u32> {
        self.prefix_from(self.nodes.first()?, path)
    }

    /// As deep as the deepest pattern, which [`MAX_SEGMENTS`](super::syntax::MAX_SEGMENTS) bounds.
    fn equal_from(&self, node: &TrieNode, path: Rest<'_>) -> Option<u32> {
        let Some((segment, rest)) = path.split_first() else {
            return node.value;
        };
        self.children(node, segment)
            .flatten()
            .find_map(|child| self.equal_from(child, rest))
    }

    fn prefix_from(&self, node: &TrieNode, path: Rest<'_>) -> Option<u32> {
        let deeper = path.split_first().and_then(|(segment, rest)| {
            self.children(node, segment)
                .flatten()
                .find_map(|child| self.prefix_from(child, rest))
        });
        deeper.or(node.value)
    }

    /// Where a segment leads, the most exact first.
    fn children<'t>(
        &'t self,
        node: &TrieNode,
        segment: &[u8],
    ) -> impl Iterator<Item = Option<&'t TrieNode>> + use<'t> {
        let wild = |child: Child| child.filter(|_| !segment.is_empty()).map(NonZeroU32::get);
        [
            self.literal(node, segment),
            wild(node.variable),
            wild(node.any),
        ]
        .into_iter()
        .map(|child| self.nodes.get(child? as usize))
    }

    fn literal(&self, node: &TrieNode, segment: &[u8]) -> Option<u32> {
        let first = node.first as usize;
        let edges = self.literals.get(first..first + node.count as usize)?;
        let found = edges
            .binary_search_by(|(text, _)| (**text).cmp(segment))
            .ok()?;
        edges.get(found).map(|(_, child)| *child)
    }
}
