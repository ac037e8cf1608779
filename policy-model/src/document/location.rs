//! Where this Envoy stands: what the requests of a process without a lane or a unit belong to.

/// Place of the proxy. Empty words of the document are not stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Live space.
    pub live_space_id: Option<String>,
    /// Unit in it.
    pub unit: Option<String>,
    /// Cell of the unit.
    pub cell: Option<String>,
    /// Lane space.
    pub lane_space_id: Option<String>,
    /// Lane in it.
    pub lane: Option<String>,
}
