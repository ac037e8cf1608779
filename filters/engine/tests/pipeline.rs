//! A request's way through the engine, with stages that only tell what they saw.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may end where it fails"
)]

use engine::{
    Cause, CompileContext, EndContext, Engine, Position, Refusal, RequestContext, ResponseContext,
    Stage, Verdict,
};
use host::{
    Flow, Plugin, Stream,
    fake::{Change, FakeHost},
};
use serde_json::Value;
use std::rc::Rc;

/// Says at which node a request arrived, or refuses it if it has `x-refuse`.
struct Teller {
    nodes: Vec<String>,
}

impl Stage for Teller {
    type State = bool;

    const POSITION: Position = Position::Authentication;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        let nodes = cx.model.nodes().map(|(_, node)| node.address.to_string());
        Self {
            nodes: nodes.collect(),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, seen: &mut bool) -> Verdict {
        *seen = true;
        let node = cx.node.map_or("none", |node| &self.nodes[node.index()]);
        cx.changes.set_request("x-node", node);
        cx.changes.set_response("x-seen", "yes");
        match cx.header("x-refuse") {
            Some(_) => {
                Refusal::by_policy(Cause::Forbidden, "steward_denied", &"p 1".into(), "no").into()
            }
            None => Verdict::Continue,
        }
    }

    fn response(&self, cx: &mut ResponseContext<'_>, seen: &mut bool) {
        let said = format!("{} {} {seen}", cx.status(), cx.refused);
        cx.changes.set_response("x-response", said);
    }

    fn end(&self, cx: &mut EndContext<'_>, seen: &mut bool) {
        cx.host.log(
            log::Level::Info,
            &format!("end refused={} seen={seen}", cx.refused),
        );
    }
}

/// Reads a header that an earlier stage set.
struct Echo;

impl Stage for Echo {
    type State = ();

    const POSITION: Position = Position::Rate;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let node = cx.header("x-node").unwrap_or_default().to_vec();
        let lane = cx.header("x-lane-code").unwrap_or(b"none").to_vec();
        cx.changes.set_request("x-echo", [node, lane].join(&b'|'));
        Verdict::Continue
    }
}

type Filter = Engine<(Teller, Echo)>;

const DOCUMENT: &str = r#"{"services": [{"name": "orders.example", "groups": [
    {"name": "default", "paths": [{"path": "/admin", "methods": [{"name": "GET"}]}]},
    {"name": "vip"}]}]}"#;

fn configure(document: &str, host: &FakeHost) -> Option<Rc<Filter>> {
    Filter::configure(host, document.as_bytes()).map(Rc::new)
}

fn request(document: &str, headers: &[(&str, &str)]) -> (FakeHost, Flow) {
    let host = FakeHost::with_request(headers);
    let plugin = configure(document, &host).unwrap_or_else(|| panic!("{:?}", host.lines()));
    let flow = plugin.open().request_headers(&host, true);
    (host, flow)
}

fn get<'a>(host: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", "GET"), (":authority", host), (":path", path)]
}

fn set_request(host: &FakeHost, name: &str) -> Option<String> {
    host.changes().into_iter().find_map(|change| match change {
        Change::SetRequest(changed, value) if changed == name => {
            Some(String::from_utf8(value).unwrap())
        }
        _ => None,
    })
}

fn body(host: &FakeHost) -> Value {
    serde_json::from_slice(&host.replies()[0].body).unwrap()
}

fn counted(host: &FakeHost, service: &str, outcome: &str) -> i64 {
    let name = format!("steward_requests_total;service={service};outcome={outcome}");
    host.metric(&name).unwrap_or_default()
}

#[test]
fn every_spelling_of_a_host_and_a_path_arrives_at_its_node() {
    let node = "orders.example/default PREFIX /admin GET";
    let spellings = [
        ("orders.example", "/admin"),
        ("ORDERS.example.:8443", "/admin"),
        ("orders.example", "//admin"),
        ("orders.example", "/public/../admin"),
        ("orders.example", "/public/%2e%2e/admin"),
        ("orders.example", "/%61dmin"),
        ("orders.example", "/admin/./x?a=/public"),
        ("orders.example", "/admin#/public"),
    ];
    for (host, path) in spellings {
        let (host, _) = request(DOCUMENT, &get(host, path));
        assert_eq!(
            set_request(&host, "x-node").as_deref(),
            Some(node),
            "{path}"
        );
    }
}

