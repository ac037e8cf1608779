//! Lanes, and the rules that put requests into them.

use super::{Conditions, spelled::spelled};
use std::rc::Rc;

spelled! {
    /// What happens to traffic whose lane has no instance.
    #[derive(Default)]
    pub enum FallbackType {
        /// It goes to the default lane.
        #[default]
        Default = "DEFAULT",
        /// It is refused.
        Reject = "REJECT",
        /// It goes to the lane that is named.
        Custom = "CUSTOM",
    }
}

/// A family of lanes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneSpace {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether requests without a space belong to it.
    pub default_space: bool,
    /// Its version.
    pub version: i64,
    /// Message topics; no effect in a proxy.
    pub topics: Vec<String>,
    /// Its lanes.
    pub lanes: Vec<Lane>,
    /// Hosts whose requests are coloured.
    pub domains: Vec<LaneDomain>,
    /// Who is in which lane. List order decides.
    pub rules: Vec<LaneRule>,
    /// JSON pointer of the space.
    pub pointer: Rc<str>,
}

/// One lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its code: what the header carries.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Decoration of the console.
    pub decorator: Option<String>,
    /// Whether requests without a lane belong to it.
    pub default_lane: bool,
    /// What happens when it has no instance.
    pub fallback_type: Option<FallbackType>,
    /// Where its traffic then goes, for `CUSTOM`.
    pub fallback_lane: Option<String>,
    /// What a service that says nothing of `autoLaneEnabled` does.
    pub auto_join: bool,
    /// JSON pointer of the lane.
    pub pointer: Rc<str>,
}

/// Who is in a lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneRule {
    /// Its id.
    pub id: String,
    /// The lane.
    pub lane_code: String,
    /// Read but used by nobody, there as here.
    pub host: Option<String>,
    /// The share of matching requests that go there, 0 to 1.
    pub ratio: Option<f64>,
    /// When it applies.
    pub conditions: Conditions,
    /// Read but the order of the list decides, there as here.
    pub order: i32,
    /// JSON pointer of the rule.
    pub pointer: Rc<str>,
}

/// A host whose requests are coloured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneDomain {
    /// Its name.
    pub host: String,
    /// Rules by path prefix.
    pub paths: Vec<LaneDomainPath>,
    /// Ids of the rules for other paths; none at all = all of the space.
    pub rules: Vec<String>,
    /// JSON pointer of the domain.
    pub pointer: Rc<str>,
}

/// The rules of a path prefix.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneDomainPath {
    /// The prefix.
    pub path: String,
    /// Ids of its rules.
    pub rules: Vec<String>,
    /// JSON pointer of the path.
    pub pointer: Rc<str>,
}

// === impl Lane ===

impl Default for Lane {
    fn default() -> Self {
        Self {
            code: String::new(),
            name: String::new(),
            decorator: None,
            default_lane: false,
            fallback_type: None,
            fallback_lane: None,
            auto_join: true,
            pointer: Rc::default(),
        }
    }
}
