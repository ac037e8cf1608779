//! The one timer of a root context, and who wants it.
//!
//! The plugin has a period of its own, or none. While requests are held the timer runs as fast as Envoy lets it, since a
//! tick is the only moment at which one can go on.

use crate::{EnvoyHost, Host};
use std::{cell::Cell, time::Duration};

/// A root context's timer.
#[derive(Default)]
pub(crate) struct Timer {
    /// The plugin's own period.
    own: Cell<Option<Duration>>,
    running: Cell<Option<Duration>>,
}

/// Envoy's shortest period. With it a request goes on 1.5 to 4 ms late (measured on Envoy 1.40).
const FAST: Duration = Duration::from_millis(1);

// === impl Timer ===

impl Timer {
    /// Begins with the plugin's own period.
    pub(crate) fn start(&self, own: Option<Duration>) {
        self.own.set(own);
        self.run(false);
    }

    /// Runs fast, or as the plugin wants it.
    pub(crate) fn run(&self, fast: bool) {
        let period = if fast { Some(FAST) } else { self.own.get() };
        if period == self.running.get() {
            return;
        }
        match EnvoyHost.set_tick_period(period) {
            Ok(()) => self.running.set(period),
            Err(error) => {
                let line = format!("steward: the timer could not be set: {error}");
                EnvoyHost.log(log::Level::Error, &line);
            }
        }
    }
}
