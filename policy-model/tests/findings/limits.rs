//! Rate and concurrency limits.

use super::{GROUP, assert_found, assert_sound, at_group, report};
use policy_model::{Finding, Report};
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn limit(more: &Value) -> Report {
    let mut limit =
        json!({"name": "r", "slidingWindows": [{"threshold": 10, "timeWindowInMs": 1000}]});
    limit
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    at_group(&json!({"rateLimitPolicies": [limit]}))
}

fn at(rest: &str) -> String {
    format!("{GROUP}/rateLimitPolicies/0{rest}")
}

fn windows(windows: &Value) -> Report {
    limit(&json!({"slidingWindows": windows}))
}

#[test]
fn impossible_windows_are_refused() {
    for (window, member, message) in [
        (
            json!({"threshold": 0, "timeWindowInMs": 1000}),
            "threshold",
            "0 is less than 1",
        ),
        (
            json!({"threshold": -5, "timeWindowInMs": 1000}),
            "threshold",
            "-5 is less than 1",
        ),
        (
            json!({"threshold": 4_294_967_296_u64, "timeWindowInMs": 1}),
            "threshold",
            "more than 4294967295",
        ),
        (
            json!({"threshold": 1, "timeWindowInMs": 0}),
            "timeWindowInMs",
            "0 is less than 1",
        ),
        (
            json!({"threshold": 1, "timeWindowInMs": 1e15}),
            "timeWindowInMs",
            "a hundred years",
        ),
        (
            json!({"threshold": 1.5, "timeWindowInMs": 1}),
            "threshold",
            "expected a whole number",
        ),
    ] {
        let wanted = format!(
            "error at {}: {message}",
            at(&format!("/slidingWindows/0/{member}"))
        );
        assert_found(&windows(&json!([window])), &wanted);
    }
}

#[test]
fn a_limit_without_a_limit_is_refused() {
    let wanted = format!("error at {}: limits nothing", at(""));
    assert_found(&windows(&json!([])), &wanted);
    assert_found(
        &at_group(&json!({"rateLimitPolicies": [{"name": "r"}]})),
        &wanted,
    );
    let slots = at_group(&json!({"concurrencyLimitPolicies": [{"name": "r"}]}));
    assert_found(
        &slots,
        &format!("error at {GROUP}/concurrencyLimitPolicies/0: limits nothing"),
    );
    assert_sound(&at_group(
        &json!({"rateLimitPolicies": [{"name": "r", "version": 1, "enabled": false}]}),
    ));
}

#[test]
fn windows_are_not_endless() {
    let many = |count: u32| -> Vec<_> {
        let window = |n| json!({"threshold": n, "timeWindowInMs": n * n * 1000});
        (1..=count).map(window).collect()
    };
    assert_sound(&limit(
        &json!({"realizeType": "TokenBucket", "slidingWindows": many(8)}),
    ));
    let wanted = format!("error at {}: more than 8 windows", at("/slidingWindows"));
    assert_found(&windows(&json!(many(9))), &wanted);

    let over = json!([{"match": ["ann"], "slidingWindows": many(9)}]);
    let said = limit(&json!({"key": [{"type": "header", "key": "x-user"}], "overrides": over}));
    let at = at("/overrides/0/slidingWindows");
    assert_found(&said, &format!("error at {at}: more than 8 windows"));
}

#[test]
fn a_default_is_not_taken_beside_an_unknown_field() {
    let either = "`threshold` or `timeWindowInMs`";
    for (window, unknown, meant) in [
        (
            json!({"limit": 5, "timeWindowInMs": 1000}),
            "limit",
            "`threshold`",
        ),
        (
            json!({"threshold": 5, "timeWindowInSeconds": 60}),
            "timeWindowInSeconds",
            "`timeWindowInMs`",
        ),
        (json!({"limit": 5}), "limit", either),
    ] {
        for place in ["/slidingWindows/0", "/overrides/0/slidingWindows/0"] {
            let over = json!([{"match": ["ann"], "slidingWindows": [window]}]);
            let key = json!([{"type": "header", "key": "x-user"}]);
            let said = limit(&json!({"slidingWindows": [window], "key": key, "overrides": over}));
            let at = at(&format!("{place}/{unknown}"));
            assert_found(
                &said,
                &format!("error at {at}: unknown field `{unknown}` (did you mean {meant}?)"),
            );
        }
    }
    let whole = windows(&json!([{"threshold": 5, "timeWindowInMs": 1000, "note": "so"}]));
    assert_found(
        &whole,
        &format!("warning at {}: unknown field", at("/slidingWindows/0/note")),
    );
}

