//! Circuit breaking with degraded replies.

pub mod breaker;
mod degraded;
mod judge;
pub mod settings;
mod state;
mod tally;
mod trial;
mod window;
mod wire;

#[cfg(test)]
mod fixture;

pub use self::{
    settings::Settings,
    state::{Mode, State},
    tally::{Call, Tally, Trip},
};
