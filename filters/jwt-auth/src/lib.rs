//! JWT checks.
