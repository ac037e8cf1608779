//! Policy document to plan, once; a pipeline of stages per request, over [`host::Host`].
//!
//! A filter is an [`Engine`] over a tuple of [`Stage`]s. The engine reads the document, finds the node that governs a
//! request, asks the stages in the model's order and carries out what they want. A stage knows one kind of policy and
//! nothing of the others.

mod cause;
mod changes;
mod clock;
mod identity;
pub mod metrics;
mod refusal;
pub mod state;
mod trust;

pub use cause::Cause;
pub use changes::Changes;
pub use identity::{Identity, claim};
pub use metrics::Metrics;
pub use refusal::{LimitEvidence, Refusal, ReplyHeader, Substitute};
pub use trust::Trust;

