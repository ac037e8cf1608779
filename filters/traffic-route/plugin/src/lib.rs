//! Tag and lane routing, as a module of its own.
