//! The VM's one timer, for all who want it.
//!
//! Envoy gives a root context a single timer, so that its period is the least of what is wished for, and whoever wished for
//! more is called on only when its own time has come. While requests wait it runs faster still. A document that wishes for
//! nothing has no timer at all.

use host::Nanos;
use std::{cell::Cell, time::Duration};

/// Who wants the timer, and how often.
#[derive(Debug)]
pub(crate) struct Ticks {
    /// The least that a stage asked for at compile time.
    stages: Option<Duration>,
    /// When the stages' turn comes; zero at first, which has passed.
    due: Cell<Nanos>,
}

// === impl Ticks ===

impl Ticks {
    pub(crate) fn new(stages: Option<Duration>) -> Self {
        Self {
            stages,
            due: Cell::default(),
        }
    }

    /// The timer's period; `None`: nobody wants it.
    pub(crate) fn period(&self) -> Option<Duration> {
        self.stages
    }

    /// Whether a tick at `now` is the stages' turn: not if the timer runs faster than they asked for.
    pub(crate) fn is_stages_turn(&self, now: Nanos) -> bool {
        let Some(period) = self.stages.filter(|_| now >= self.due.get()) else {
            return false;
        };
        // A timer is late by a little, so that the time to the next tick may be less than the period.
        self.due.set(now.after(period - period / 8));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn nobody_asked_nothing_runs() {
        let ticks = Ticks::new(None);
        assert_eq!(ticks.period(), None);
        assert!(!ticks.is_stages_turn(Nanos(1)));
    }

    #[test]
    fn a_faster_timer_does_not_hurry_the_stages() {
        let ticks = Ticks::new(Some(SECOND));
        assert_eq!(ticks.period(), Some(SECOND));
        let begun = Nanos(7_000_000_000);
        let turns = (0..2_000).filter(|millisecond| {
            ticks.is_stages_turn(begun.after(Duration::from_millis(*millisecond)))
        });
        assert_eq!(turns.count(), 3);
    }

    #[test]
    fn a_timer_of_their_own_period_is_always_their_turn() {
        let ticks = Ticks::new(Some(SECOND));
        for (number, lateness) in [0, 3, 0, 9, 1].into_iter().enumerate() {
            let span = SECOND * u32::try_from(number).unwrap() + Duration::from_millis(lateness);
            assert!(ticks.is_stages_turn(Nanos(7).after(span)));
        }
    }
}
