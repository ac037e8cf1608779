//! Unit rules: which user belongs to which unit and cell.

use super::{AccessMode, spelled::spelled};
use std::rc::Rc;

spelled! {
    /// Whether a rule spans regions.
    pub enum LiveType {
        /// Users are spread over regions.
        CrossRegion = "CROSS_REGION_LIVE" | "CrossRegionLive",
        /// All are in one region.
        OneRegion = "ONE_REGION_LIVE" | "OneRegionLive",
    }
}

spelled! {
    /// What happens to a request that does not say whose it is.
    #[derive(Default)]
    pub enum VariableMissingAction {
        /// It is refused.
        #[default]
        Reject = "REJECT",
        /// It goes to the centre.
        Center = "CENTER",
    }
}

/// How users are spread over units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitRule {
    /// Its id: what the header carries.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether it spans regions.
    pub live_type: Option<LiveType>,
    /// The business it is for.
    pub business: Option<String>,
    /// The variable that names the user.
    pub variable: Option<String>,
    /// Which of the variable's sources.
    pub variable_source: Option<String>,
    /// The hash over the variable.
    pub variable_function: Option<String>,
    /// What happens without the variable.
    pub variable_missing_action: VariableMissingAction,
    /// The hash is taken modulo this; 0 = no hash.
    pub modulo: u32,
    /// Where the users are.
    pub unit_routes: Vec<UnitRoute>,
    /// JSON pointer of the rule.
    pub pointer: Rc<str>,
}

/// The users of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitRoute {
    /// The unit.
    pub code: String,
    /// These users, before all.
    pub allows: Vec<String>,
    /// Users that begin so.
    pub prefixes: Vec<String>,
    /// Users whose hash is here.
    pub ranges: Vec<UnitRange>,
    /// Its cells; none = all of the unit, alike.
    pub cells: Option<Vec<CellRoute>>,
    /// Where its users go when it fails.
    pub failover_unit: Option<String>,
    /// JSON pointer of the route.
    pub pointer: Rc<str>,
}

/// Hashes from `from` to before `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitRange {
    /// The first.
    pub from: u32,
    /// The one after the last.
    pub to: u32,
}

/// The users of one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellRoute {
    /// The cell.
    pub code: String,
    /// These users, before all.
    pub allows: Vec<String>,
    /// Users that begin so.
    pub prefixes: Vec<String>,
    /// Its share of the others.
    pub weight: u32,
    /// What may be done there.
    pub access_mode: AccessMode,
    /// JSON pointer of the route.
    pub pointer: Rc<str>,
}
