//! The calls of the last N seconds: 64 counts, each of a 64th of the window.
//!
//! One count a second, which is what Resilience4j keeps, makes a window of one second tumble instead of slide (a call
//! counts for anything between nothing and a second) and a window of an hour 43 KB. A fixed number of parts slides at any
//! length and takes 806 bytes at any length, of which a call touches a few: the sum of all parts is kept beside them. The newest part is still filling, so what counts reaches back between 63/64 of
//! the window and the whole of it: never a call older than the document says, and the default 100 seconds lose at most 1.6.
//!
//! Parts are numbered from the monotonic clock's zero, which all workers of a process share, so nothing needs to be agreed
//! on and an untouched window needs no upkeep.

use crate::{
    tally::{Call, Tally},
    wire::Body,
};
use host::Nanos;
use std::num::NonZeroU32;

/// Parts of a window.
pub(crate) const PARTS: u64 = 64;

/// Nanoseconds of a part, per second of window: exact, since 64 divides 10⁹.
const PART_NANOS: u64 = 1_000_000_000 / PARTS;

/// Where in the body what is. `NEWEST` is the number of the newest part; part `n` is the `n % PARTS`th from `FIRST_PART`.
const SECONDS: usize = 0;
const NEWEST: usize = 4;
const SUM: usize = 12;
const FIRST_PART: usize = 24;
const PART_BYTES: usize = 12;
const LEN: usize = FIRST_PART + PART_BYTES * PARTS as usize;

/// A ring of counts, one a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeWindow {
    seconds: NonZeroU32,
    body: Body,
}

// === impl TimeWindow ===

impl TimeWindow {
    pub(crate) fn new(seconds: NonZeroU32) -> Self {
        let mut body = Body::new(LEN);
        body.set_u32(SECONDS, seconds.get());
        Self { seconds, body }
    }

    pub(crate) fn push(&mut self, now: Nanos, call: Call) {
        self.advance(now.0 / (u64::from(self.seconds.get()) * PART_NANOS));
        self.add(SUM, call);
        self.add(place(self.newest()), call);
    }

    pub(crate) fn tally(&self) -> Tally {
        self.body.tally(SUM)
    }

    pub(crate) fn into_body(self) -> Body {
        self.body
    }

    /// The window in these stored bytes; `None` unless they hold one of this length.
    pub(crate) fn of(seconds: NonZeroU32, stored: Vec<u8>) -> Option<Self> {
        let body = Body::of(stored, LEN)?;
        let is_sound = body.u32(SECONDS) == seconds.get() && body.tally(SUM).is_sound();
        is_sound.then_some(Self { seconds, body })
    }

    fn newest(&self) -> u64 {
        self.body.u64(NEWEST)
    }

    fn add(&mut self, at: usize, call: Call) {
        let mut tally = self.body.tally(at);
        tally.add(call);
        self.body.set_tally(at, tally);
    }

    /// Empties the parts that `to` leaves behind; at most all of them.
    fn advance(&mut self, to: u64) {
        let newest = self.newest();
        let passed = to.saturating_sub(newest).min(PARTS);
        if passed == 0 {
            return;
        }
        let mut sum = self.tally();
        for part in 1..=passed {
            let at = place(newest.saturating_add(part));
            sum.subtract(self.body.tally(at));
            self.body.set_tally(at, Tally::default());
        }
        self.body.set_tally(SUM, sum);
        self.body.set_u64(NEWEST, to);
    }
}

/// Where a part is kept.
fn place(part: u64) -> usize {
    FIRST_PART + PART_BYTES * (part % PARTS) as usize
}
