//! What an operator sees of fetches: two counters, a time, and a line where something is wrong.
//!
//! A failure is one line, as often as it is tried again; a key that is passed over is told once for each set, by the worker that
//! fetched it.

use crate::{
    jwk::Skipped,
    remote::failure::{Failure, Fetched},
};
use engine::{
    BackgroundContext, Metrics,
    metrics::{Counter, Gauge},
    write_line,
};
use policy_model::{Severity, document::RemoteJwks};
use serde::Serialize;
use std::{rc::Rc, time::Duration};

/// Tells of one provider's fetches.
pub(crate) struct Teller {
    provider: Rc<str>,
    fetched: Counter,
    failed: Counter,
    fetched_at: Gauge,
}

#[derive(Serialize)]
struct FailedLine<'a> {
    steward: &'static str,
    provider: &'a str,
    cluster: &'a str,
    uri: &'a str,
    reason: String,
    retry_in_ms: u64,
}

#[derive(Serialize)]
struct FetchedLine<'a> {
    steward: &'static str,
    provider: &'a str,
    keys: usize,
    remarks: Vec<String>,
}

/// What is said of one set at most: it comes from elsewhere, and a line of a log is not a page.
const MOST_REMARKS: usize = 20;

// === impl Teller ===

impl Teller {
    pub(crate) fn define(metrics: &mut Metrics<'_>, provider: &str) -> Self {
        let mut fetches = |outcome| {
            let labels = [("provider", provider), ("outcome", outcome)];
            metrics.counter("steward_jwks_fetches_total", &labels)
        };
        Self {
            fetched: fetches("fetched"),
            failed: fetches("failed"),
            fetched_at: metrics.gauge(
                "steward_jwks_fetched_timestamp_seconds",
                &[("provider", provider)],
            ),
            provider: Rc::from(provider),
        }
    }

    pub(crate) fn fetched(&self, cx: &BackgroundContext<'_>) {
        self.fetched.increment(cx.host);
        self.fetched_at.set(cx.host, cx.wall_clock().as_secs());
    }

    pub(crate) fn new_set(
        &self,
        cx: &BackgroundContext<'_>,
        fetched: &Fetched<'_>,
        unusable: &[Skipped],
    ) {
        let mut remarks = Vec::new();
        for finding in fetched.report.findings() {
            if finding.severity != Severity::Info && remarks.len() < MOST_REMARKS {
                remarks.push(format!("{}: {}", finding.pointer, finding.message));
            }
        }
        for key in unusable {
            remarks.push(format!("{}: {}", key.pointer, key.why));
        }
        remarks.truncate(MOST_REMARKS);
        let keys = fetched.set.keys.len() - unusable.len();
        // Without a key every token is refused: an issuer may mean that, and hardly ever does.
        let level = match keys > 0 && remarks.is_empty() {
            true => log::Level::Info,
            false => log::Level::Warn,
        };
        let line = FetchedLine {
            steward: "jwks_fetched",
            provider: &self.provider,
            keys,
            remarks,
        };
        write_line(cx.host, level, &line);
    }

    pub(crate) fn failed(
        &self,
        cx: &BackgroundContext<'_>,
        from: &RemoteJwks,
        failure: Failure,
        put_off: Duration,
    ) {
        self.failed.increment(cx.host);
        let line = FailedLine {
            steward: "jwks_fetch_failed",
            provider: &self.provider,
            cluster: &from.cluster,
            uri: &from.uri,
            reason: failure.to_string(),
            retry_in_ms: u64::try_from(put_off.as_millis()).unwrap_or(u64::MAX),
        };
        write_line(cx.host, log::Level::Warn, &line);
    }
}
