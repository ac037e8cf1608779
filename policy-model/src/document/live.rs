//! What a service does with units and cells (requirement, section 2.1).

use super::spelled::spelled;
use std::num::NonZeroU32;
use std::rc::Rc;

spelled! {
    /// How a service is spread over units.
    pub enum UnitPolicy {
        /// It knows no units.
        None = "NONE",
        /// It lives in the centre.
        Center = "CENTER",
        /// It lives in the unit of the user.
        Unit = "UNIT",
        /// The own unit first, others when it is short of instances.
        PreferLocalUnit = "PREFER_LOCAL_UNIT",
    }
}

spelled! {
    /// How a service is spread over the cells of a unit.
    pub enum CellPolicy {
        /// Any cell.
        Any = "ANY",
        /// The own cell first, others when it is short of instances.
        PreferLocalCell = "PREFER_LOCAL_CELL",
    }
}

spelled! {
    /// What a threshold counts.
    #[derive(Default)]
    pub enum RemoteType {
        /// Instances.
        #[default]
        Instances = "INSTANCES",
    }
}

/// A service's part in the live space. Inherited field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LivePolicy {
    /// JoyLive's `id`.
    pub id: Option<i64>,
    /// Whether it writes, so must not be called while writing is forbidden.
    pub write_protect: Option<bool>,
    /// The methods that write; both this and the prefixes empty = all.
    pub methods: Vec<String>,
    /// Beginnings of methods that write.
    pub method_prefixes: Vec<String>,
    /// Where the routing variable is in the arguments (RPC only; no effect in a proxy).
    pub variable_expression: Option<String>,
    /// How it is spread over units.
    pub unit_policy: Option<UnitPolicy>,
    /// Instances below which the own unit is left.
    pub default_unit_threshold: Option<u32>,
    /// The same for single units.
    pub unit_remotes: Vec<Remote>,
    /// How it is spread over cells.
    pub cell_policy: Option<CellPolicy>,
    /// Instances below which the own cell is left.
    pub default_cell_threshold: Option<u32>,
    /// The same for single cells.
    pub cell_remotes: Vec<Remote>,
    /// JSON pointer of the policy.
    pub pointer: Rc<str>,
}

/// The threshold of one unit or cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// The unit or cell.
    pub name: String,
    /// What is counted.
    pub remote_type: RemoteType,
    /// How many; none = it is never left.
    pub threshold: Option<NonZeroU32>,
}