/// Envoy passes them on over HTTP/2, and some services put them into upper case.
#[test]
fn a_method_in_lower_case_arrives_at_its_node() {
    for method in ["get", "Get", "gET"] {
        let mut headers = get("orders.example", "/admin");
        headers[0].1 = method;
        let (host, _) = request(DOCUMENT, &headers);
        assert_eq!(
            set_request(&host, "x-node").as_deref(),
            Some("orders.example/default PREFIX /admin GET"),
            "{method}"
        );
    }
}

#[test]
fn an_id_of_any_length_does_not_fill_logs_and_replies() {
    let long = "7".repeat(50_000);
    let traced = format!("00-{long}-00");
    let mut headers = get("orders.example", "/");
    headers.extend([
        ("x-refuse", "1"),
        ("x-request-id", &long),
        ("traceparent", &traced),
    ]);
    let (host, _) = request(DOCUMENT, &headers);
    assert_eq!(body(&host)["request_id"], "");
    let longest = host.lines().iter().map(|(_, line)| line.len()).max();
    assert!(longest < Some(1_000), "{longest:?}");
}

#[test]
fn a_path_with_two_readings_is_refused_before_any_stage() {
    for path in [
        "/public%2fadmin",
        "/public\\admin",
        "/a%00",
        "/a%zz",
        "/public/..%2Fadmin",
    ] {
        let (host, flow) = request(DOCUMENT, &get("orders.example", path));
        assert_eq!(
            (host.replies()[0].status, flow),
            (400, Flow::Pause),
            "{path}"
        );
        assert_eq!(body(&host)["code"], 40001);
        assert_eq!(body(&host)["reason"], "F40000");
        assert!(host.changes().is_empty());
        assert!(
            host.replies()[0]
                .details
                .starts_with("steward_unsafe_path{")
        );
    }
}

#[test]
fn a_path_that_is_too_long_is_refused_as_that() {
    let path = format!("/{}", "a".repeat(8 * 1024));
    let (host, _) = request(DOCUMENT, &get("orders.example", &path));
    assert_eq!(host.replies()[0].details, "steward_unsafe_path{too_long}");
    assert_eq!(body(&host)["message"], "the path is longer than 8 KiB");
}

#[test]
fn requests_without_a_path_are_the_services() {
    for headers in [
        vec![(":method", "CONNECT"), (":authority", "orders.example:443")],
        vec![
            (":method", "OPTIONS"),
            (":authority", "orders.example"),
            (":path", "*"),
        ],
    ] {
        let (host, _) = request(DOCUMENT, &headers);
        assert_eq!(
            set_request(&host, "x-node").as_deref(),
            Some("orders.example/default")
        );
    }
}

#[test]
fn later_stages_see_what_earlier_ones_set_and_not_what_clients_may_not_say() {
    let mut headers = get("orders.example", "/");
    headers.extend([
        ("x-lane-code", "gray"),
        ("x-steward-x", "1"),
        ("x-node", "forged"),
    ]);
    let (host, flow) = request(DOCUMENT, &headers);
    assert_eq!(flow, Flow::Continue);
    let echo = set_request(&host, "x-echo");
    assert_eq!(echo.as_deref(), Some("orders.example/default|none"));
    for gone in ["x-lane-code", "x-steward-x"] {
        assert!(
            host.changes().contains(&Change::RemoveRequest(gone.into())),
            "{gone}"
        );
    }
}

