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
    wire::{HEAD, Reader, Writer},
};
use host::Nanos;

pub(crate) const VERSION: u8 = 2;
const CLOSED_BY_COUNT: u8 = 0;
const CLOSED_BY_TIME: u8 = 1;
const OPEN: u8 = 2;
const HALF_OPEN: u8 = 3;

/// Enough for a half-open state of the default settings without growing.
const TYPICAL_TRIAL: usize = 192;

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

    /// The bytes to store. A window's buffer is the one it was read from.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let head = self.head();
        match self.phase {
            Phase::Closed(window) => window.into_body().into_stored(head),
            Phase::Open { since } => {
                let mut out = Writer::with_capacity(HEAD + 8);
                out.bytes(&head);
                out.u64(since.0);
                out.into_bytes()
            }
            Phase::HalfOpen(trial) => {
                let mut out = Writer::with_capacity(TYPICAL_TRIAL);
                out.bytes(&head);
                trial.write(&mut out);
                out.into_bytes()
            }
        }
    }

    /// Reads stored bytes; `None` if they are not of this version and these settings.
    #[must_use]
    pub fn from_bytes(settings: &Settings, stored: Vec<u8>) -> Option<Self> {
        let mut from = Reader::new(&stored);
        let (tag, epoch, stamp) = head(&mut from)?;
        let phase = match (tag, settings.window) {
            (CLOSED_BY_COUNT, Span::Calls(calls)) => {
                Phase::Closed(Window::Count(CountWindow::of(calls, stored)?))
            }
            (CLOSED_BY_TIME, Span::Seconds(seconds)) => {
                Phase::Closed(Window::Time(TimeWindow::of(seconds, stored)?))
            }
            _ => Phase::read_unclosed(tag, from)?,
        };
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

    fn head(&self) -> [u8; HEAD] {
        let [a, b, c, d] = self.epoch.to_le_bytes();
        let [e, f, g, h, i, j, k, l] = self.stamp.0.to_le_bytes();
        let tag = self.phase.tag();
        [VERSION, tag, a, b, c, d, e, f, g, h, i, j, k, l]
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

    fn read_unclosed(tag: u8, mut from: Reader<'_>) -> Option<Self> {
        let phase = match tag {
            OPEN => Self::Open {
                since: Nanos(from.u64()?),
            },
            HALF_OPEN => Self::HalfOpen(Trial::read(&mut from)?),
            _ => return None,
        };
        from.end().map(|()| phase)
    }
}
