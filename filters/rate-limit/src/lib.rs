//! Rate and concurrency limits, exact over all workers of an Envoy.
//!
//! The decision is pure and lies in [`Windows`]: the stored bytes and the time come in, a [`Verdict`] with its evidence and
//! the new bytes come out. The stage finds the limits of a request's node and the state of its client in the data that all
//! workers share, and commits a decision only if nobody else has decided in between.

mod algorithm;
mod compile;
pub mod concurrency;
mod cost;
mod due;
mod fields;
mod fixed_window;
mod gcra;
mod key;
mod limiter;
mod limits;
mod line;
mod meter;
mod quota;
mod rates;
mod spot;
mod stage;
mod standing;
mod strict_window;
mod tally;
#[cfg(test)]
mod test_client;
mod waiting;
mod warm_up;
mod windows;

pub use quota::{InvalidQuota, MAX_SPAN, Quota};
pub use stage::{EarlyLimit, Limit};
pub use standing::{Refused, Standing};
pub use warm_up::WarmUp;
pub use windows::{Algorithm, Verdict, Windows};

/// The module of these stages alone.
pub type RateLimit = engine::Engine<(EarlyLimit, concurrency::Concurrency, Limit)>;
