//! A trie over path segments that is built once and then only read.
//!
//! A trie is three vectors, however many patterns it holds: nodes, edges with written-out segments sorted by node and
//! hash, and the text of the segments. Documents have tens of thousands of paths, and a look-up that is not warm pays
//! for each place in memory that it visits.

use super::{hash::hash, segments::Rest, syntax::Segment};
use crate::map::Map;
use std::num::NonZeroU32;

/// Patterns that are not regular expressions, each with a number.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<TrieNode>,
    edges: Vec<Edge>,
    text: Vec<u8>,
}

/// Collects patterns. Of two that match the same paths the later one stays.
#[derive(Debug, Default)]
pub(super) struct TrieBuilder {
    nodes: Vec<TrieNode>,
    /// Children by node, hash and segment.
    literals: Map<(u32, u32, Box<[u8]>), u32>,
}

/// The root is node 0, so no child is.
type Child = Option<NonZeroU32>;

#[derive(Clone, Copy, Debug, Default)]
struct TrieNode {
    /// Where the node's edges begin.
    first: u32,
    /// How many there are.
    count: u32,
    variable: Child,
    any: Child,
    value: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    hash: u32,
    /// Where the segment is in the text.
    start: u32,
    length: u32,
    child: u32,
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
        let (mut edges, mut text) = (Vec::with_capacity(self.literals.len()), Vec::new());
        for ((parent, hash, segment), child) in self.literals.iter() {
            if let Some(node) = self.nodes.get_mut(*parent as usize) {
                if node.count == 0 {
                    node.first = edges.len() as u32;
                }
                node.count += 1;
            }
            let (start, length) = (text.len() as u32, segment.len() as u32);
            edges.push(Edge {
                hash: *hash,
                start,
                length,
                child: *child,
            });
            text.extend_from_slice(segment);
        }
        self.nodes.shrink_to_fit();
        text.shrink_to_fit();
        Trie {
            nodes: self.nodes,
            edges,
            text,
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
            Segment::Literal(text) => self.literals.get(&key(parent, text)).copied(),
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
                self.literals.insert(key(parent, text), child);
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

    /// Recurses as deep as the deepest pattern, which [`MAX_SEGMENTS`](super::syntax::MAX_SEGMENTS) bounds.
    fn equal_from(&self, node: &TrieNode, path: Rest<'_>) -> Option<u32> {
        match path.split_first() {
            Some((segment, rest)) => {
                self.descend(node, segment, |node| self.equal_from(node, rest))
            }
            None => node.value,
        }
    }

    fn prefix_from(&self, node: &TrieNode, path: Rest<'_>) -> Option<u32> {
        let deeper = path.split_first().and_then(|(segment, rest)| {
            self.descend(node, segment, |node| self.prefix_from(node, rest))
        });
        deeper.or(node.value)
    }

    /// Searches on where a segment leads, the most exact child first.
    fn descend(
        &self,
        node: &TrieNode,
        segment: &[u8],
        search: impl Fn(&TrieNode) -> Option<u32>,
    ) -> Option<u32> {
        let under = |child: u32| self.nodes.get(child as usize).and_then(&search);
        let wild = |child: Child| child.filter(|_| !segment.is_empty()).map(NonZeroU32::get);
        self.literal(node, segment)
            .and_then(under)
            .or_else(|| wild(node.variable).and_then(under))
            .or_else(|| wild(node.any).and_then(under))
    }

    fn literal(&self, node: &TrieNode, segment: &[u8]) -> Option<u32> {
        let first = node.first as usize;
        let edges = self.edges.get(first..first + node.count as usize)?;
        let hash = short_hash(segment);
        let start = edges.partition_point(|edge| edge.hash < hash);
        let candidates = edges
            .get(start..)?
            .iter()
            .take_while(|edge| edge.hash == hash);
        candidates
            .into_iter()
            .find(|edge| self.segment(edge) == Some(segment))
            .map(|edge| edge.child)
    }

    fn segment(&self, edge: &Edge) -> Option<&[u8]> {
        let start = edge.start as usize;
        self.text.get(start..start + edge.length as usize)
    }
}

fn key(parent: u32, segment: &[u8]) -> (u32, u32, Box<[u8]>) {
    (parent, short_hash(segment), segment.into())
}

/// The upper half: the better mixed one.
fn short_hash(segment: &[u8]) -> u32 {
    (hash(segment) >> 32) as u32
}
