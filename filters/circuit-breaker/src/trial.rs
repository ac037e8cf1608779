//! The half-open state: a few calls are let through, and their results decide.
//!
//! Each call let through holds a permit, and each permit is kept with its number and hour until it comes back, so that a
//! result or a return counts once and no more. Not every permit comes back: a worker's VM may trap, an upstream may hang
//! under a route without a timeout. Were the breaker to wait for those, it would refuse for ever. So a permit that has been
//! out for [`Settings::permit_life`] **counts as a slow call**: that is longer than a slow call by definition, which is all
//! that is known about it. Taking it back uncounted instead would let a hanging upstream keep the breaker half-open, a few
//! hanging calls at a time, for as long as it hangs.
//!
//! Results and permits together never exceed the calls allowed, and the quorum is never more than those, so a decision is
//! always in reach.

use crate::{
    settings::Settings,
    tally::{Call, Tally, Trip},
    wire::{Reader, Writer},
};
use host::Nanos;

/// A half-open state under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    began: Nanos,
    tally: Tally,
    issued: u32,
    /// Permits that are out, oldest first.
    out: Vec<Out>,
}

/// A permit that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Out {
    number: u32,
    since: Nanos,
}

// === impl Trial ===

impl Trial {
    pub(crate) fn new(now: Nanos) -> Self {
        Self {
            began: now,
            tally: Tally::default(),
            issued: 0,
            out: Vec::new(),
        }
    }

    /// A permit's number, if one is left.
    pub(crate) fn grant(&mut self, settings: &Settings, now: Nanos) -> Option<u32> {
        let taken = u64::from(self.tally.calls) + self.out.len() as u64;
        if taken >= u64::from(settings.trial_calls.get()) {
            return None;
        }
        let number = self.issued;
        self.issued = self.issued.wrapping_add(1);
        self.out.push(Out { number, since: now });
        Some(number)
    }

    /// Takes a permit back with its call's result. `false`: it is not out.
    pub(crate) fn report(&mut self, number: u32, call: Call) -> bool {
        let was_out = self.take_back(number);
        if was_out {
            self.tally.add(call);
        }
        was_out
    }

    /// Takes a permit back. `false`: it is not out.
    pub(crate) fn take_back(&mut self, number: u32) -> bool {
        let at = self.out.iter().position(|out| out.number == number);
        at.map(|at| self.out.remove(at)).is_some()
    }

    /// Counts the oldest permit as a slow call if its life ended by `now`, and says when that was.
    pub(crate) fn expire(&mut self, settings: &Settings, now: Nanos) -> Option<Nanos> {
        let end = self.out.first()?.since.after(settings.permit_life());
        (end <= now).then(|| {
            self.out.remove(0);
            self.tally.add(Call {
                failed: false,
                slow: true,
            });
            end
        })
    }

    /// When the state may no longer be half-open.
    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Nanos> {
        settings.trial_for.map(|span| self.began.after(span))
    }

    /// The verdict, once enough results are in: what tripped, or that nothing did.
    pub(crate) fn verdict(&self, settings: &Settings) -> Option<Result<(), Trip>> {
        (self.tally.calls >= settings.trial_quorum())
            .then(|| self.tally.trip(settings).map_or(Ok(()), Err))
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u64(self.began.0);
        out.tally(self.tally);
        out.u32(self.issued);
        out.u32(u32::try_from(self.out.len()).unwrap_or(u32::MAX));
        for permit in &self.out {
            out.u32(permit.number);
            out.u64(permit.since.0);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (began, tally, issued) = (Nanos(from.u64()?), from.tally()?, from.u32()?);
        let count = from.u32()?;
        let out = (0..count)
            .map(|_| Out::read(from))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            began,
            tally,
            issued,
            out,
        })
    }
}

// === impl Out ===

impl Out {
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            number: from.u32()?,
            since: Nanos(from.u64()?),
        })
    }
}
