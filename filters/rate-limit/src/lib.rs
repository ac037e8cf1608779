//! Rate limits, exact over all workers.

mod gcra;
mod meter;
mod quota;
mod standing;
mod strict_window;
#[cfg(test)]
mod test_client;
mod windows;

pub use quota::{InvalidQuota, MAX_SPAN, Quota};
pub use standing::{Refused, Standing};
pub use windows::{Algorithm, Verdict, Windows};
