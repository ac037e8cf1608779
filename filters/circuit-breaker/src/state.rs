//! What a breaker remembers, and its bytes in the host's shared data.
//!
//! The layout is fixed and little-endian: version (1), phase (1), epoch (4), stamp (8), then the phase's own. Bytes of another
//! version, of another window, too short or too long read as `None`, which a breaker treats as never set: a closed breaker
//! that has seen no calls. That errs towards letting pass, and only when the module itself was replaced by one that
//! stores otherwise.

use crate::{
    settings::{Settings, Span},
    trial::Trial,
    window::{CountWindow, TimeWindow, Window},
    wire::{Reader, Writer},
};
use host::Nanos;

const VERSION: u8 = 1;
const CLOSED_BY_COUNT: u8 = 0;
const CLOSED_BY_TIME: u8 = 1;
const OPEN: u8 = 2;
const HALF_OPEN: u8 = 3;

/// Enough for every phase of the default settings without growing.
const TYPICAL_BYTES: usize = 832;

/// A breaker's memory, shared by all workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// How often the breaker has changed its mode. A permit carries it, and a result counts only in the epoch it was
    /// admitted in: calls let through before a trip must not count against the recovery.
    pub(crate) epoch: u32,
    /// The newest time seen. Workers may commit out of order: time is never less than this.
    pub(crate) stamp: Nanos,
    pub(crate) phase: Phase,
}

/// What the breaker is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Letting everything through and counting.
    Closed(Window),
    /// Refusing everything. Kept by its start, so that a document that shortens the open time acts at once.
    Open { since: Nanos },
    /// Letting a few through.
    HalfOpen(Trial),
}

/// A breaker's mode, as metrics and logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Letting everything through.
    Closed,
    /// Letting a few through.
    HalfOpen,
    /// Refusing everything.
    Open,
}

// === impl State ===

impl State {
    /// A closed breaker that has seen no calls.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let phase = Phase::Closed(Window::new(settings));
        Self {
            epoch: 0,
            stamp: Nanos(0),
            phase,
        }
    }

    /// The mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.phase {
            Phase::Closed(_) => Mode::Closed,
            Phase::HalfOpen(_) => Mode::HalfOpen,
            Phase::Open { .. } => Mode::Open,
        }
    }

    /// The bytes to store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(TYPICAL_BYTES);
        out.u8(VERSION);
        out.u8(self.phase.tag());
        out.u32(self.epoch);
        out.u64(self.stamp.0);
        self.phase.write(&mut out);
        out.into_bytes()
    }

    /// Reads stored bytes; `None` if they are not of this version and these settings.
    #[must_use]
    pub fn from_bytes(settings: &Settings, bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let (tag, epoch, stamp) = head(&mut from)?;
        let phase = Phase::read(tag, settings, &mut from)?;
        from.end()?;
        Some(Self {
            epoch,
            stamp,
            phase,
        })
    }

    /// The epoch, if the bytes are of a closed breaker: all that an admission needs, without reading its window.
    #[must_use]
    pub fn closed_epoch(bytes: &[u8]) -> Option<u32> {
        let (tag, epoch, _) = head(&mut Reader::new(bytes))?;
        matches!(tag, CLOSED_BY_COUNT | CLOSED_BY_TIME).then_some(epoch)
    }
}

fn head(from: &mut Reader<'_>) -> Option<(u8, u32, Nanos)> {
    let is_known = from.u8()? == VERSION;
    let head = (from.u8()?, from.u32()?, Nanos(from.u64()?));
    is_known.then_some(head)
}

// === impl Phase ===

impl Phase {
    fn tag(&self) -> u8 {
        match self {
            Self::Closed(Window::Count(_)) => CLOSED_BY_COUNT,
            Self::Closed(Window::Time(_)) => CLOSED_BY_TIME,
            Self::Open { .. } => OPEN,
            Self::HalfOpen(_) => HALF_OPEN,
        }
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Closed(Window::Count(window)) => window.write(out),
            Self::Closed(Window::Time(window)) => window.write(out),
            Self::Open { since } => out.u64(since.0),
            Self::HalfOpen(trial) => trial.write(out),
        }
    }

    fn read(tag: u8, settings: &Settings, from: &mut Reader<'_>) -> Option<Self> {
        match (tag, settings.window) {
            (CLOSED_BY_COUNT, Span::Calls(calls)) => {
                CountWindow::read(calls, from).map(|window| Self::Closed(Window::Count(window)))
            }
            (CLOSED_BY_TIME, Span::Seconds(seconds)) => {
                TimeWindow::read(seconds, from).map(|window| Self::Closed(Window::Time(window)))
            }
            (OPEN, _) => Some(Self::Open {
                since: Nanos(from.u64()?),
            }),
            (HALF_OPEN, _) => Trial::read(from).map(Self::HalfOpen),
            _ => None,
        }
    }
}
