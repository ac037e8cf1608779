//! The tour, step by step. The order matters: the last steps change the policy.

use super::{
    expect::Expect,
    send::Send,
    step::{First, How, Step},
};

const SERVICE: &str = "service-provider";

/// A service of JoyLive's own sample file.
const JOYLIVE_SERVICE: &str = "service-consumer";

const ECHO: Send = Send::get(SERVICE, "/echo");

/// Has no policy of its own, so the service's hold: lanes and the breaker, and no limit that a tour would reach.
const ORDERS: Send = Send {
    user: Some("alice"),
    ..Send::get(SERVICE, "/orders")
};

/// An answer of the service itself, from this instance.
macro_rules! from {
    ($instance:literal) => {
        Expect {
            headers: &[("x-echo-name", Some($instance))],
            ..Expect::status(200)
        }
    };
}

const DEGRADED: Expect = Expect {
    headers: &[("x-degraded", Some("failing-service"))],
    ..Expect::status(200)
};

const LIMITED: Expect = Expect {
    headers: &[("retry-after", None), ("ratelimit", None)],
    json: &[
        ("/code", "42902"),
        ("/reason", "F42900"),
        ("/error/policy", "echo-per-user"),
    ],
    ..Expect::status(429)
};

/// The steps.
pub(crate) fn steps() -> Vec<Step> {
    [identity(), limits(), lanes(), breaker(), reload()]
        .into_iter()
        .flatten()
        .collect()
}

fn identity() -> Vec<Step> {
    vec![
        Step {
            title: "No token",
            first: First::Nothing,
            send: ECHO,
            how: How::Once,
            expect: Expect {
                headers: &[("www-authenticate", None)],
                json: &[("/code", "40101"), ("/reason", "F40100")],
                ..Expect::status(401)
            },
            shown: "refused before it reaches the service, with the reason",
        },
        Step {
            title: "A good token",
            first: First::Nothing,
            send: Send {
                user: Some("alice"),
                ..ECHO
            },
            how: How::Once,
            expect: Expect {
                json: &[("/headers/x-user-id", "alice")],
                ..Expect::status(200)
            },
            shown: "the service sees who it is: x-user-id, from the claim `sub`",
        },
    ]
}

fn limits() -> Vec<Step> {
    vec![
        Step {
            title: "A burst of one user: five a minute for GET /echo",
            first: First::Nothing,
            send: Send {
                user: Some("bob"),
                ..ECHO
            },
            how: How::After(5),
            expect: LIMITED,
            shown: "five pass, the sixth is told when to come back",
        },
        Step {
            title: "Another user is not affected",
            first: First::Nothing,
            send: Send {
                user: Some("alice"),
                ..ECHO
            },
            how: How::Once,
            expect: Expect {
                json: &[("/headers/x-user-id", "alice")],
                ..Expect::status(200)
            },
            shown: "each user has a bucket of their own",
        },
        Step {
            title: "A limit out of JoyLive's own sample file: one a second where ?limiter=true",
            first: First::Nothing,
            send: Send {
                target: "/echo?limiter=true",
                host: JOYLIVE_SERVICE,
                ..ORDERS
            },
            how: How::Until,
            expect: Expect {
                headers: &[("retry-after", None)],
                json: &[("/error/policy", "limit-rule-1")],
                ..Expect::status(429)
            },
            shown: "the file is loaded as it is, services and policies",
        },
    ]
}

fn lanes() -> Vec<Step> {
    vec![
        Step {
            title: "A request marked gray",
            first: First::Nothing,
            send: Send {
                headers: &[("x-gray", "true")],
                ..ORDERS
            },
            how: How::Each(4),
            expect: from!("gray"),
            shown: "the lane rule sends it to the gray instance",
        },
        Step {
            title: "A request marked canary, a lane that the policy redirects to gray",
            first: First::Nothing,
            send: Send {
                headers: &[("x-canary", "true")],
                ..ORDERS
            },
            how: How::Each(4),
            expect: from!("gray"),
            shown: "\"lanes\": {\"canary\": \"gray\"} is carried out",
        },
        Step {
            title: "A forged lane header",
            first: First::Nothing,
            send: Send {
                headers: &[("x-lane-space-id", "demo"), ("x-lane-code", "gray")],
                ..ORDERS
            },
            how: How::Each(4),
            expect: from!("base"),
            shown: "a client cannot choose its lane: the header is removed, the request stays in the default lane",
        },
    ]
}

fn breaker() -> Vec<Step> {
    vec![
        Step {
            title: "The service fails",
            first: First::Nothing,
            send: Send {
                headers: &[("x-echo-status", "500")],
                ..ORDERS
            },
            how: How::Until,
            expect: DEGRADED,
            shown: "after enough failures the breaker answers in its place",
        },
        Step {
            title: "The service recovers",
            first: First::Nothing,
            send: ORDERS,
            how: How::UntilClosed("failing-service"),
            expect: from!("base"),
            shown: "a probe succeeded, and the breaker closed",
        },
    ]
}

fn reload() -> Vec<Step> {
    vec![
        Step {
            title: "Edit the policy file: two a minute instead of five",
            first: First::Limit(2),
            send: Send {
                user: Some("carol"),
                ..ECHO
            },
            how: How::After(2),
            expect: LIMITED,
            shown: "the new limit holds at once, without a restart",
        },
        Step {
            title: "Break the policy file",
            first: First::BrokenPolicy,
            send: Send {
                user: Some("carol"),
                ..ECHO
            },
            how: How::Once,
            expect: LIMITED,
            shown: "the broken policy is refused with its place, and the former one keeps serving",
        },
        Step {
            title: "Repair it",
            first: First::Limit(4),
            send: Send {
                user: Some("dave"),
                ..ECHO
            },
            how: How::After(4),
            expect: LIMITED,
            shown: "a good file is taken again",
        },
    ]
}
