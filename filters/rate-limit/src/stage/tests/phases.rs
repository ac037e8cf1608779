//! Limits before anybody asks who it is.

use super::scene::{Scene, limit, service, with};
use crate::{EarlyLimit, Limit};
use engine::{Cause, CompileContext, Engine, Position, Refusal, RequestContext, Stage, Verdict};
use host::{Plugin, Stream, fake::FakeHost};
use serde_json::json;
use std::rc::Rc;

/// Turns away who has not the right token.
struct Doorman;

impl Stage for Doorman {
    type State = ();

    const POSITION: Position = Position::Authentication;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        match cx.header("x-token") {
            Some(b"right") => Verdict::Continue,
            _ => Refusal::new(Cause::Unauthenticated, "no", "no").into(),
        }
    }
}

fn early(name: &str, threshold: u32) -> serde_json::Value {
    with(limit(name, threshold, 60_000), json!({ "phase": "early" }))
}

#[test]
fn guesses_are_counted_before_they_are_checked() {
    let host = FakeHost::new();
    let policies = json!([early("guesses", 4), limit("calls", 2, 60_000)]);
    let document = json!({ "services": [service(&policies)] }).to_string();
    type Guarded = Engine<(EarlyLimit, Doorman, Limit)>;
    let plugin = Rc::new(Guarded::configure(&host, document.as_bytes()).unwrap());
    let status = |token: &str| {
        let worker = host.another_worker();
        let headers = [
            (":method", "GET"),
            (":authority", "orders"),
            (":path", "/"),
            ("x-token", token),
        ];
        worker.set_request(&headers);
        let mut stream = plugin.open();
        stream.request_headers(&worker, true);
        stream.end(&worker);
        worker.replies().first().map_or(200, |reply| reply.status)
    };
    let statuses = ["a", "right", "b", "c", "right"].map(status);
    assert_eq!(statuses, [401, 200, 401, 401, 429], "even the right one");
    let counted = |policy| {
        let labels = format!("service=orders;policy={policy};kind=rate;outcome=passed");
        host.metric(&format!("steward_decisions_total;{labels}"))
    };
    assert_eq!((counted("guesses"), counted("calls")), (Some(4), Some(1)));
}

#[test]
fn what_a_later_limit_refuses_the_early_one_has_counted() {
    let scene = Scene::new(&json!([limit("late", 1, 60_000), early("early", 3)]));
    assert_eq!(scene.count(5, &[]), 1);
    assert_eq!(
        (
            scene.decisions("early", "passed"),
            scene.decisions("early", "refused")
        ),
        (3, 2)
    );
    assert_eq!(
        (
            scene.decisions("late", "passed"),
            scene.decisions("late", "refused")
        ),
        (1, 2)
    );
    assert_eq!(scene.host.metric("steward_rate_refunds_total"), Some(0));
}

#[test]
fn both_phases_tell_where_a_request_stands() {
    let policies = json!([limit("late", 5, 60_000), early("early", 3)]);
    let outcome = Scene::telling(&policies).get("/", &[]);
    assert_eq!(
        outcome.header("ratelimit"),
        Some("\"early\";r=2;t=60, \"late\";r=4;t=60")
    );
    assert_eq!(
        outcome.header("ratelimit-policy"),
        Some("\"early\";q=3;w=60, \"late\";q=5;w=60")
    );
    assert!(outcome.reply.is_none());

    for (early_threshold, late_threshold) in [(3, 5), (5, 3)] {
        let policies = json!([
            limit("late", late_threshold, 60_000),
            early("early", early_threshold)
        ]);
        let settings =
            json!({ "rateLimitHeaders": "x-ratelimit", "rateLimitHeadersOnSuccess": true });
        let scene = Scene::with(&json!({ "services": [service(&policies)], "settings": settings }));
        let outcome = scene.get("/", &[]);
        let told = [
            outcome.header("x-ratelimit-limit"),
            outcome.header("x-ratelimit-remaining"),
        ];
        assert_eq!(told, [Some("3"), Some("2")], "the tighter one");
    }
}
