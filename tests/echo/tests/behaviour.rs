//! What a test that relies on the upstream relies on.

#![allow(
    clippy::unwrap_used,
    reason = "a test's helper functions fail the test by panicking"
)]

use echo::{Behaviour, Echo};
use hyper::StatusCode;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

fn exchange(echo: &Echo, head: &[u8]) -> String {
    let mut stream = TcpStream::connect(echo.addr()).unwrap();
    stream.write_all(head).unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8(reply).unwrap()
}

fn get(echo: &Echo, headers: &str) -> String {
    exchange(
        echo,
        format!("GET /a?b=c HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n").as_bytes(),
    )
}

#[test]
fn tells_who_it_is_and_what_it_saw() {
    let echo = Echo::start("base", &[("unit", "unit1")]).unwrap();
    let reply = get(&echo, "x-user: alice\r\n");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    for part in [
        r#""name":"base""#,
        r#""labels":{"unit":"unit1"}"#,
        r#""path":"/a?b=c""#,
        r#""x-user":"alice""#,
    ] {
        assert!(reply.contains(part), "{part} not in {reply}");
    }
    assert_eq!(echo.requests(), 1);
}

#[test]
fn shows_repeated_and_non_utf8_headers() {
    let echo = Echo::start("base", &[]).unwrap();
    let head =
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\na: 1\r\na: 2\r\nb: \xa1\xb1\r\n\r\n";
    let reply = exchange(&echo, head);
    assert!(reply.contains(r#""a":["1","2"]"#), "{reply}");
    assert!(reply.contains(r#""b":"\\xa1\\xb1""#), "{reply}");
}

#[test]
fn fails_by_header_and_by_order() {
    let echo = Echo::start("base", &[]).unwrap();
    assert!(get(&echo, "x-echo-status: 418\r\nx-echo-code: 7\r\n").contains(r#""code":7"#));
    echo.behave(Behaviour::Fail(StatusCode::BAD_GATEWAY));
    assert!(get(&echo, "").starts_with("HTTP/1.1 502 "));
    assert!(get(&echo, "x-echo-status: 200\r\n").starts_with("HTTP/1.1 200 "));
    echo.behave(Behaviour::Healthy);
    assert!(get(&echo, "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_reset_leaves_no_answer() {
    let echo = Echo::start("base", &[]).unwrap();
    assert_eq!(get(&echo, "x-echo-reset: 1\r\n"), "");
    echo.behave(Behaviour::Reset);
    assert_eq!(get(&echo, ""), "");
    assert_eq!(echo.requests(), 2);
}

#[test]
fn speaks_http2_without_tls() {
    let echo = Echo::start("base", &[]).unwrap();
    let mut stream = TcpStream::connect(echo.addr()).unwrap();
    // Preface and an empty SETTINGS frame (RFC 9113, sections 3.4 and 6.5); the server must answer with its SETTINGS.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        .unwrap();
    let mut frame = [0_u8; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "the first frame is SETTINGS");
}

#[test]
fn stops_when_dropped() {
    let echo = Echo::start("base", &[]).unwrap();
    let addr = echo.addr();
    drop(echo);
    assert!(TcpStream::connect(addr).is_err());
}
