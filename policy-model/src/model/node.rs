//! The nodes of the tree: what they are called and what holds there.

use super::effective::EffectivePolicy;
use crate::pattern::PathPattern;
use std::fmt;
use std::rc::Rc;

/// Number of a node in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

/// Number of a service in its model: its place in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub(super) u32);

/// A group, path or method, and all that holds there.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is called.
    pub address: NodeAddress,
    /// Its service.
    pub service: ServiceId,
    /// What holds there. Nodes for which the same holds share it.
    pub policy: Rc<EffectivePolicy>,
    /// JSON pointer of where the document declares it; none for a path or method of the default group that another group
    /// has only because the default group does, and for a default group that was never written.
    pub pointer: Option<Rc<str>>,
}

/// What a node is called. The same in the next version of a document if the document calls it the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAddress {
    /// The service's name.
    pub service: Rc<str>,
    /// The group's name.
    pub group: Rc<str>,
    /// The path; none for the group itself.
    pub path: Option<Rc<PathPattern>>,
    /// The method; none for the path itself.
    pub method: Option<Rc<str>>,
}

// === impl NodeId ===

impl NodeId {
    /// The node's place in [`Model::nodes`](super::Model::nodes), for plans that are kept beside it.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

// === impl ServiceId ===

impl ServiceId {
    /// The service's place in the document.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

// === impl Node ===

impl Node {
    /// The variables of the node's path in a request's path that was led here; none for a group.
    pub fn variables<'p, 'a>(
        &'p self,
        path: &'a [u8],
    ) -> impl Iterator<Item = (&'p str, &'a [u8])> {
        let pattern = self.address.path.as_deref();
        pattern
            .into_iter()
            .flat_map(move |pattern| pattern.variables(path))
    }
}

// === impl NodeAddress ===

/// `orders/default PREFIX /orders/{id} GET`. Different addresses are never written the same: names have their spaces
/// and slashes escaped.
impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Name(&self.service), Name(&self.group))?;
        if let Some(path) = &self.path {
            write!(f, " {} {}", path.match_type(), Path(path.as_str()))?;
        }
        match &self.method {
            Some(method) => write!(f, " {}", Name(method)),
            None => Ok(()),
        }
    }
}

struct Name<'a>(&'a str);

struct Path<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, " /%")
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, " ")
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, special: &str) -> fmt::Result {
    let is_special = |letter: char| letter.is_control() || special.contains(letter);
    text.split_inclusive(is_special).try_for_each(|part| {
        let last = part.chars().next_back().filter(|last| is_special(*last));
        let Some(last) = last else {
            return f.write_str(part);
        };
        f.write_str(part.strip_suffix(last).unwrap_or_default())?;
        write!(f, "%{:02X}", u32::from(last))
    })
}
