//! Time, read at most once per callback: two stages of one request never see two times, and a request that needs none
//! pays for none.

use host::{Host, Nanos};
use std::{cell::Cell, time::Duration};

pub(crate) struct Clock<'a> {
    host: &'a dyn Host,
    now: Cell<Option<Nanos>>,
    wall_clock: Cell<Option<Duration>>,
}

// === impl Clock ===

impl<'a> Clock<'a> {
    pub(crate) fn new(host: &'a dyn Host) -> Self {
        Self {
            host,
            now: Cell::new(None),
            wall_clock: Cell::new(None),
        }
    }

    pub(crate) fn now(&self) -> Nanos {
        let now = self.now.get().unwrap_or_else(|| self.host.now());
        self.now.set(Some(now));
        now
    }

    pub(crate) fn wall_clock(&self) -> Duration {
        let wall_clock = self
            .wall_clock
            .get()
            .unwrap_or_else(|| self.host.wall_clock());
        self.wall_clock.set(Some(wall_clock));
        wall_clock
    }
}