#[test]
fn a_group_header_counts_only_from_trusted_clients() {
    let mut headers = get("orders.example", "/");
    headers.push(("x-service-group", "vip"));
    let (host, _) = request(DOCUMENT, &headers);
    assert_eq!(
        set_request(&host, "x-node").as_deref(),
        Some("orders.example/default")
    );
    let inside = DOCUMENT.replacen('{', r#"{"settings": {"trustedClientHeaders": true},"#, 1);
    let (host, _) = request(&inside, &headers);
    assert_eq!(
        set_request(&host, "x-node").as_deref(),
        Some("orders.example/vip")
    );
}

#[test]
fn a_stranger_passes_and_is_counted_or_gets_404() {
    let (host, flow) = request(DOCUMENT, &get("other.example", "/"));
    assert_eq!(flow, Flow::Continue);
    assert_eq!(counted(&host, "-", "unmatched"), 1);
    let refusing = DOCUMENT.replacen('{', r#"{"settings": {"unmatched": "refuse"},"#, 1);
    let (host, flow) = request(&refusing, &get("other.example", "/"));
    assert_eq!((host.replies()[0].status, flow), (404, Flow::Pause));
    assert_eq!(body(&host)["code"], 40401);
    assert_eq!(counted(&host, "-", "refused"), 1);
}

#[test]
fn a_refusal_is_answered_counted_and_logged_once() {
    let mut headers = get("orders.example", "/");
    headers.extend([
        ("x-refuse", "1"),
        ("x-request-id", "r-7"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ]);
    let (host, flow) = request(DOCUMENT, &headers);
    assert_eq!(flow, Flow::Pause);
    assert!(host.changes().is_empty(), "nothing goes upstream");
    assert_eq!(body(&host)["request_id"], "r-7");
    assert_eq!(counted(&host, "orders.example", "refused"), 1);
    assert_eq!(counted(&host, "orders.example", "passed"), 0);
    let lines: Vec<Value> = host
        .lines()
        .into_iter()
        .filter(|(_, line)| line.contains("refused_request"))
        .map(|(_, line)| serde_json::from_str(&line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(lines[0]["policy"], "p 1");
    assert_eq!(lines[0]["details"], "steward_denied{p_1}");
    assert_eq!(lines[0]["status"], 403);
    let told = host.filter_state("steward").unwrap();
    assert_eq!(told, b"service=orders.example;policy=p 1");
}

#[test]
fn a_passing_request_tells_the_access_log_nothing() {
    let (host, flow) = request(DOCUMENT, &get("orders.example", "/"));
    assert_eq!(flow, Flow::Continue);
    assert_eq!(host.filter_state("steward"), None);
}

#[test]
fn a_grpc_caller_gets_a_status_and_the_bare_message() {
    let mut headers = get("orders.example", "/");
    headers.extend([
        ("x-refuse", "1"),
        ("content-type", "application/grpc+proto"),
    ]);
    let (host, _) = request(DOCUMENT, &headers);
    let reply = &host.replies()[0];
    assert_eq!(
        (reply.grpc_status, reply.body.as_slice()),
        (Some(7), b"no".as_slice())
    );
}

#[test]
fn stages_hear_of_the_response_and_of_the_end() {
    let host = FakeHost::with_request(&get("orders.example", "/"));
    let mut stream = configure(DOCUMENT, &host).unwrap().open();
    stream.request_headers(&host, true);
    host.set_response(&[(":status", "201")]);
    stream.response_headers(&host, true);
    let set = |name: &str, value: &str| Change::SetResponse(name.into(), value.into());
    assert!(host.changes().contains(&set("x-seen", "yes")));
    assert!(
        host.changes()
            .contains(&set("x-response", "201 false true"))
    );
    stream.end(&host);
    assert!(
        host.lines()
            .contains(&(log::Level::Info, "end refused=false seen=true".into()))
    );
}

#[test]
fn a_request_that_no_stage_saw_has_no_end_for_them() {
    let host = FakeHost::with_request(&get("orders.example", "/%2f"));
    let mut stream = configure(DOCUMENT, &host).unwrap().open();
    stream.request_headers(&host, true);
    stream.end(&host);
    assert!(
        host.lines()
            .iter()
            .all(|(_, line)| !line.starts_with("end "))
    );
}

#[test]
fn a_struct_is_refused_with_the_mend() {
    let host = FakeHost::new();
    assert!(configure("\n\u{b}\n\u{8}services", &host).is_none());
    let (level, line) = host.lines()[0].clone();
    assert_eq!(level, log::Level::Error);
    assert!(line.contains("StringValue"), "{line}");
}

#[test]
fn every_error_of_a_refused_document_is_told_with_its_place() {
    let host = FakeHost::new();
    let document = r#"{"services": [{"name": "a", "groups": [{"name": "default", "servicePolicy":
        {"routePolicies": [{"name": "r", "tagRules": [{"conditions": [
            {"type": "hedder", "key": "k", "values": ["v"]},
            {"type": "header", "opType": "LIKE", "key": "k", "values": ["v"]}]}]}]}}]}]}"#;
    assert!(configure(document, &host).is_none());
    let errors: Vec<Value> = host
        .lines()
        .iter()
        .filter(|(level, line)| *level == log::Level::Error && line.contains("finding"))
        .map(|(_, line)| serde_json::from_str(line).unwrap())
        .collect();
    let place = "/services/0/groups/0/servicePolicy/routePolicies/0/tagRules/0/conditions";
    for index in 0..2 {
        let told = errors.iter().filter(|error| {
            let pointer = error["finding"]["pointer"].as_str().unwrap();
            pointer.starts_with(&format!("{place}/{index}"))
        });
        assert_eq!(told.count(), 1, "{errors:#?}");
    }
}

