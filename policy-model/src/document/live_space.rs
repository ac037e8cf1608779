//! Units and cells: where a system runs more than once.

use super::{LiveDomain, LiveVariable, UnitRule, spelled::spelled};
use std::collections::BTreeMap;
use std::rc::Rc;

spelled! {
    /// What may be done in a place.
    #[derive(Default)]
    pub enum AccessMode {
        /// Everything.
        #[default]
        ReadWrite = "READ_WRITE" | "ReadWrite",
        /// Nothing that writes.
        Read = "READ",
        /// Nothing.
        None = "NONE",
    }
}

spelled! {
    /// What a unit is.
    pub enum UnitType {
        /// The one that holds what cannot be split.
        Center = "CENTER",
        /// One of many.
        Unit = "UNIT",
    }
}

/// A live space, wrapped as its registry wraps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveSpace {
    /// Version of the wrapper; no effect.
    pub api_version: Option<String>,
    /// Kind of the wrapper; no effect.
    pub kind: Option<String>,
    /// The wrapper's notes; no effect.
    pub metadata: BTreeMap<String, String>,
    /// The space.
    pub spec: LiveSpec,
}

/// A live space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveSpec {
    /// Its id: what the header carries.
    pub id: String,
    /// Its code.
    pub code: Option<String>,
    /// What people call it.
    pub name: String,
    /// Its version.
    pub version: i64,
    /// Whose it is.
    pub tenant_id: Option<String>,
    /// Its units.
    pub units: Vec<Unit>,
    /// Hosts whose users are spread.
    pub domains: Vec<LiveDomain>,
    /// How users are spread.
    pub unit_rules: Vec<UnitRule>,
    /// What a user is known by.
    pub variables: Vec<LiveVariable>,
    /// Message topics; no effect in a proxy.
    pub topics: Vec<String>,
    /// JSON pointer of the space.
    pub pointer: Rc<str>,
}

/// A place that serves some of the users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    /// Its code.
    pub code: String,
    /// Decoration of the console.
    pub decorator: Option<String>,
    /// What people call it.
    pub name: String,
    /// Centre or one of many.
    pub unit_type: Option<UnitType>,
    /// What may be done there.
    pub access_mode: AccessMode,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// JSON pointer of the unit.
    pub pointer: Rc<str>,
}

/// A data centre of a unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Its role.
    pub role: Option<String>,
    /// What may be done there.
    pub access_mode: AccessMode,
    /// Its labels; `cloud` counts when a cell is left.
    pub labels: BTreeMap<String, String>,
    /// JSON pointer of the cell.
    pub pointer: Rc<str>,
}
