//! What a request asks of the load balancer, told by the header that carries it.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use host::{
    Plugin, Stream,
    fake::{Change, FakeHost},
    protobuf::{Field, take_field},
};
use std::rc::Rc;
use traffic_route::TrafficRoute;

/// Routes one request and answers the request headers that were set; `None` for a removed one.
fn route(document: &str, headers: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
    route_to("/", document, headers)
}

fn route_to(path: &str, document: &str, headers: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
    let mut request = vec![(":method", "GET"), (":path", path), (":authority", "shop")];
    request.extend(headers);
    let host = FakeHost::with_request(&request);
    let plugin = TrafficRoute::configure(&host, document.as_bytes());
    let plugin = Rc::new(plugin.unwrap_or_else(|| panic!("refused: {:?}", host.lines())));
    plugin.open().request_headers(&host, true);
    let text = |value: Vec<u8>| String::from_utf8(value).unwrap();
    let changes = host
        .changes()
        .into_iter()
        .filter_map(|change| match change {
            Change::SetRequest(name, value) => Some((name, Some(text(value)))),
            Change::RemoveRequest(name) => Some((name, None)),
            Change::SetResponse(..) => None,
        });
    changes.collect()
}

/// The label sets that a request asks for, first choice first; none at all if any instance will do.
fn choices(document: &str, headers: &[(&str, &str)]) -> Vec<String> {
    choices_of(&route(document, headers))
}

fn choices_of(changes: &[(String, Option<String>)]) -> Vec<String> {
    let header = changes.iter().find(|(name, _)| name == "x-steward-subset");
    let Some((_, Some(value))) = header else {
        return Vec::new();
    };
    let value = STANDARD.decode(value).unwrap();
    nested(nested(&value, 6)[0], 1)
        .into_iter()
        .map(|choice| labels(nested(choice, 5)[0]))
        .collect()
}

fn labels(fields: &[u8]) -> String {
    let entries = nested(fields, 1).into_iter().map(|entry| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (key, value) = (nested(entry, 1)[0], nested(nested(entry, 2)[0], 3)[0]);
        format!("{}={}", text(key), text(value))
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries.join(" ")
}

fn nested(mut message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((number, Field::Bytes(bytes))) = take_field(&mut message) {
        if number == wanted {
            found.push(bytes);
        }
    }
    found
}

/// A service with this policy, and a lane space of base, gray and beta where `x-gray: true` means gray.
fn document(policy: &str, lanes: &str) -> String {
    format!(
        r#"{{
            "services": [{{"name": "shop", "groups": [{{"name": "default", "servicePolicy": {{{policy}}}}}]}}],
            "laneSpaces": [{{
                "id": "s", "defaultSpace": true, "lanes": [{lanes}],
                "rules": [{{"id": "1", "laneCode": "gray", "conditions": [
                    {{"type": "header", "opType": "EQUAL", "key": "x-gray", "values": ["true"]}}]}}]
            }}]
        }}"#
    )
}

const LANES: &str = r#"{"code": "base", "defaultLane": true}, {"code": "gray"}, {"code": "beta"}"#;
const GRAY: (&str, &str) = ("x-gray", "true");

fn lane(code: &str) -> String {
    format!("x-lane-code={code} x-lane-space-id=s")
}

#[test]
fn a_rule_colours_and_the_default_lane_stands_in() {
    let document = document("", LANES);
    assert_eq!(choices(&document, &[GRAY]), [lane("gray"), lane("base")]);
    assert_eq!(choices(&document, &[]), [lane("base")]);
}

#[test]
fn the_lane_travels_on() {
    let headers = route(&document("", LANES), &[GRAY]);
    let value = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).cloned();
    assert_eq!(value("x-lane-code").unwrap().1.as_deref(), Some("gray"));
    assert_eq!(value("x-lane-space-id").unwrap().1.as_deref(), Some("s"));
}

#[test]
fn a_domain_and_its_paths_hold_in_any_spelling() {
    let space = |host: &str, path: &str| {
        let lane = r#"{"code": "base", "defaultLane": true}, {"code": "e"}"#;
        let rules = r#"{"id": "r", "laneCode": "e"}, {"id": "never", "laneCode": "e", "ratio": 0}"#;
        document("", LANES).replace(
            r#""laneSpaces": ["#,
            &format!(
                r#""laneSpaces": [{{"id": "t", "lanes": [{lane}], "rules": [{rules}], "domains": [
                    {{"host": "{host}", "rules": ["never"], "paths": [{{"path": "{path}", "rules": ["r"]}}]}}]}},"#
            ),
        )
    };
    let lane = |code: &str| format!("x-lane-code={code} x-lane-space-id=t");
    for (host, path) in [
        ("shop", "/a/b"),
        ("Shop.:8080", "/a//b/"),
        ("shop.", "/x/../a/%62"),
    ] {
        let document = space(host, path);
        let below = choices_of(&route_to("/a/b/c", &document, &[]));
        assert_eq!(below.first(), Some(&lane("e")), "{host} {path}");
        let beside = choices_of(&route_to("/a/bc", &document, &[]));
        assert_eq!(beside.first(), Some(&lane("base")), "{host} {path}");
    }
    // The other space's lane of the same code is another lane.
    let elsewhere = choices(&space("elsewhere", "/a"), &[]);
    assert_eq!(elsewhere, ["x-lane-code=base x-lane-space-id=s"]);
}

