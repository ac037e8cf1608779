//! Circuit breaking with degraded replies (requirement 2.8).
//!
//! [`breaker`] is the state machine, pure; what counts as a failure and what a caller gets instead are beside it; the stage
//! puts both to work on a state that all workers share. Level SERVICE is carried out: one breaker for each node that declares
//! a policy, shared by all nodes that inherit it.

pub mod breaker;
mod degraded;
mod ending;
mod guard;
mod judge;
mod memory;
mod permits;
mod report;
pub mod settings;
mod stage;
mod state;
mod tally;
mod trial;
mod window;
mod wire;

#[cfg(test)]
mod fixture;

pub use self::{
    settings::Settings,
    stage::{Break, Calls},
    state::{Mode, State},
    tally::{Call, Tally, Trip},
};

/// The module of this stage alone.
pub type CircuitBreaker = engine::Engine<(Break,)>;
