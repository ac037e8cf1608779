//! Requests that a stage lets wait: they go on where they stopped, and there is room for so many.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may end where it fails"
)]

use engine::{
    Cause, CompileContext, EndContext, Engine, Position, Refusal, RequestContext, Stage, Verdict,
    Wait,
};
use host::{
    Flow, Nanos, Plugin, Stream,
    fake::{Change, FakeHost},
};
use std::{rc::Rc, time::Duration};

/// Proves who calls, and counts how often it was asked.
struct Who;

impl Stage for Who {
    type State = u32;

    const POSITION: Position = Position::Authentication;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, asked: &mut u32) -> Verdict {
        *asked += 1;
        let client = cx.header("x-key").unwrap_or(b"nobody");
        let client = String::from_utf8_lossy(client).into_owned();
        cx.identity.set_api_key(client.into());
        cx.changes.set_request("x-asked", asked.to_string());
        cx.changes.set_request("x-lane-code", "ours");
        Verdict::Continue
    }

    fn end(&self, cx: &mut EndContext<'_>, asked: &mut u32) {
        let line = format!("asked {asked}, refused {}", cx.refused);
        cx.host.log(log::Level::Info, &line);
    }
}

/// Lets each request wait for ten nanoseconds, if there is room, and refuses those of mallory afterwards.
struct Slow;

impl Stage for Slow {
    type State = Option<Nanos>;

    const POSITION: Position = Position::Rate;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, until: &mut Option<Nanos>) -> Verdict {
        match *until {
            Some(until) if until > cx.now() => Verdict::Wait(Wait::Retry),
            Some(_) if cx.identity.api_key() == Some("mallory") => {
                Refusal::by_policy(Cause::RateLimited, "slow", &"s".into(), "no").into()
            }
            Some(_) => Verdict::Continue,
            None if cx.can_wait => {
                let due = cx.now().after(Duration::from_nanos(10));
                *until = Some(due);
                Verdict::Wait(Wait::Until(due))
            }
            None => Refusal::by_policy(Cause::RateLimited, "full", &"s".into(), "no").into(),
        }
    }

    fn end(&self, cx: &mut EndContext<'_>, until: &mut Option<Nanos>) {
        let line = format!("waited {}", until.is_some());
        cx.host.log(log::Level::Info, &line);
    }
}

/// Sees what the stages before have found.
struct Last;

impl Stage for Last {
    type State = ();

    const POSITION: Position = Position::Breaker;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let client = cx.identity.api_key().unwrap_or("forgotten").to_owned();
        cx.changes.set_request("x-client", client);
        cx.changes.set_request("x-whole", cx.is_whole.to_string());
        Verdict::Continue
    }
}

type Filter = Engine<(Who, Slow, Last)>;

const DOCUMENT: &[u8] = br#"{"services": [{"name": "orders"}], "settings": {"maxWaiting": 2}}"#;

struct Scene {
    host: FakeHost,
    filter: Rc<Filter>,
}

type Exchange = <Filter as Plugin>::Stream;

impl Scene {
    fn new() -> Self {
        let host = FakeHost::new();
        let filter = Filter::configure(&host, DOCUMENT).unwrap();
        let filter = Rc::new(filter);
        Self { host, filter }
    }

    fn come(&self, client: &str) -> (Exchange, Flow) {
        self.host.set_request(&[
            (":method", "GET"),
            (":authority", "orders"),
            (":path", "/"),
            ("x-key", client),
            ("x-lane-code", "theirs"),
        ]);
        let mut stream = self.filter.open();
        let flow = stream.request_headers(&self.host, true);
        (stream, flow)
    }

    fn outcomes(&self) -> (i64, i64) {
        let count = |outcome: &str| {
            let name = format!("steward_requests_total;service=orders;outcome={outcome}");
            self.host.metric(&name).unwrap()
        };
        (count("passed"), count("refused"))
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.host.texts().into_iter();
        lines.filter(|line| !line.starts_with('{')).collect()
    }
}

const UNTIL_TEN: Flow = Flow::Wait(Wait::Until(Nanos(10)));

#[test]
fn it_goes_on_where_it_stopped_with_all_that_was_found() {
    let scene = Scene::new();
    let (mut stream, flow) = scene.come("ann");
    assert_eq!(flow, UNTIL_TEN);
    assert!(scene.host.changes().is_empty(), "nothing is changed before");
    assert_eq!(scene.outcomes(), (0, 0));

    scene.host.advance(Duration::from_nanos(9));
    assert_eq!(stream.resume(&scene.host), Flow::Wait(Wait::Retry));
    scene.host.advance(Duration::from_nanos(1));
    assert_eq!(stream.resume(&scene.host), Flow::Continue);
    let set = |name: &str, value: &str| Change::SetRequest(name.into(), value.into());
    let expected = [
        set("x-lane-code", "ours"),
        set("x-asked", "1"),
        set("x-client", "ann"),
        set("x-whole", "true"),
    ];
    let changes = scene.host.changes();
    assert_eq!(changes.len(), expected.len(), "{changes:?}");
    assert!(
        expected.iter().all(|one| changes.contains(one)),
        "{changes:?}"
    );
    assert_eq!(scene.outcomes(), (1, 0));
    stream.end(&scene.host);
    assert_eq!(scene.lines(), ["asked 1, refused false", "waited true"]);
}

#[test]
fn it_may_be_refused_in_the_end() {
    let scene = Scene::new();
    let (mut stream, _) = scene.come("mallory");
    scene.host.advance(Duration::from_nanos(10));
    assert_eq!(stream.resume(&scene.host), Flow::Pause);
    assert_eq!(scene.host.replies()[0].status, 429);
    assert_eq!(scene.outcomes(), (0, 1));
}

#[test]
fn who_leaves_while_waiting_did_not_pass() {
    let scene = Scene::new();
    let (mut stream, _) = scene.come("ann");
    stream.end(&scene.host);
    assert_eq!(scene.lines(), ["asked 1, refused true", "waited true"]);
    assert_eq!(scene.outcomes(), (0, 0));
}

#[test]
fn there_is_room_for_so_many_and_each_leaves_its_place_once() {
    let scene = Scene::new();
    let (mut first, _) = scene.come("ann");
    let (mut second, flow) = scene.come("bob");
    assert_eq!(flow, UNTIL_TEN);
    assert_eq!(scene.come("eve").1, Flow::Pause, "there are two");

    scene.host.advance(Duration::from_nanos(10));
    assert_eq!(first.resume(&scene.host), Flow::Continue);
    first.end(&scene.host);
    second.end(&scene.host);
    let third = [
        scene.come("ann").1,
        scene.come("ann").1,
        scene.come("ann").1,
    ];
    let until = Flow::Wait(Wait::Until(Nanos(20)));
    assert_eq!(third, [until, until, Flow::Pause]);
}