/// The requirement, section 2.2: in the space, traffic of gray goes to beta, whether gray has instances or not.
#[test]
fn a_redirect_is_unconditional() {
    let policy = r#""lanePolicies": [{"laneSpaceId": "s", "lanes": {"gray": "beta"}}]"#;
    assert_eq!(
        choices(&document(policy, LANES), &[GRAY]),
        [lane("beta"), lane("base")]
    );
}

#[test]
fn a_clients_own_lane_counts_only_inside() {
    let edge = document("", LANES);
    let forged = [("x-lane-code", "gray"), ("x-lane-space-id", "s")];
    assert_eq!(choices(&edge, &forged), [lane("base")]);
    let inside = edge.replacen('{', r#"{"settings": {"trustedClientHeaders": true},"#, 1);
    assert_eq!(choices(&inside, &forged), [lane("gray"), lane("base")]);
}

#[test]
fn a_forged_choice_of_instances_is_removed_where_none_is_made() {
    let plain = r#"{"services": [{"name": "shop", "groups": []}]}"#;
    let headers = route(plain, &[("x-steward-subset", "AAAA")]);
    assert_eq!(headers, [("x-steward-subset".to_owned(), None)]);
}

#[test]
fn reject_means_no_second_choice() {
    let lanes = LANES.replace(r#""gray"}"#, r#""gray", "fallbackType": "REJECT"}"#);
    assert_eq!(choices(&document("", &lanes), &[GRAY]), [lane("gray")]);
}

#[test]
fn the_services_fallback_comes_before_the_lanes() {
    let lanes = LANES.replace(r#""gray"}"#, r#""gray", "fallbackType": "REJECT"}"#);
    let policy = r#""lanePolicies": [{"laneSpaceId": "s", "fallbackType": "CUSTOM", "fallbackLanes": {"gray": "beta"}}]"#;
    assert_eq!(
        choices(&document(policy, &lanes), &[GRAY]),
        [lane("gray"), lane("beta")]
    );
}

#[test]
fn a_service_can_stay_out_of_lanes() {
    let policy = r#""autoLaneEnabled": false"#;
    assert!(choices(&document(policy, LANES), &[GRAY]).is_empty());
    let lanes = LANES.replace(r#""gray"}"#, r#""gray", "autoJoin": false}"#);
    assert!(choices(&document("", &lanes), &[GRAY]).is_empty());
    assert_eq!(
        choices(&document(r#""autoLaneEnabled": true"#, &lanes), &[GRAY]),
        [lane("gray"), lane("base")]
    );
}

fn tag_policy(destinations: &str) -> String {
    format!(
        r#""routePolicies": [{{"name": "r", "tagRules": [
            {{"order": 9, "destinations": [{}]}},
            {{"order": 1, "conditions": [{{"type": "query", "key": "u", "values": ["1"]}}],
              "destinations": [{destinations}]}}]}}]"#,
        destination("unit", "late", 1)
    )
}

fn destination(key: &str, value: &str, weight: u32) -> String {
    format!(
        r#"{{"weight": {weight}, "conditions": [{{"opType": "EQUAL", "key": "{key}", "values": ["{value}"]}}]}}"#
    )
}

#[test]
fn rules_are_asked_by_order_and_tags_join_lanes() {
    let document = document(&tag_policy(&destination("unit", "u1", 1)), LANES);
    let early = choices_of(&route_to("/x?u=1", &document, &[]));
    assert_eq!(early, [format!("unit=u1 {}", lane("base"))]);
    assert_eq!(
        choices(&document, &[GRAY]),
        [
            format!("unit=late {}", lane("gray")),
            format!("unit=late {}", lane("base"))
        ]
    );
}

#[test]
fn weights_share_the_traffic() {
    let shares = format!(
        "{},{}",
        destination("unit", "a", 9),
        destination("unit", "b", 1)
    );
    let policy = format!(
        r#""autoLaneEnabled": false, "routePolicies": [{{"name": "r", "tagRules": [{{"destinations": [{shares}]}}]}}]"#
    );
    let document = document(&policy, LANES);
    let host =
        FakeHost::with_request(&[(":method", "GET"), (":path", "/"), (":authority", "shop")]);
    let plugin = Rc::new(TrafficRoute::configure(&host, document.as_bytes()).unwrap());
    for _ in 0..2_000 {
        plugin.open().request_headers(&host, true);
    }
    let b = host.changes().into_iter().filter(|change| match change {
        Change::SetRequest(name, value) if name == "x-steward-subset" => {
            STANDARD.decode(value).unwrap().ends_with(b"b")
        }
        _ => false,
    });
    let share = b.count();
    assert!(
        (120..=280).contains(&share),
        "{share} of 2000 went to the tenth"
    );
}

#[test]
fn a_destination_that_the_load_balancer_cannot_choose_is_refused() {
    let policy = r#""routePolicies": [{"name": "r", "tagRules": [{"destinations": [{"conditions": [
        {"opType": "IN", "key": "unit", "values": ["u1", "u2"]}]}]}]}]"#;
    let host = FakeHost::new();
    assert!(TrafficRoute::configure(&host, document(policy, LANES).as_bytes()).is_none());
    let told = host
        .lines()
        .iter()
        .any(|(_, line)| line.contains("/tagRules/0/destinations/0"));
    assert!(told, "{:?}", host.lines());
}

