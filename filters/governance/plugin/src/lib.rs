//! All stages in one module and one pass.
