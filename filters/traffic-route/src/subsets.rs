//! All that the stage can ask of the load balancer, written out once.
//!
//! Which label sets a request may ask for is known from the document: the lanes that its nodes make of lanes, and the
//! destinations of its tag rules. Nodes are many, different requests to the load balancer few; so each is kept once, as
//! the finished header, and nodes hold its number. Tags and lanes together are written when first met, since a document
//! may have many more pairs of them than its traffic.

use crate::labels::{Labels, subset_header};
use engine::HeaderValue;
use policy_model::map::Map;
use std::{cell::RefCell, rc::Rc};

/// The finished headers of a document.
pub(crate) struct Subsets {
    choices: Vec<Finished>,
    /// Tags with lanes.
    pairs: RefCell<Pairs>,
}

type Pairs = Map<(TagId, ChoiceId), Rc<[u8]>>;

struct Finished {
    labels: Vec<Labels>,
    /// None where any instance will do.
    header: Option<Rc<[u8]>>,
}

/// Collects what a document can ask for.
pub(crate) struct SubsetsBuilder {
    /// By the space's place in the document: a space's labels are its own.
    known: Map<(usize, Lanes), ChoiceId>,
    choices: Vec<Vec<Labels>>,
    tags: Map<Labels, TagId>,
}

/// Number of a list of label sets, first choice first. The default is the empty list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChoiceId(u32);

/// Lanes to try, first choice first; none at all where lanes do not matter.
pub(crate) type Lanes = [Option<Rc<str>>; 2];

/// What lanes leave to choose from.
pub(crate) enum Choice {
    /// A list that the document leads to.
    Ready(ChoiceId),
    /// One that only the request led to.
    Made(Vec<Labels>),
}

/// The labels of a tag rule's destination.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    id: TagId,
    labels: Labels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TagId(u32);

/// How many pairs of tag and lane are kept: some 150 KiB of headers. Further ones are written for each request.
const MAX_PAIRS: usize = 512;

// === impl SubsetsBuilder ===

impl SubsetsBuilder {
    pub(crate) fn new() -> Self {
        Self {
            known: Map::new(),
            choices: vec![Vec::new()],
            tags: Map::new(),
        }
    }

    /// The number of these lanes of the space with this place; `labels` is asked the first time.
    pub(crate) fn choice(
        &mut self,
        space: usize,
        lanes: Lanes,
        labels: impl FnOnce(&Lanes) -> Vec<Labels>,
    ) -> ChoiceId {
        if lanes == [None, None] {
            return ChoiceId::default();
        }
        let key = (space, lanes);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let new = ChoiceId(self.choices.len() as u32);
        self.choices.push(labels(&key.1));
        self.known.insert(key, new);
        new
    }

    pub(crate) fn tag(&mut self, labels: Labels) -> Tag {
        let next = TagId(self.tags.len() as u32);
        Tag {
            id: *self.tags.or_insert_with(labels.clone(), || next),
            labels,
        }
    }

    pub(crate) fn build(self) -> Subsets {
        let finished = self.choices.into_iter().map(|labels| Finished {
            header: subset_header(&labels).map(|header| header.into_bytes().into()),
            labels,
        });
        Subsets {
            choices: finished.collect(),
            pairs: RefCell::default(),
        }
    }
}

// === impl Subsets ===

impl Subsets {
    /// The header's value: the tag's labels and, of the lanes left, one. `None` if any instance will do.
    pub(crate) fn header(&self, tag: Option<&Tag>, lanes: &Choice) -> Option<HeaderValue> {
        let value = match (tag, lanes) {
            (None, Choice::Ready(id)) => self.finished(*id)?.header.clone()?.into(),
            (None, Choice::Made(lanes)) => subset_header(lanes)?.into(),
            (Some(tag), Choice::Ready(id)) => self.pair(tag, *id)?,
            (Some(tag), Choice::Made(lanes)) => subset_header(&joined(&tag.labels, lanes))?.into(),
        };
        Some(value)
    }

    fn pair(&self, tag: &Tag, lanes: ChoiceId) -> Option<HeaderValue> {
        let key = (tag.id, lanes);
        if let Some(known) = self.pairs.borrow().get(&key) {
            return Some(Rc::clone(known).into());
        }
        let lanes = &self.finished(lanes)?.labels;
        let header: Rc<[u8]> = subset_header(&joined(&tag.labels, lanes))?
            .into_bytes()
            .into();
        let mut pairs = self.pairs.borrow_mut();
        if pairs.len() < MAX_PAIRS {
            pairs.insert(key, Rc::clone(&header));
        }
        Some(header.into())
    }

    fn finished(&self, ChoiceId(number): ChoiceId) -> Option<&Finished> {
        self.choices.get(number as usize)
    }
}

/// Lanes win where a tag names the same label.
fn joined(tag: &Labels, lanes: &[Labels]) -> Vec<Labels> {
    if lanes.is_empty() {
        return vec![tag.clone()];
    }
    lanes.iter().map(|lane| tag.and(lane)).collect()
}