#[test]
fn a_default_that_is_taken_is_said() {
    let said = windows(&json!([{"threshold": 5}]));
    let wanted = format!(
        "warning at {}: `timeWindowInMs` is not stated: 1000 is taken",
        at("/slidingWindows/0")
    );
    assert_found(&said, &wanted);
}

#[test]
fn an_idle_window_is_said() {
    let both =
        json!([{"threshold": 1, "timeWindowInMs": 1000}, {"threshold": 2, "timeWindowInMs": 2000}]);
    let wanted = format!(
        "info at {}: 1 in 1000 ms is stricter",
        at("/slidingWindows/1")
    );
    assert_found(&windows(&both), &wanted);
    assert_sound(&windows(&json!([
        {"threshold": 10, "timeWindowInMs": 1000}, {"threshold": 100, "timeWindowInMs": 60000}
    ])));
    // 10 in 1 s does not keep 15 in 1.5 s: two of the small windows reach into it.
    assert_sound(&windows(&json!([
        {"threshold": 10, "timeWindowInMs": 1000}, {"threshold": 15, "timeWindowInMs": 1500}
    ])));
    assert_sound(&limit(
        &json!({"realizeType": "TokenBucket", "slidingWindows": both}),
    ));
}

#[test]
fn parameters_are_those_of_the_algorithm() {
    let bucket = |parameters: Value| {
        limit(&json!({"realizeType": "smoothbursty", "actionParameters": parameters}))
    };
    assert_sound(&bucket(json!({"maxBurstSeconds": 2.5})));
    for nonsense in ["0", "-1", "x", "inf", "NaN"] {
        let said = bucket(json!({"maxBurstSeconds": nonsense}));
        assert_found(
            &said,
            &format!(
                "error at {}: must be a number above 0",
                at("/parameters/maxBurstSeconds")
            ),
        );
    }
    let said = bucket(json!({"capacity": 5}));
    assert_found(
        &said,
        &format!(
            "warning at {}: `capacity` has no effect",
            at("/parameters/capacity")
        ),
    );
    let warm_up = |parameters: Value| {
        limit(&json!({"realizeType": "SmoothWarmup", "parameters": parameters}))
    };
    assert_sound(&warm_up(json!({"warmupSeconds": 30, "coldFactor": 1})));
    for (name, nonsense) in [
        ("coldFactor", "0.5"),
        ("coldFactor", "1e4"),
        ("warmupSeconds", "0"),
        ("warmupSeconds", "1e10"),
    ] {
        let wanted = format!(
            "error at {}: must be a number",
            at(&format!("/parameters/{name}"))
        );
        assert_found(&warm_up(json!({name: nonsense})), &wanted);
    }
}

#[test]
fn keys_name_something() {
    let key = |key: Value| limit(&json!({"key": [key]}));
    assert_found(
        &key(json!({"type": "header"})),
        &format!("error at {}: key", at("/key/0")),
    );
    assert_found(
        &key(json!({"type": "session"})),
        &format!("error at {}: `session` is none of", at("/key/0/type")),
    );
    let wide = key(json!({"type": "ip", "prefixV4": 33}));
    assert_found(
        &wide,
        &format!(
            "error at {}: 33 is not between 1 and 32",
            at("/key/0/prefixV4")
        ),
    );
    let odd = key(json!({"type": "header", "key": "a", "prefixV4": 8}));
    assert_found(&odd, &format!("error at {}: for addresses", at("/key/0")));
    assert_found(
        &limit(&json!({"key": {"type": "ip"}})),
        &format!("error at {}: expected an array", at("/key")),
    );
    assert_sound(&key(json!({"type": "cookie", "key": "sid"})));
}

#[test]
fn an_override_for_one_part_is_met_by_another() {
    let with = |key: Value| {
        let windows = json!([{"threshold": 9, "timeWindowInMs": 1000}]);
        limit(
            &json!({"key": key, "overrides": [{"match": ["10.0.0.1"], "slidingWindows": windows}]}),
        )
    };
    let (key, user) = (
        json!({"type": "ip"}),
        json!({"type": "header", "key": "x-user"}),
    );
    let wanted = format!(
        "warning at {}: an override meant for one `ip` is also that of every client that sends the same value as its `header`",
        at("/overrides")
    );
    assert_found(&with(json!([user, key])), &wanted);
    for one in [user, key] {
        assert_sound(&with(json!([one])));
    }
}

