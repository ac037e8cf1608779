//! Tag and lane routing.
