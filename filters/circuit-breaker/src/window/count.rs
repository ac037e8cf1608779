//! The last N calls, exactly: a ring of two bits a call and the running count.
//!
//! Two bits rather than counters a block of calls: the requirement's windows are small (5 calls in its example), and
//! there a window that is off by a part of itself trips at another call than the document says.

use crate::{
    tally::{Call, Tally},
    wire::{Reader, Writer},
};
use std::num::NonZeroU32;

const CALLS_PER_BYTE: u32 = 4;
const FAILED: u8 = 0b01;
const SLOW: u8 = 0b10;

/// A ring of the last calls' outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CountWindow {
    size: NonZeroU32,
    /// Where the next call goes: the oldest one's place once the ring is full.
    next: u32,
    tally: Tally,
    marks: Vec<u8>,
}

// === impl CountWindow ===

impl CountWindow {
    pub(crate) fn new(size: NonZeroU32) -> Self {
        Self {
            size,
            next: 0,
            tally: Tally::default(),
            marks: vec![0; bytes(size)],
        }
    }

    pub(crate) fn push(&mut self, call: Call) {
        if self.tally.calls >= self.size.get() {
            let oldest = self.mark(self.next);
            self.tally.remove(oldest);
        }
        self.set_mark(self.next, call);
        self.tally.add(call);
        self.next = (self.next + 1) % self.size;
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u32(self.size.get());
        out.u32(self.next);
        out.tally(self.tally);
        out.bytes(&self.marks);
    }

    /// Reads what [`write`](Self::write) wrote; `None` unless it is a window of this size.
    pub(crate) fn read(size: NonZeroU32, from: &mut Reader<'_>) -> Option<Self> {
        let is_size = from.u32()? == size.get();
        let (next, tally) = (from.u32()?, from.tally()?);
        let marks = from.bytes(bytes(size))?.to_vec();
        let in_step = tally.calls == size.get() || tally.calls == next;
        let is_sound = tally.calls <= size.get() && next < size.get() && in_step;
        (is_size && is_sound).then_some(Self {
            size,
            next,
            tally,
            marks,
        })
    }

    fn mark(&self, at: u32) -> Call {
        let (byte, shift) = place(at);
        let bits = self.marks.get(byte).map_or(0, |marks| marks >> shift);
        Call {
            failed: bits & FAILED != 0,
            slow: bits & SLOW != 0,
        }
    }

    fn set_mark(&mut self, at: u32, call: Call) {
        let (byte, shift) = place(at);
        let bits = if call.failed { FAILED } else { 0 } | if call.slow { SLOW } else { 0 };
        if let Some(marks) = self.marks.get_mut(byte) {
            *marks = *marks & !((FAILED | SLOW) << shift) | bits << shift;
        }
    }
}

/// Bytes that so many calls take.
fn bytes(size: NonZeroU32) -> usize {
    size.get().div_ceil(CALLS_PER_BYTE) as usize
}

/// The byte and the shift of a call's two bits.
fn place(at: u32) -> (usize, u32) {
    ((at / CALLS_PER_BYTE) as usize, at % CALLS_PER_BYTE * 2)
}
