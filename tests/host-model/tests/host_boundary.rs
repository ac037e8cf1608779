//! `host::EnvoyHost` against the host's rules: what a filter is told when it asks at the wrong time or for the wrong thing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: it should stop where it fails"
)]

mod script;

use host::{Host, LocalReply};
use host_model::{Envoy, Request};
use script::{at_request, run};
use std::time::Duration;

/// The state of both maps: how many pairs can be read, and whether a pair can be written.
fn maps(host: &dyn Host) -> String {
    let count = |headers: host::Headers| headers.len() > 1;
    let request = host.request_headers().map(count).unwrap();
    let response = host
        .response_headers()
        .map(|headers| !headers.is_empty())
        .unwrap();
    let set_request = host.set_request_header("x-w", b"1");
    let set_response = host.set_response_header("x-w", b"1");
    format!(
        "{request} {response} {} {}",
        set_request.is_ok(),
        set_response == Ok(())
    )
}

#[test]
fn each_phase_has_its_own_maps() {
    let envoy = Envoy::new();
    let (_, seen) = run(&envoy, Request::get("/"), maps, maps, maps);
    assert_eq!(
        seen,
        [
            "true false true false",
            "false true false true",
            "false false false false"
        ]
    );
}

#[test]
fn a_local_reply_comes_by_while_the_request_is_still_at_hand() {
    let envoy = Envoy::new();
    let reply = |host: &dyn Host| {
        let reply = LocalReply {
            status: 403,
            grpc_status: None,
            details: "",
            headers: &[],
            body: b"",
        };
        format!("{:?}", host.reply(&reply))
    };
    let (response, seen) = run(&envoy, Request::get("/"), reply, maps, maps);
    assert_eq!(
        seen,
        ["Ok(())", "true true true true", "false false false false"]
    );
    assert_eq!(response.status, 403);
    assert_eq!(
        response.forwarded, None,
        "an answered request goes nowhere, whatever is returned"
    );
}

#[test]
fn a_call_in_the_wrong_phase_is_a_bad_argument() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let body = host.response_body(0, 100);
        format!("{:?} {body:?}", host.set_response_header("a", b"b"))
    });
    assert_eq!(seen, "Err(BadArgument) Ok([])");
}

#[test]
fn values_and_names_that_would_break_the_message_never_reach_the_host() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let mut seen = String::new();
        for (name, value) in [
            ("a", &b"x\r"[..]),
            ("a", b"x\ny"),
            ("a", b"\0"),
            ("a b", b""),
            ("", b""),
        ] {
            let headers = [(name, value)];
            let reply = LocalReply {
                status: 200,
                grpc_status: None,
                details: "",
                headers: &headers,
                body: b"",
            };
            seen += &format!(
                "{:?} {:?}; ",
                host.set_request_header(name, value),
                host.reply(&reply)
            );
        }
        seen
    });
    let expected = "Err(BadValue) Err(BadValue); ".repeat(3)
        + &"Err(BadArgument) Err(BadArgument); ".repeat(2);
    assert_eq!(seen, expected);
}

#[test]
fn bytes_that_are_no_text_pass_both_ways() {
    let envoy = Envoy::new();
    let request = Request::get("/")
        .header("x-odd", b"\xa1\xb1")
        .header("x-odd", b"2");
    let echo = |host: &dyn Host| {
        let headers = host.request_headers().unwrap();
        host.set_request_header("x-echo", headers.get("x-odd").unwrap())
            .unwrap();
        format!("{}", headers.all("x-odd").count())
    };
    let nothing = |_: &dyn Host| String::new();
    let (response, seen) = run(&envoy, request, echo, nothing, nothing);
    assert_eq!(seen[0], "2");
    assert_eq!(
        response.forwarded.unwrap().bytes("x-echo"),
        Some(&b"\xa1\xb1"[..])
    );
}

#[test]
fn properties_are_bytes_or_absent() {
    let envoy = Envoy::new();
    envoy.set_property("xds.cluster_name", "orders");
    let seen = at_request(&envoy, |host| {
        let of = |path: &[&str]| {
            host.property(path)
                .map(|value| value.map(String::from_utf8))
        };
        let paths: [&[&str]; 4] = [
            &["source", "address"],
            &["xds", "cluster_name"],
            &["request", "path"],
            &["no", "such"],
        ];
        paths
            .map(|path| format!("{:?}", of(path).unwrap()))
            .join(" ")
    });
    let some = |text: &str| format!("Some(Ok({text:?}))");
    let expected = [
        some("127.0.0.1:40000"),
        some("orders"),
        some("/a"),
        "None".to_owned(),
    ];
    assert_eq!(seen, expected.join(" "));
}

#[test]
fn clocks_are_virtual_and_one_line_over_all_workers() {
    let envoy = Envoy::new();
    let read = |host: &dyn Host| format!("{:?} {:?}", host.now(), host.wall_clock());
    let before = at_request(&envoy, read);
    assert_eq!(before, at_request(&envoy, read), "nothing passes by itself");
    envoy.advance(Duration::from_nanos(5));
    let (now, wall) = (envoy.monotonic(), envoy.wall_clock());
    assert_eq!(at_request(&envoy, read), format!("Nanos({now}) {wall:?}"));
    assert_ne!(at_request(&envoy, read), before);
}

#[test]
fn a_foreign_function_that_the_host_lacks_is_not_found() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let unknown = host.call_foreign("no_such", b"");
        format!(
            "{unknown:?} {:?}",
            host.call_foreign("verify_signature", b"\xff")
        )
    });
    assert_eq!(seen, "Err(NotFound) Err(BadArgument)");
}

#[test]
fn a_reply_with_an_impossible_status_is_refused() {
    let envoy = Envoy::new();
    let seen = at_request(&envoy, |host| {
        let send = |status| {
            host.reply(&LocalReply {
                status,
                grpc_status: None,
                details: "",
                headers: &[],
                body: b"",
            })
        };
        format!("{:?} {:?}", send(199), send(600))
    });
    assert_eq!(seen, "Err(BadArgument) Err(BadArgument)");
}

#[test]
fn the_log_level_is_the_hosts() {
    let envoy = Envoy::new();
    let levels = [
        log::Level::Error,
        log::Level::Warn,
        log::Level::Info,
        log::Level::Debug,
    ];
    let ask = move |host: &dyn Host| format!("{:?}", levels.map(|level| host.log_enabled(level)));
    assert_eq!(at_request(&envoy, ask), "[true, true, true, false]");
    envoy.set_log_level(log::Level::Error);
    assert_eq!(at_request(&envoy, ask), "[true, false, false, false]");
}

#[test]
fn the_response_code_of_a_grpc_refusal_is_the_one_asked_for_until_its_end() {
    let envoy = Envoy::new();
    let refuse = |host: &dyn Host| {
        let (details, headers, body) = ("", &[], b"");
        let reply = LocalReply {
            status: 429,
            grpc_status: Some(8),
            details,
            headers,
            body,
        };
        format!("{:?}", host.reply(&reply))
    };
    let code = |host: &dyn Host| {
        let code = host.property(&["response", "code"]).unwrap().unwrap();
        u64::from_le_bytes(code.try_into().unwrap()).to_string()
    };
    let (response, seen) = run(
        &envoy,
        Request::grpc("/shop.Orders/Get"),
        refuse,
        code,
        code,
    );
    assert_eq!(seen, ["Ok(())", "429", "200"]);
    assert_eq!(
        (response.status, response.header("grpc-status")),
        (200, Some("8"))
    );
}
