//! The second tour: what Envoy does around governance in `envoy/gateway.yaml`, a step a feature.

use super::{
    expect::Expect,
    send::{Listener, Send, Speak},
    step::{First, How, Step},
};

/// Any host is the service `gateway`: its document says so.
const HOST: &str = "gateway";

const ORIGIN: &str = "https://app.example";

/// A caller's trace, as W3C's Trace Context writes it.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A `GET` with a good token.
const fn get(target: &'static str) -> Send {
    Send {
        user: Some("alice"),
        ..Send::get(HOST, target)
    }
}

/// A call of the echo's one method.
const CALL: Send = Send {
    speak: Speak::Grpc(Some("hello")),
    ..get("/steward.Echo/Say")
};

/// An answer of that version of the service, which saw that path.
macro_rules! version {
    ($instance:literal, $path:literal) => {
        Expect {
            headers: &[("x-echo-name", Some($instance))],
            json: &[("/path", $path)],
            ..Expect::status(200)
        }
    };
}

/// The steps.
pub(crate) fn steps() -> Vec<Step> {
    [edge(), operations(), paths(), protocols(), log()]
        .into_iter()
        .flatten()
        .collect()
}

fn edge() -> Vec<Step> {
    vec![
        Step {
            title: "Security headers",
            first: First::Nothing,
            send: Send::get(HOST, "/api/v1/users"),
            how: How::Once,
            expect: Expect {
                headers: &[
                    ("x-content-type-options", Some("nosniff")),
                    ("x-frame-options", Some("DENY")),
                    ("referrer-policy", Some("no-referrer")),
                    ("strict-transport-security", Some("max-age=31536000")),
                ],
                json: &[("/code", "40101")],
                ..Expect::status(401)
            },
            shown: "they are on every answer, governance's refusals too",
        },
        Step {
            title: "A browser's preflight, which carries no token",
            first: First::Nothing,
            send: Send {
                method: "OPTIONS",
                headers: &[("origin", ORIGIN), ("access-control-request-method", "PUT")],
                ..Send::get(HOST, "/api/v1/users")
            },
            how: How::Once,
            expect: Expect {
                headers: &[
                    ("access-control-allow-origin", Some(ORIGIN)),
                    (
                        "access-control-allow-methods",
                        Some("GET,POST,PUT,PATCH,DELETE"),
                    ),
                ],
                ..Expect::status(200)
            },
            shown: "CORS answers it ahead of authentication",
        },
        Step {
            title: "A route that does not exist",
            first: First::Nothing,
            send: get("/nowhere"),
            how: How::Once,
            expect: Expect {
                json: &[("/code", "40401"), ("/reason", "F40400")],
                ..Expect::status(404)
            },
            shown: "Envoy's own refusals have the form of governance's",
        },
    ]
}

fn operations() -> Vec<Step> {
    vec![
        Step {
            title: "Health, for a load balancer",
            first: First::Nothing,
            send: Send::get(HOST, "/health"),
            how: How::Once,
            expect: Expect {
                json: &[("/status", "healthy")],
                ..Expect::status(200)
            },
            shown: "governance is off on this route: no token, no limit",
        },
        Step {
            title: "Metrics, for Prometheus",
            first: First::Nothing,
            send: Send {
                to: Listener::Internal,
                ..Send::get(HOST, "/metrics")
            },
            how: How::Once,
            expect: Expect {
                text: "steward_requests_total{service=\"gateway\",outcome=\"refused\"}",
                ..Expect::status(200)
            },
            shown: "without a token, but on the loopback listener alone",
        },
    ]
}

fn paths() -> Vec<Step> {
    vec![
        Step {
            title: "Version 1, by path",
            first: First::Nothing,
            send: get("/api/v1/users/7?page=2"),
            how: How::Once,
            expect: version!("base", "/users/7?page=2"),
            shown: "a URI template takes the version out of the path",
        },
        Step {
            title: "Version 2, by path",
            first: First::Nothing,
            send: get("/api/v2/users/7"),
            how: How::Once,
            expect: version!("gray", "/users/7"),
            shown: "both versions side by side",
        },
        Step {
            title: "Version 2, by header",
            first: First::Nothing,
            send: Send {
                headers: &[("api-version", "2")],
                ..get("/api/users/7")
            },
            how: How::Once,
            expect: version!("gray", "/users/7"),
            shown: "the path names no version; who sends no header gets version 1",
        },
    ]
}

fn protocols() -> Vec<Step> {
    vec![
        Step {
            title: "A WebSocket",
            first: First::Nothing,
            send: Send {
                speak: Speak::WebSocket("hello"),
                ..get("/ws")
            },
            how: How::Once,
            expect: Expect {
                text: "heard \"hello\"",
                ..Expect::status(101)
            },
            shown: "the token is checked at the handshake, then messages pass both ways",
        },
        Step {
            title: "A gRPC call",
            first: First::Nothing,
            send: CALL,
            how: How::Once,
            expect: Expect {
                headers: &[("grpc-status", Some("0"))],
                text: "hello",
                ..Expect::status(200)
            },
            shown: "it passes the same chain",
        },
        Step {
            title: "A gRPC call without a token",
            first: First::Nothing,
            send: Send {
                user: None,
                speak: Speak::Grpc(None),
                ..CALL
            },
            how: How::Once,
            expect: Expect {
                headers: &[("grpc-status", Some("16")), ("grpc-message", None)],
                ..Expect::status(200)
            },
            shown: "the refusal is a gRPC status, UNAUTHENTICATED, which every gRPC library understands",
        },
    ]
}

fn log() -> Vec<Step> {
    vec![Step {
        title: "The access log of a refusal: a hundred a minute for each user",
        first: First::Nothing,
        send: Send {
            user: Some("bob"),
            headers: &[("traceparent", TRACEPARENT)],
            ..get("/api/v1/orders")
        },
        how: How::After(100),
        expect: Expect {
            log: &[
                ("/status", "429"),
                ("/path", "/api/v1/orders"),
                (
                    "/details",
                    "steward_rate_limited{hundred-a-minute-per-user}",
                ),
                (
                    "/steward",
                    "service=gateway;policy=hundred-a-minute-per-user",
                ),
                ("/trace_id", TRACE),
            ],
            ..Expect::status(429)
        },
        shown: "it names why, which service, which policy and the caller's trace",
    }]
}
