//! The fake keeps the promises that the other crates' tests build on.

use super::*;

#[test]
fn a_swap_needs_the_version_that_was_read() {
    let host = FakeHost::new();
    let other = host.another_worker();
    assert_eq!(host.shared_get(b"k"), Ok(None));
    assert_eq!(host.shared_swap(b"k", b"1", Expected::Absent), Ok(true));
    assert_eq!(other.shared_swap(b"k", b"2", Expected::Absent), Ok(false));
    let read = other.shared_get(b"k").unwrap().unwrap();
    assert_eq!(
        host.shared_swap(b"k", b"3", Expected::Version(read.cas)),
        Ok(true)
    );
    assert_eq!(
        other.shared_swap(b"k", b"4", Expected::Version(read.cas)),
        Ok(false)
    );
    assert_eq!(host.shared_get(b"k").unwrap().unwrap().bytes, b"3");
}

#[test]
fn an_emptied_key_reads_as_none_and_can_be_put_again() {
    let host = FakeHost::new();
    host.shared().set(b"k", b"1");
    host.shared().set(b"k", b"");
    assert_eq!(host.shared_get(b"k"), Ok(None));
    assert_eq!(host.shared().keys(), [b"k"]);
    assert_eq!(host.shared_swap(b"k", b"2", Expected::Absent), Ok(true));
}

#[test]
fn contention_comes_on_demand() {
    let host = FakeHost::new();
    host.shared().fail_next_swaps(2);
    let won: Vec<_> = (0..3)
        .map(|_| host.shared_swap(b"k", b"1", Expected::Absent).unwrap())
        .collect();
    assert_eq!(won, [false, false, true]);

    let read = host.shared_get(b"k").unwrap().unwrap();
    let rival = host.another_worker();
    host.shared()
        .before_next_swap(move || rival.shared().set(b"k", b"rival"));
    assert_eq!(
        host.shared_swap(b"k", b"2", Expected::Version(read.cas)),
        Ok(false)
    );
    assert_eq!(host.shared_get(b"k").unwrap().unwrap().bytes, b"rival");
    assert_eq!(host.shared().swaps(), 4);
}

#[test]
fn setting_a_header_replaces_every_copy() {
    let host = FakeHost::with_request(&[("X-A", "1"), ("x-a", "2"), ("x-b", "3")]);
    host.set_request_header("x-a", b"4").unwrap();
    host.remove_request_header("X-B").unwrap();
    let headers = host.request_headers().unwrap();
    assert_eq!(
        headers.iter().collect::<Vec<_>>(),
        [(&b"x-a"[..], &b"4"[..])]
    );
    assert_eq!(
        host.changes(),
        [
            Change::SetRequest("x-a".into(), b"4".into()),
            Change::RemoveRequest("X-B".into())
        ]
    );
}

#[test]
fn a_value_that_would_break_the_message_is_refused() {
    let host = FakeHost::new();
    for value in [&b"a\r"[..], b"a\nb", b"\0"] {
        assert_eq!(
            host.set_request_header("a", value),
            Err(HostError::BadValue)
        );
        assert_eq!(
            host.set_response_header("a", value),
            Err(HostError::BadValue)
        );
        let headers = [("a", value)];
        let reply = LocalReply {
            status: 403,
            grpc_status: None,
            details: "",
            headers: &headers,
            body: b"",
        };
        assert_eq!(host.reply(&reply), Err(HostError::BadValue));
    }
    assert!(host.changes().is_empty());
    assert!(host.replies().is_empty());
}

#[test]
fn metrics_are_one_per_name_and_keep_to_their_kind() {
    let host = FakeHost::new();
    let counter = host.define_metric(MetricKind::Counter, "c").unwrap();
    assert_eq!(
        host.another_worker()
            .define_metric(MetricKind::Counter, "c"),
        Ok(counter)
    );
    host.another_worker().add_metric(counter, 2).unwrap();
    assert_eq!(host.add_metric(counter, 0), Err(HostError::BadArgument));
    assert_eq!(host.metric("c"), Some(2));

    let gauge = host.define_metric(MetricKind::Gauge, "g").unwrap();
    host.record_metric(gauge, 5).unwrap();
    host.add_metric(gauge, -2).unwrap();
    assert_eq!(host.metric("g"), Some(3));

    let histogram = host.define_metric(MetricKind::Histogram, "h").unwrap();
    host.record_metric(histogram, 7).unwrap();
    assert_eq!(host.add_metric(histogram, 1), Err(HostError::BadArgument));
    assert_eq!(host.recorded("h"), [7]);
    assert_eq!(host.add_metric(MetricId(9), 1), Err(HostError::NotFound));
}

#[test]
fn time_moves_only_when_told() {
    let host = FakeHost::new();
    host.set_wall_clock(Duration::from_secs(100));
    host.advance(Duration::from_secs(2));
    assert_eq!(host.now(), Nanos(2_000_000_000));
    assert_eq!(host.wall_clock(), Duration::from_secs(102));
}

#[test]
fn an_unknown_foreign_function_is_not_found() {
    let host = FakeHost::new();
    host.set_foreign("double", |bytes| Ok([bytes, bytes].concat()));
    assert_eq!(host.call_foreign("double", b"ab"), Ok(b"abab".to_vec()));
    assert_eq!(host.call_foreign("other", b""), Err(HostError::NotFound));
}