/// The names of the headers that a trusted client's request gets.
fn set_inside(headers: &[(&str, &str)]) -> Vec<String> {
    let inside =
        document("", LANES).replacen('{', r#"{"settings": {"trustedClientHeaders": true},"#, 1);
    let set = route(&inside, headers).into_iter();
    set.map(|(name, _)| name).collect()
}

#[test]
fn what_a_request_says_itself_is_not_said_again() {
    let (space, code) = (("x-lane-space-id", "s"), ("x-lane-code", "gray"));
    assert_eq!(set_inside(&[space, code]), ["x-steward-subset"]);
    assert_eq!(set_inside(&[code]), ["x-lane-space-id", "x-steward-subset"]);
    assert_eq!(set_inside(&[space]), ["x-lane-code", "x-steward-subset"]);
    // A service may read the other copy.
    let beta = ("x-lane-code", "beta");
    assert_eq!(
        set_inside(&[space, code, beta]),
        ["x-lane-code", "x-steward-subset"]
    );
}

#[test]
fn a_lane_that_only_the_request_knows_is_redirected_and_falls_back() {
    let policy = r#""lanePolicies": [{"laneSpaceId": "s", "lanes": {"pink": "beta"}}]"#;
    let pink = [("x-lane-code", "pink"), ("x-lane-space-id", "s")];
    for (policy, expected) in [
        ("", vec![lane("base")]),
        (policy, vec![lane("beta"), lane("base")]),
        (r#""autoLaneEnabled": false"#, Vec::new()),
    ] {
        let document = document(policy, LANES);
        let inside = document.replacen('{', r#"{"settings": {"trustedClientHeaders": true},"#, 1);
        assert_eq!(choices(&inside, &pink), expected, "{policy}");
        let changes = route(&inside, &pink);
        assert!(!changes.iter().any(|(name, _)| name == "x-lane-code"));
    }
}

/// Nodes and requests that lead to the same choice share it; others must not.
#[test]
fn each_node_and_each_request_has_its_own_choice() {
    let unit = |unit: &str, lanes: &str| {
        let tags = format!(
            r#"[{{"name": "r", "tagRules": [{{"destinations": [{}]}}]}}]"#,
            destination("unit", unit, 0)
        );
        format!(r#""servicePolicy": {{"routePolicies": {tags} {lanes}}}"#)
    };
    let paths = format!(
        r#""paths": [{{"path": "/a", {}}}, {{"path": "/b", {}}}, {{"path": "/c", {}}}], "servicePolicy""#,
        unit("u1", ""),
        unit("u2", ""),
        unit("u1", r#", "autoLaneEnabled": false"#),
    );
    let document = document("", LANES).replacen(r#""servicePolicy""#, &paths, 1);
    let host = FakeHost::new();
    let plugin = Rc::new(TrafficRoute::configure(&host, document.as_bytes()).unwrap());
    let ask = |path: &str, gray: &str| {
        let before = host.changes().len();
        host.set_request(&[
            (":method", "GET"),
            (":path", path),
            (":authority", "shop"),
            ("x-gray", gray),
        ]);
        plugin.open().request_headers(&host, true);
        let changes = host.changes().into_iter().skip(before);
        let set = changes.filter_map(|change| match change {
            Change::SetRequest(name, value) => Some((name, String::from_utf8(value).ok())),
            _ => None,
        });
        choices_of(&set.collect::<Vec<_>>())
    };
    let with = |unit: &str, code: &str| format!("unit={unit} {}", lane(code));
    for _ in 0..2 {
        assert_eq!(ask("/a", "true"), [with("u1", "gray"), with("u1", "base")]);
        assert_eq!(ask("/b", "true"), [with("u2", "gray"), with("u2", "base")]);
        assert_eq!(ask("/a", "false"), [with("u1", "base")]);
        assert_eq!(ask("/c", "true"), ["unit=u1"]);
        assert_eq!(ask("/", "true"), [lane("gray"), lane("base")]);
    }
}
