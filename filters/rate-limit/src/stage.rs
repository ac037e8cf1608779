//! The stages: limits before anybody asks who the caller is, and those after.
//!
//! Guessing tokens and keys must be limited before they are checked; so an early limit counts what fails later too. All
//! other limits count what has been let in.

use crate::{limits::Limits, waiting::Waiting};
use engine::{CompileContext, EndContext, Position, RequestContext, Stage, Verdict};
use policy_model::document::Phase;

/// The limits of phase `early`.
pub struct EarlyLimit(Limits);

/// All others.
pub struct Limit(Limits);

// === impl EarlyLimit ===

impl Stage for EarlyLimit {
    type State = Waiting;

    const POSITION: Position = Position::EarlyRate;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self(Limits::compile(cx, Phase::Early))
    }

    fn request(&self, cx: &mut RequestContext<'_>, waiting: &mut Waiting) -> Verdict {
        self.0.request(cx, waiting)
    }

    fn end(&self, cx: &mut EndContext<'_>, waiting: &mut Waiting) {
        waiting.end(cx.host);
    }
}

// === impl Limit ===

impl Stage for Limit {
    type State = Waiting;

    const POSITION: Position = Position::Rate;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        Self(Limits::compile(cx, Phase::Normal))
    }

    fn request(&self, cx: &mut RequestContext<'_>, waiting: &mut Waiting) -> Verdict {
        self.0.request(cx, waiting)
    }

    fn end(&self, cx: &mut EndContext<'_>, waiting: &mut Waiting) {
        waiting.end(cx.host);
    }
}

#[cfg(test)]
mod tests;
