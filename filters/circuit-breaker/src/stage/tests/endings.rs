//! Which ends of a call count, as what, and that each permit comes back once.

use super::*;

const REFUSED_CONNECTION: u64 = 1 << 5;
const UPSTREAM_TIMEOUT: u64 = 1 << 2;
const NO_HEALTHY_UPSTREAM: u64 = 1 << 1;
const NO_ROUTE: u64 = 1 << 8;
const CLIENT_LEFT: u64 = 1 << 14;

fn ends_open(upstream: &Upstream) -> bool {
    let mut bench = Bench::new(&example());
    bench.worker.exchange(Request::get("/"), upstream);
    bench.is_open()
}

fn grpc_answer() -> Upstream {
    Upstream::status(200)
        .header("content-type", "application/grpc")
        .property("response.code_details", "via_upstream")
        .body([0; 5])
}

/// A gRPC call whose status comes in trailers.
fn grpc_end(status: u32) -> Upstream {
    grpc_answer().trailer("grpc-status", status.to_string())
}

/// A gRPC call that breaks off, for reasons that Envoy's flags tell.
fn grpc_break(flags: u64) -> Upstream {
    grpc_answer().property("response.flags", flags.to_le_bytes())
}

fn grpc_ends_open(codes: &[&str], upstream: &Upstream) -> bool {
    let mut bench = Bench::new(&document(&[policy(&json!({"errorCodes": codes}))]));
    bench
        .worker
        .exchange(Request::grpc("/pkg.Orders/Get"), upstream);
    bench.is_open()
}

#[test]
fn listed_statuses_are_failures_and_no_others() {
    assert!(ends_open(&Upstream::status(500)));
    assert!(ends_open(&Upstream::status(502)));
    assert!(!ends_open(&Upstream::status(503)));
    assert!(!ends_open(&Upstream::status(404)));
}

#[test]
fn a_2xx_may_be_listed() {
    let mut bench = Bench::new(&document(&[policy(&json!({"errorCodes": [206]}))]));
    bench.answer(206);
    assert!(bench.is_open());
}

#[test]
fn an_upstream_that_does_not_answer_has_failed() {
    let details = "upstream_reset_before_response_started{connection_failure}";
    assert!(ends_open(&local_reply(503, details, REFUSED_CONNECTION)));
    assert!(ends_open(&local_reply(
        504,
        "response_timeout",
        UPSTREAM_TIMEOUT
    )));
}

#[test]
fn replies_that_no_upstream_had_a_part_in_are_not_counted() {
    for reply in [
        local_reply(503, "no_healthy_upstream", NO_HEALTHY_UPSTREAM),
        local_reply(404, "route_not_found", NO_ROUTE),
        local_reply(500, "ext_authz_error", 0),
    ] {
        let mut bench = Bench::due(&json!({}));
        for _ in 0..5 {
            let passed = bench.worker.exchange(Request::get("/"), &reply);
            assert!(passed.forwarded.is_some(), "the permit before is back");
        }
        assert_eq!(bench.state(), Some(1), "neither good nor bad");
    }
}

#[test]
fn slow_answers_trip_and_slow_downloads_do_not() {
    let mut bench = Bench::new(&example());
    let call = bench.begin();
    bench.envoy.advance(Duration::from_millis(1_000));
    bench.worker.respond(call, &Upstream::status(200));
    assert!(!bench.is_open(), "just in time");
    let call = bench.begin();
    bench.envoy.advance(Duration::from_millis(1_001));
    bench.worker.respond(call, &Upstream::status(200));
    assert!(bench.is_open());
}

#[test]
fn a_client_that_leaves_early_says_nothing_and_one_that_waited_too_long_does() {
    let mut bench = Bench::due(&json!({}));
    let calls = [bench.begin(), bench.begin(), bench.begin()];
    bench.refused();
    for call in calls {
        bench.worker.reset(call);
    }
    assert_eq!(bench.state(), Some(1));
    let call = bench.begin();
    bench.pass(2);
    bench.worker.reset(call);
    assert!(
        bench.is_open(),
        "a hanging upstream shows by those who gave up"
    );
}

#[test]
fn grpc_statuses_come_with_the_trailers() {
    assert!(grpc_ends_open(&["13", "14"], &grpc_end(14)));
    assert!(!grpc_ends_open(&["13", "14"], &grpc_end(5)));
    assert!(!grpc_ends_open(&["13", "14"], &grpc_end(0)));
    assert!(grpc_ends_open(&[], &grpc_end(2)));
    assert!(
        !grpc_ends_open(&[], &grpc_end(12)),
        "any client can ask for what is not there"
    );
}

#[test]
fn a_grpc_answer_without_a_status_is_unknown() {
    assert!(grpc_ends_open(&["2"], &grpc_answer()));
    assert!(grpc_ends_open(&["2"], &grpc_answer().trailer("x", "y")));
    assert!(grpc_ends_open(
        &["2"],
        &grpc_answer().trailer("grpc-status", "ok")
    ));
}

#[test]
fn a_grpc_answer_that_the_upstream_breaks_off_is_a_failure() {
    assert!(grpc_ends_open(&["14"], &grpc_break(1 << 6)));
}

#[test]
fn a_grpc_client_that_has_heard_enough_is_not_the_upstreams_failure() {
    assert!(!grpc_ends_open(&[], &grpc_break(CLIENT_LEFT)));
}

#[test]
fn who_calls_a_web_service_as_grpc_does_not_open_its_breaker() {
    let page = Upstream::status(200)
        .header("content-type", "text/html")
        .property("response.code_details", "via_upstream")
        .body("a page");
    assert!(!grpc_ends_open(&[], &page));
}

#[test]
fn a_grpc_status_may_come_with_the_headers() {
    let trailers_only = |status: &str| Upstream::status(200).header("grpc-status", status);
    assert!(grpc_ends_open(&["14"], &trailers_only("14")));
    assert!(!grpc_ends_open(&["14"], &trailers_only("0")));
    let by_envoy =
        local_reply(200, "no_healthy_upstream", NO_HEALTHY_UPSTREAM).header("grpc-status", "14");
    assert!(!grpc_ends_open(&["14"], &by_envoy));
}

/// A half-open breaker does not wait for a gRPC call's trailers; the closed one beside it does.
#[test]
fn one_breakers_trial_hides_no_failure_from_another() {
    let failing = policy(&json!({"errorCodes": ["500"]}));
    let by_grpc = policy(&json!({"name": "cb2", "errorCodes": ["14"]}));
    let mut bench = Bench::new(&document(&[failing, by_grpc]));
    bench.answer(500);
    assert!(bench.is_open());
    bench.pass(50);
    let call = Request::grpc("/pkg.Orders/Get");
    bench.worker.exchange(call, &grpc_end(14));
    assert_eq!(
        bench.state(),
        Some(0),
        "the trial went well, as far as it waits"
    );
    let other = "steward_breaker_state;service=example.test;policy=cb2";
    assert_eq!(bench.envoy.metric(other), Some(2));
}