#[test]
fn an_early_limit_knows_nobody_yet() {
    let early = |more: Value| {
        let mut early = json!({"phase": "early"});
        early
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        limit(&early)
    };
    assert_sound(&early(
        json!({"key": [{"type": "ip"}, {"type": "header", "key": "authorization"}]}),
    ));
    let claim = json!({"type": "claim", "key": "sub", "max": 3, "values": ["ann"]});
    let key = json!([{"type": "ip"}, {"type": "apiKey"}]);
    let caller = json!({"type": "system", "key": "consumer", "values": ["web"]});
    for (more, kind, rest) in [
        (json!({"key": key}), "apiKey", "/key/1"),
        (json!({"cost": claim}), "claim", "/cost"),
        (json!({"conditions": [claim]}), "claim", "/conditions/0"),
        (json!({"key": [caller]}), "consumer", "/key/0"),
        (json!({"conditions": [caller]}), "consumer", "/conditions/0"),
    ] {
        let wanted = format!("error at {}: no `{kind}` is known yet", at(rest));
        assert_found(&early(more), &wanted);
    }
}

#[test]
fn words_are_known() {
    for (member, value) in [
        ("missingKey", "drop"),
        ("phase", "late"),
        ("onContention", "retry"),
        ("mode", "dry"),
    ] {
        let said = limit(&json!({member: value}));
        assert_found(
            &said,
            &format!(
                "error at {}: `{value}` is none of",
                at(&format!("/{member}"))
            ),
        );
    }
    assert_found(
        &limit(&json!({"realizeType": "Guava"})),
        &format!("error at {}: `Guava`", at("/realizeType")),
    );
    assert_sound(&limit(
        &json!({"mode": "Shadow", "stateAt": "node", "missingKey": "skip", "realizeType": ""}),
    ));
}

#[test]
fn waiting_without_room_has_no_effect() {
    let document = |room: u32, wait: u64| {
        let limit = json!({"name": "r", "maxWaitMs": wait,
            "slidingWindows": [{"threshold": 10, "timeWindowInMs": 1000}]});
        let group = json!({"name": "default", "servicePolicy": {"rateLimitPolicies": [limit]}});
        report(
            &json!({"services": [{"name": "s", "groups": [group]}], "settings": {"maxWaiting": room}}),
        )
    };
    assert_found(
        &document(0, 100),
        "warning at /settings/maxWaiting: there is room for nobody",
    );
    for (room, wait) in [(1, 100), (0, 0)] {
        let found = document(room, wait);
        let findings = found.findings();
        assert!(
            findings
                .iter()
                .all(|it| it.pointer != "/settings/maxWaiting"),
            "{findings:?}"
        );
    }
}

#[test]
fn a_draft_of_another_syntax_is_said() {
    let said = |draft: u32| {
        report(
            &json!({"services": [{"name": "s", "groups": []}], "settings": {"rateLimitDraft": draft}}),
        )
    };
    for draft in [8, 10, 11] {
        let about = |it: &&Finding| it.pointer == "/settings/rateLimitDraft";
        assert!(
            !said(draft).findings().iter().any(|it| about(&it)),
            "{draft}"
        );
    }
    for draft in [6, 7, 12] {
        assert_found(
            &said(draft),
            "warning at /settings/rateLimitDraft: drafts 8 to 11",
        );
    }
}

#[test]
fn a_variable_that_no_path_has_tells_nobody_apart() {
    let said = |path: &str, missing: &str| {
        let key = json!([{"type": "pathVariable", "key": "id"}]);
        let windows = json!([{"threshold": 10, "timeWindowInMs": 1000}]);
        let limit =
            json!({"name": "r", "key": key, "slidingWindows": windows, "missingKey": missing});
        let policy = json!({"rateLimitPolicies": [limit]});
        let paths = json!([{"path": path, "servicePolicy": policy}]);
        let group = json!({"name": "default", "servicePolicy": policy, "paths": paths});
        report(&json!({"services": [{"name": "s", "groups": [group]}]}))
    };
    assert!(
        !said("/orders/{id}", "own")
            .findings()
            .iter()
            .any(|it| it.message.contains("{id}"))
    );
    for (missing, wanted) in [
        ("own", "warning at "),
        ("refuse", "warning at "),
        ("skip", "error at "),
    ] {
        for place in ["/servicePolicy", "/paths/0/servicePolicy"] {
            let at = format!("/services/0/groups/0{place}/rateLimitPolicies/0/key/0");
            assert_found(
                &said("/orders/{order}", missing),
                &format!("{wanted}{at}: no path here"),
            );
        }
    }
}