#[test]
fn an_accepted_document_is_told_of_by_one_vm_until_it_changes() {
    let canary = FakeHost::new();
    configure(DOCUMENT, &canary).unwrap();
    let summary = canary.lines().last().unwrap().1.clone();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["steward"], "configured");
    assert_eq!(summary["summary"]["services"], 1);
    let worker = canary.another_worker();
    configure(DOCUMENT, &worker).unwrap();
    assert!(worker.lines().is_empty(), "{:?}", worker.lines());
    let changed = DOCUMENT.replace("vip", "gold");
    configure(&changed, &worker).unwrap();
    assert!(!worker.lines().is_empty());
}

/// Stands where limits do, and verifies nobody.
struct Limiter;

impl Stage for Limiter {
    type State = ();

    const POSITION: Position = Position::Rate;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, _: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        Verdict::Continue
    }
}

#[test]
fn a_module_that_verifies_nobody_says_what_it_never_sees() {
    let document = serde_json::json!({
        "authentication": {
            "apiKeys": {"fromHeaders": ["x-api-key"], "clients": [{"id": "a", "sha256": "ab".repeat(32)}]},
            "requirement": {"anyOf": ["apiKeys"]},
        },
        "services": [{"name": "s", "groups": [{"name": "default", "defaultGroup": true, "servicePolicy": {
            "rateLimitPolicies": [{"name": "l", "slidingWindows": [{"threshold": 1, "timeWindowInMs": 1000}],
                "key": [{"type": "header", "key": "x"}, {"type": "apiKey"}]}],
            "routePolicies": [{"name": "r", "tagRules": [{
                "conditions": [{"type": "apiKey", "values": ["a"]}],
                "destinations": [{"conditions": [{"key": "unit", "values": ["u"]}]}],
            }]}],
        }}]}],
    });
    let text = document.to_string();
    let host = FakeHost::new();
    assert!(Engine::<(Limiter,)>::configure(&host, text.as_bytes()).is_some());
    let blind = |host: &FakeHost| {
        let lines = host.texts().into_iter();
        let blind = lines.filter(|line| line.contains("never seen in this module"));
        blind.collect::<Vec<_>>()
    };
    let said = blind(&host);
    let key = "/services/0/groups/0/servicePolicy/rateLimitPolicies/0/key/1";
    assert!(said.len() == 1 && said[0].contains(key), "{said:?}");
    let host = FakeHost::new();
    assert!(Engine::<(Teller, Limiter)>::configure(&host, text.as_bytes()).is_some());
    assert!(blind(&host).is_empty());
}
