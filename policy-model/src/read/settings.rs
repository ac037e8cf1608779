//! Reads what holds for the whole document, and where this Envoy stands.

use super::object::Obj;
use crate::document::{Location, Settings, StateSettings};

pub(super) fn settings(o: &mut Obj) -> Settings {
    o.guard();
    Settings {
        trusted_client_headers: o.flag("trustedClientHeaders").unwrap_or_default(),
        unmatched: o.word("unmatched").unwrap_or_default(),
        state: o.object("state", state).unwrap_or_default(),
        max_waiting: o
            .whole("maxWaiting")
            .unwrap_or(Settings::DEFAULT_MAX_WAITING),
        rate_limit_headers: o.word("rateLimitHeaders").unwrap_or_default(),
        rate_limit_headers_on_success: o.flag("rateLimitHeadersOnSuccess").unwrap_or_default(),
        rate_limit_draft: o.whole("rateLimitDraft"),
        error_format: o.word("errorFormat").unwrap_or_default(),
        group: o.filled("group"),
        fault_injection: o.flag("faultInjection"),
    }
}

fn state(o: &mut Obj) -> StateSettings {
    o.guard();
    StateSettings {
        entries_per_policy: o
            .whole("entriesPerPolicy")
            .unwrap_or(StateSettings::DEFAULT_ENTRIES),
    }
}

pub(super) fn location(o: &mut Obj) -> Location {
    o.guard();
    Location {
        live_space_id: o.filled("liveSpaceId"),
        unit: o.filled("unit"),
        cell: o.filled("cell"),
        lane_space_id: o.filled("laneSpaceId"),
        lane: o.filled("lane"),
    }
}
