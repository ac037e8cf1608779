//! The strict sliding window: in no stretch of the window's length, wherever it begins, pass more than the threshold.
//!
//! A fixed window lets twice the threshold pass around its border, and a weighted pair of windows guesses. Here nothing is
//! guessed: a small threshold keeps the time of each pass (the [log](log)), a large one counts passes in sub-windows, each
//! of which counts until its end has left the window (the [grid](grid)). The grid's price is that a pass counts for up to
//! 1/32 of the window longer than it must. So who keeps below the threshold in every stretch of 33/32 of the window, or
//! comes evenly at 90 % of it, is never refused.

pub(crate) mod grid;
pub(crate) mod log;

#[cfg(test)]
mod tests;
