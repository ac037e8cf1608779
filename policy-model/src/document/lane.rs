//! What a service does with lanes (requirement, section 2.2).

use super::{FallbackType, PolicyMeta};
use std::collections::BTreeMap;

/// A service's part in one lane space. Its name is the space's, unless it has one of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LanePolicy {
    /// Name, version, switches.
    pub meta: PolicyMeta,
    /// The lane space it is about; empty = the default one.
    pub lane_space_id: String,
    /// Redirect: traffic of the lane on the left goes to the lane on the right, always.
    pub lanes: BTreeMap<String, String>,
    /// What happens when the lane has no instance; none = what the lane itself says.
    pub fallback_type: Option<FallbackType>,
    /// Where the traffic of a lane without instances goes, for `CUSTOM`.
    pub fallback_lanes: BTreeMap<String, String>,
}
