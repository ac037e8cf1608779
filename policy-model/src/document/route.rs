//! Tag routing: which instances a request may go to (requirement, section 2.7).

use super::{Conditions, LabelConditions, PolicyMeta};
use std::rc::Rc;

/// Rules that pick labelled instances.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutePolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// JoyLive reads it but the order of the list decides, there as here.
    pub order: i32,
    /// The rules, sorted by `order`, equal ones in the order of the document: the first that matches decides.
    pub tag_rules: Vec<TagRule>,
}

/// Where a request goes that matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagRule {
    /// Lower first.
    pub order: i32,
    /// When it applies.
    pub conditions: Conditions,
    /// Where to; one is drawn by weight. Empty = anywhere.
    pub destinations: Vec<Destination>,
    /// JSON pointer of the rule.
    pub pointer: Rc<str>,
}

/// Instances with certain labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Destination {
    /// Its share among its siblings.
    pub weight: u32,
    /// The labels.
    pub conditions: LabelConditions,
    /// JSON pointer of the destination.
    pub pointer: Rc<str>,
}
