//! The stages: limits before anybody asks who the caller is, and those after.
//!
//! Guessing tokens and keys must be limited before they are checked; so an early limit counts what fails later too. All
//! other limits count what has been let in.

use crate::limits::Limits;
use engine::{CompileContext, Position, RequestContext, Stage, Verdict};
use policy_model::document::Phase;

/// The limits of phase `early`.
pub struct EarlyLimit(Limits);

/// All others.
pub struct Limit(Limits);

// === impl EarlyLimit ===

impl Stage for EarlyLimit {
    type State = ();

    const POSITION: Position = Position::EarlyRate;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self(Limits::compile(cx, Phase::Early))
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        self.0.request(cx)
    }
}

// === impl Limit ===

impl Stage for Limit {
    type State = ();

    const POSITION: Position = Position::Rate;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self(Limits::compile(cx, Phase::Normal))
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        self.0.request(cx)
    }
}

#[cfg(test)]
mod tests;
