//! Circuit breaking with degraded replies.
