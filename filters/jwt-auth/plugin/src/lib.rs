//! JWT checks, as a module of its own.
