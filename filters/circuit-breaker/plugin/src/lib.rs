//! Circuit breaking with degraded replies, as a module of its own.
