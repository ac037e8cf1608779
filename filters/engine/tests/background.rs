//! What stages do beside requests: on the timer, and when an answer to a call of theirs comes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may end where it fails"
)]

use engine::{BackgroundContext, CompileContext, Engine, Position, RequestContext, Stage, Verdict};
use host::{CallAnswer, CallId, HttpCall, Plugin, fake::FakeHost};
use std::{cell::Cell, time::Duration};

/// Asks for a tick at a period of its place's, calls once, and tells what it sees.
struct Worker<const POSITION: usize> {
    called: Cell<Option<CallId>>,
}

impl<const POSITION: usize> Stage for Worker<POSITION> {
    type State = ();

    const POSITION: Position = match POSITION {
        0 => Position::Authentication,
        _ => Position::Rate,
    };

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        if !cx.document.services.is_empty() {
            cx.tick_every(Duration::from_secs(3 - POSITION as u64));
        }
        Self {
            called: Cell::new(None),
        }
    }

    fn request(&self, _: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        Verdict::Continue
    }

    fn tick(&self, cx: &BackgroundContext<'_>) {
        let sent = cx.host.http_call(&HttpCall {
            cluster: "issuer",
            headers: &[(":method", "GET"), (":path", "/"), (":authority", "i")],
            body: b"",
            timeout: Duration::from_secs(1),
        });
        self.called.set(sent.ok());
    }

    fn http_response(&self, cx: &BackgroundContext<'_>, call: CallId, answer: Option<&CallAnswer>) {
        if self.called.get() == Some(call) {
            let line = format!(
                "{POSITION} at {}: {:?}",
                cx.now().0,
                answer.map(|answer| answer.status)
            );
            cx.host.log(log::Level::Warn, &line);
        }
    }
}

type Filter = Engine<(Worker<0>, Worker<1>)>;

#[test]
fn the_timer_has_the_least_period_that_a_stage_asked_for() {
    let host = FakeHost::new();
    let filter = Filter::configure(&host, br#"{"services": [{"name": "orders"}]}"#).unwrap();
    assert_eq!(filter.tick_period(), Some(Duration::from_secs(2)));
}

#[test]
fn without_a_wish_there_is_no_timer() {
    let host = FakeHost::new();
    let filter = Filter::configure(&host, b"{}").unwrap();
    assert_eq!(filter.tick_period(), None);
}

#[test]
fn every_stage_ticks_and_knows_its_own_answer() {
    let host = FakeHost::new();
    let filter = Filter::configure(&host, br#"{"services": [{"name": "orders"}]}"#).unwrap();
    host.advance(Duration::from_nanos(7));
    filter.tick(&host);
    let calls: Vec<_> = host.calls().iter().map(|call| call.id).collect();
    assert_eq!(calls.len(), 2);
    let answer = CallAnswer {
        status: 200,
        body: Vec::new(),
    };
    filter.http_response(&host, calls[1], Some(&answer));
    filter.http_response(&host, calls[0], None);
    let told: Vec<_> = host
        .lines()
        .into_iter()
        .filter(|(level, _)| *level == log::Level::Warn)
        .map(|(_, line)| line)
        .collect();
    assert_eq!(told, ["1 at 7: Some(200)", "0 at 7: None"]);
}
