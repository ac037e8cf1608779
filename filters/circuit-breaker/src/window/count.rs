//! The last N calls, exactly: a ring of two bits a call and the running count.
//!
//! Two bits rather than counters a block of calls: the requirement's windows are small (5 calls in its example), and
//! there a window that is off by a part of itself trips at another call than the document says.

use crate::{
    tally::{Call, Tally},
    wire::Body,
};
use std::num::NonZeroU32;

const CALLS_PER_BYTE: u32 = 4;
const FAILED: u8 = 0b01;
const SLOW: u8 = 0b10;

/// Where in the body what is. `NEXT` is where the next call goes: the oldest one's place once the ring is full.
const SIZE: usize = 0;
const NEXT: usize = 4;
const TALLY: usize = 8;
const MARKS: usize = 20;

/// A ring of the last calls' outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CountWindow {
    size: NonZeroU32,
    body: Body,
}

// === impl CountWindow ===

impl CountWindow {
    pub(crate) fn new(size: NonZeroU32) -> Self {
        let mut body = Body::new(len(size));
        body.set_u32(SIZE, size.get());
        Self { size, body }
    }

    pub(crate) fn push(&mut self, call: Call) {
        let (next, mut tally) = (self.next(), self.tally());
        if tally.calls >= self.size.get() {
            tally.remove(self.mark(next));
        }
        self.set_mark(next, call);
        tally.add(call);
        self.body.set_tally(TALLY, tally);
        self.body.set_u32(NEXT, (next + 1) % self.size);
    }

    pub(crate) fn tally(&self) -> Tally {
        self.body.tally(TALLY)
    }

    pub(crate) fn into_body(self) -> Body {
        self.body
    }

    /// The window in these stored bytes; `None` unless they hold one of this size.
    pub(crate) fn of(size: NonZeroU32, stored: Vec<u8>) -> Option<Self> {
        let body = Body::of(stored, len(size))?;
        let window = Self { size, body };
        window.is_sound().then_some(window)
    }

    /// Whether it is of this size, and its numbers fit each other: stored bytes may say anything.
    fn is_sound(&self) -> bool {
        let (next, tally, size) = (self.next(), self.tally(), self.size.get());
        let in_step = tally.calls == size || tally.calls == next;
        self.body.u32(SIZE) == size
            && tally.is_sound()
            && tally.calls <= size
            && next < size
            && in_step
    }

    fn next(&self) -> u32 {
        self.body.u32(NEXT)
    }

    fn mark(&self, at: u32) -> Call {
        let (byte, shift) = place(at);
        let bits = self
            .body
            .bytes(byte)
            .first()
            .map_or(0, |marks| marks >> shift);
        Call {
            failed: bits & FAILED != 0,
            slow: bits & SLOW != 0,
        }
    }

    fn set_mark(&mut self, at: u32, call: Call) {
        let (byte, shift) = place(at);
        let bits = if call.failed { FAILED } else { 0 } | if call.slow { SLOW } else { 0 };
        if let Some(marks) = self.body.byte_mut(byte) {
            *marks = *marks & !((FAILED | SLOW) << shift) | bits << shift;
        }
    }
}

/// Bytes that so many calls take, and what is beside them.
fn len(size: NonZeroU32) -> usize {
    MARKS + size.get().div_ceil(CALLS_PER_BYTE) as usize
}

/// The byte and the shift of a call's two bits.
fn place(at: u32) -> (usize, u32) {
    let byte = MARKS + (at / CALLS_PER_BYTE) as usize;
    (byte, at % CALLS_PER_BYTE * 2)
}
