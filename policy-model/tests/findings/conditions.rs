//! Conditions that cannot be carried out, or whose answer is known.

use super::{GROUP, assert_found, assert_sound, at_group};
use policy_model::Report;
use serde_json::{Value, json};
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn conditions(relation: &str, conditions: &Value) -> Report {
    at_group(&json!({"routePolicies": [{"name": "r", "tagRules": [{
        "relationType": relation, "conditions": conditions,
        "destinations": [{"conditions": [{"key": "unit", "values": ["a"]}]}]
    }]}]}))
}

fn one(condition: &Value) -> Report {
    conditions("AND", &json!([condition]))
}

fn at(rest: &str) -> String {
    format!("{GROUP}/routePolicies/0/tagRules/0/{rest}")
}

#[test]
fn what_cannot_be_carried_out_is_refused() {
    for (condition, member, message) in [
        (
            json!({"type": "heder", "key": "a", "values": ["b"]}),
            "/type",
            "`heder` is none of header",
        ),
        (
            json!({"key": "a", "values": ["b"]}),
            "",
            "`type` is missing",
        ),
        (
            json!({"type": "header", "opType": "LIKE", "key": "a"}),
            "/opType",
            "`LIKE` is none of EQUAL",
        ),
        (json!({"type": "header", "values": ["b"]}), "", "key"),
        (
            json!({"type": "system", "key": "load", "values": ["b"]}),
            "",
            "load",
        ),
        (
            json!({"type": "header", "key": "a", "opType": "REGULAR", "values": ["("]}),
            "",
            "regular",
        ),
        (
            json!({"type": "ip", "opType": "IN", "values": ["10.0.0.0/40"]}),
            "",
            "10.0.0.0/40",
        ),
    ] {
        let wanted = format!(
            "error at {}: {message}",
            at(&format!("conditions/0{member}"))
        );
        assert_found(&one(&condition), &wanted);
    }
    let relation = conditions("XOR", &json!([]));
    assert_found(
        &relation,
        &format!("error at {}: `XOR` is none of AND, OR", at("relationType")),
    );
}

#[test]
fn an_answer_that_is_known_is_said() {
    for (condition, message) in [
        (
            json!({"type": "header", "key": "a"}),
            "EQUAL without `values` never holds",
        ),
        (
            json!({"type": "header", "key": "a", "opType": "IN", "values": []}),
            "IN without `values` never holds",
        ),
        (
            json!({"type": "header", "key": "a", "opType": "NOT_IN"}),
            "NOT_IN without `values` always holds",
        ),
        (
            json!({"type": "method", "values": ["GET", "HEAD"]}),
            "a request has one method: it never equals several values (did you mean `IN`?)",
        ),
        (
            json!({"type": "method", "opType": "NOT_EQUAL", "values": ["GET", "HEAD"]}),
            "always differs from several values (did you mean `NOT_IN`?)",
        ),
    ] {
        let wanted = format!("warning at {}: {message}", at("conditions/0"));
        assert_found(&one(&condition), &wanted);
    }
    let all = one(&json!({"type": "header", "key": "a", "values": ["b", "c"]}));
    assert_found(
        &all,
        &format!(
            "info at {}: all 2 values (IN holds for any",
            at("conditions/0")
        ),
    );
}

#[test]
fn conditions_that_exclude_each_other_are_said() {
    let get = json!({"type": "method", "values": ["GET"]});
    let post = json!({"type": "method", "opType": "IN", "values": ["POST", "PUT"]});
    let both = conditions("AND", &json!([get, post]));
    let wanted = format!(
        "warning at {}: never holds together with",
        at("conditions/1")
    );
    assert_found(&both, &wanted);
    assert_sound(&conditions("OR", &json!([get, post])));
    let get_or_put = json!({"type": "method", "opType": "IN", "values": ["put", "get"]});
    assert_sound(&conditions("AND", &json!([get, get_or_put])));
}

#[test]
fn every_kind_and_operator_is_sound_when_it_is() {
    for condition in [
        json!({"type": "Header", "key": "a", "value": ["b"]}),
        json!({"type": "query", "opType": "ne", "key": "a", "values": []}),
        json!({"type": "cookie", "opType": "prefix", "key": "a", "values": [1]}),
        json!({"type": "system", "key": "clientIp", "values": ["::1"]}),
        json!({"type": "header", "opType": "nin", "key": "x-roles", "values": ["x"]}),
        json!({"type": "path", "opType": "REGULAR", "values": ["/v\\d+/.*"]}),
        json!({"type": "host", "key": "", "opType": null, "values": ["www.example.org"]}),
        json!({"type": "ip", "opType": "IN", "values": ["10.0.0.0/8", "2001:db8::/32"]}),
    ] {
        assert_sound(&one(&condition));
    }
}

#[test]
fn claims_need_a_provider() {
    let claim = json!({"type": "claim", "key": "realm_access.roles", "values": ["editor"]});
    let said = one(&claim);
    assert_found(
        &said,
        &format!("warning at {}: no request has claims", at("conditions/0")),
    );
    let limit = json!({"slidingWindows": [{"threshold": 1, "timeWindowInMs": 1}], "key": [{"type": "claim", "key": "sub"}]});
    let said = at_group(&json!({"rateLimitPolicies": [limit]}));
    assert_found(
        &said,
        &format!("warning at {GROUP}/rateLimitPolicies/0/key/0: no request has claims"),
    );
}
