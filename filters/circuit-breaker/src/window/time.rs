//! The calls of the last N seconds: 64 counts, each of a 64th of the window.
//!
//! One count a second, which is what Resilience4j keeps, makes a window of one second tumble instead of slide (a call
//! counts for anything between nothing and a second) and a window of an hour 43 KB. A fixed number of parts slides at any
//! length and takes 784 bytes at any length. The newest part is still filling, so what counts reaches back between 63/64 of
//! the window and the whole of it: never a call older than the document says, and the default 100 seconds lose at most 1.6.
//!
//! Parts are numbered from the monotonic clock's zero, which all workers of a process share, so nothing needs to be agreed
//! on and an untouched window needs no upkeep.

use crate::{
    tally::{Call, Tally},
    wire::{Reader, Writer},
};
use host::Nanos;
use std::num::NonZeroU32;

/// Parts of a window.
pub(crate) const PARTS: u64 = 64;

/// Nanoseconds of a part, per second of window: exact, since 64 divides 10⁹.
const PART_NANOS: u64 = 1_000_000_000 / PARTS;

/// A ring of counts, one a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeWindow {
    seconds: NonZeroU32,
    /// Number of the newest part.
    newest: u64,
    /// Part `n` is at `n % PARTS`.
    parts: Vec<Tally>,
}

// === impl TimeWindow ===

impl TimeWindow {
    pub(crate) fn new(seconds: NonZeroU32) -> Self {
        Self {
            seconds,
            newest: 0,
            parts: vec![Tally::default(); PARTS as usize],
        }
    }

    pub(crate) fn push(&mut self, now: Nanos, call: Call) {
        self.advance(now.0 / (u64::from(self.seconds.get()) * PART_NANOS));
        if let Some(part) = self.parts.get_mut(place(self.newest)) {
            part.add(call);
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.parts.iter().fold(Tally::default(), |mut sum, part| {
            sum.merge(*part);
            sum
        })
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u32(self.seconds.get());
        out.u64(self.newest);
        for part in &self.parts {
            out.tally(*part);
        }
    }

    /// Reads what [`write`](Self::write) wrote; `None` unless it is a window of this length.
    pub(crate) fn read(seconds: NonZeroU32, from: &mut Reader<'_>) -> Option<Self> {
        let is_length = from.u32()? == seconds.get();
        let newest = from.u64()?;
        let parts = (0..PARTS)
            .map(|_| from.tally())
            .collect::<Option<Vec<_>>>()?;
        is_length.then_some(Self {
            seconds,
            newest,
            parts,
        })
    }

    /// Empties the parts that `to` leaves behind; at most all of them.
    fn advance(&mut self, to: u64) {
        for passed in 1..=to.saturating_sub(self.newest).min(PARTS) {
            if let Some(part) = self
                .parts
                .get_mut(place(self.newest.saturating_add(passed)))
            {
                *part = Tally::default();
            }
        }
        self.newest = self.newest.max(to);
    }
}

/// Where a part is kept.
fn place(part: u64) -> usize {
    (part % PARTS) as usize
}
