//! Against a server that answers as its first line asks.

use super::*;
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

/// Answers `GET /404` with 404, in two parts, on each of `connections` until it is closed.
fn server(connections: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut bytes = [0; 1024];
                while let Ok(1..) = stream.read(&mut bytes) {
                    let status = std::str::from_utf8(&bytes[5..8]).unwrap();
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n");
                    stream.write_all(head.as_bytes()).unwrap();
                    stream.write_all(b"\r\nok").unwrap();
                }
            });
        }
    });
    address
}

fn shot(asked: u16, status: u16) -> Shot {
    let bytes = format!("GET /{asked} HTTP/1.1\r\n\r\n");
    Shot {
        bytes: bytes.into_bytes().into(),
        status,
    }
}

#[test]
fn every_request_is_sent_once_and_its_answer_counted() {
    let load = Load {
        address: server(3),
        connections: 3,
    };
    let shots: Rc<[Shot]> = (0..5)
        .flat_map(|_| [shot(200, 200), shot(429, 429)])
        .collect();
    assert_eq!(load.once(&shots).unwrap().latencies.len(), 10);
}

#[test]
fn a_wrong_status_ends_the_run_and_is_told() {
    let load = Load {
        address: server(1),
        connections: 1,
    };
    let shots: Rc<[Shot]> = [shot(200, 200), shot(200, 401)].into();
    let wrong = load.once(&shots).unwrap_err().to_string();
    assert!(
        wrong.starts_with("request 1 was answered 200, not 401"),
        "{wrong}"
    );
}

#[test]
fn repeating_goes_on_where_it_stopped() {
    let load = Load {
        address: server(2),
        connections: 2,
    };
    let shots: Rc<[Shot]> = [shot(200, 200), shot(401, 401)].into();
    let (tally, next) = load.repeat(&shots, 7, Duration::from_millis(20)).unwrap();
    assert!(!tally.latencies.is_empty());
    assert_eq!(next, 7 + tally.latencies.len());
}
