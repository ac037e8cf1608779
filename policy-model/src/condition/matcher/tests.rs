use super::super::source::System;
use super::*;
use crate::document::{ConditionKind, Spelled};
use serde_json::Value;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A request made of (source, value) pairs.
struct Request<'a>(&'a [(Source, &'a [u8])]);

impl Attributes for Request<'_> {
    fn visit(&self, source: &Source, visit: &mut dyn FnMut(&[u8])) {
        self.0
            .iter()
            .filter(|(name, _)| name == source)
            .for_each(|(_, value)| visit(value));
    }
}

fn condition(kind: ConditionKind, key: &str, op: Op, values: &[&str]) -> Condition {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Condition {
        kind,
        op,
        key: key.to_owned(),
        values,
        pointer: Rc::from("/here"),
    }
}

fn compile(relation: Relation, list: Vec<Condition>) -> Result<Matcher, InvalidCondition> {
    Matcher::compile(&Conditions { relation, list })
}

fn single(condition: Condition) -> Matcher {
    compile(Relation::And, vec![condition]).unwrap()
}

fn holds(kind: ConditionKind, op: Op, values: &[&str], source: Source, value: &[u8]) -> bool {
    single(condition(kind, "", op, values)).matches(&Request(&[(source, value)]))
}

#[test]
fn every_row_of_the_truth_table() {
    let rows = include_str!("../../../fixtures/joylive/golden/optype.json");
    let rows: Vec<Value> = serde_json::from_str(rows).unwrap();
    assert_eq!(rows.len(), 49);
    for row in rows {
        let texts = |field: &str| -> Vec<String> {
            let list = row[field].as_array().cloned().unwrap_or_default();
            list.iter()
                .map(|text| text.as_str().unwrap().to_owned())
                .collect()
        };
        let (values, request) = (texts("policyValues"), texts("requestValues"));
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let op = Op::spelled(row["op"].as_str().unwrap()).unwrap();
        let header = Source::Header("x".into());
        let request: Vec<_> = request
            .iter()
            .map(|value| (header.clone(), value.as_bytes()))
            .collect();
        let matcher = single(condition(ConditionKind::Header, "X", op, &values));
        assert_eq!(
            matcher.matches(&Request(&request)),
            row["match"].as_bool().unwrap(),
            "{row}"
        );
    }
}

#[test]
fn relations_combine() {
    let (yes, no) = (
        || condition(ConditionKind::Method, "", Op::Equal, &["GET"]),
        || condition(ConditionKind::Method, "", Op::Equal, &["POST"]),
    );
    let request = [(Source::Method, &b"GET"[..])];
    let matches = |relation, list| compile(relation, list).unwrap().matches(&Request(&request));
    assert!(matches(Relation::And, vec![]) && matches(Relation::Or, vec![]));
    assert!(matches(Relation::And, vec![yes(), yes()]));
    assert!(!matches(Relation::And, vec![yes(), no()]));
    assert!(matches(Relation::Or, vec![no(), yes()]));
    assert!(!matches(Relation::Or, vec![no(), no()]));
}

#[test]
fn a_broken_header_breaks_nothing() {
    let header = Source::Header("x".into());
    let broken = [(header, &b"caf\xe9"[..])];
    let matches = |op, values: &[&str]| {
        single(condition(ConditionKind::Header, "x", op, values)).matches(&Request(&broken))
    };
    assert!(matches(Op::Regular, &["caf."]) && matches(Op::Prefix, &["caf"]));
    assert!(matches(Op::NotIn, &["café"]) && !matches(Op::Equal, &["café"]));
}

#[test]
fn a_path_has_one_spelling_here_too() {
    let path = |op, values: &[&str], path: &[u8]| {
        holds(ConditionKind::Path, op, values, Source::Path, path)
    };
    for value in ["/admin", "/admin/", "//admin", "/%61dmin", "/x/../admin"] {
        assert!(path(Op::Equal, &[value], b"/admin"), "{value}");
        assert!(path(Op::Equal, &[value], b"/admin/"), "{value}");
        assert!(!path(Op::NotIn, &[value], b"/admin/"), "{value}");
    }
    assert!(path(Op::Equal, &["/"], b"/"));
    assert!(path(Op::Prefix, &["/adm"], b"/admin"));
    assert!(
        path(Op::Prefix, &["/admin/"], b"/admin/") && !path(Op::Prefix, &["/admin/"], b"/admin")
    );
    assert!(
        path(Op::Regular, &["/admin"], b"/admin/") && path(Op::Regular, &["/a.*/"], b"/admin/")
    );
}

#[test]
fn hosts_and_methods_have_one_spelling_here_too() {
    let host = |op, value| {
        holds(
            ConditionKind::Host,
            op,
            &[value],
            Source::Host,
            b"a.example",
        )
    };
    assert!(host(Op::Equal, "A.Example.:80") && host(Op::Prefix, "A."));
    let method = |value| {
        holds(
            ConditionKind::Method,
            Op::Equal,
            &[value],
            Source::Method,
            b"GET",
        )
    };
    assert!(method("get") && method("GET"));
    let own = |value| {
        holds(
            ConditionKind::Method,
            Op::Equal,
            &[value],
            Source::Method,
            b"sayHello",
        )
    };
    assert!(own("sayHello") && !own("SAYHELLO"));
}

#[test]
fn an_address_is_in_a_block_or_not() {
    let ip = |op, address: &[u8]| {
        holds(
            ConditionKind::Ip,
            op,
            &["10.0.0.0/8", "::1"],
            Source::Ip,
            address,
        )
    };
    assert!(ip(Op::Equal, b"10.1.1.1") && ip(Op::In, b"[::1]:80"));
    assert!(!ip(Op::NotEqual, b"10.1.1.1") && !ip(Op::NotIn, b"::1"));
    assert!(ip(Op::NotEqual, b"11.1.1.1") && ip(Op::NotIn, b"no address"));
    assert!(!ip(Op::Equal, b"no address"));
}

#[test]
fn what_cannot_be_carried_out_is_refused_where_it_stands() {
    use ConditionKind as Kind;
    let reason = |kind, key: &str, op, value: &str| {
        let error = compile(Relation::And, vec![condition(kind, key, op, &[value])]).unwrap_err();
        assert_eq!(&*error.pointer, "/here");
        error.reason
    };
    let no_key = |kind| Reason::Source(InvalidSource::NoKey(kind));
    assert_eq!(
        reason(Kind::Header, "", Op::Equal, "a"),
        no_key(Kind::Header)
    );
    assert_eq!(reason(Kind::Claim, "", Op::Equal, "a"), no_key(Kind::Claim));
    let unknown = Reason::Source(InvalidSource::System("ip".into()));
    assert_eq!(reason(Kind::System, "ip", Op::Equal, "a"), unknown);
    assert_eq!(
        reason(Kind::Ip, "", Op::Prefix, "10."),
        Reason::Operator(Op::Prefix)
    );
    let no_block = Reason::Block(InvalidBlock("10.".into()));
    assert_eq!(reason(Kind::Ip, "", Op::In, "10."), no_block);
    assert_eq!(
        reason(Kind::Path, "", Op::In, "admin"),
        Reason::Path(UnsafePath::NotAbsolute)
    );
    assert_eq!(reason(Kind::Path, "", Op::Equal, "/a?b"), Reason::Query);
    assert_eq!(reason(Kind::Path, "", Op::Regular, "/é"), Reason::NotAscii);
    assert!(matches!(
        reason(Kind::Query, "q", Op::Regular, "("),
        Reason::Regex(_)
    ));
}

#[test]
fn a_matcher_says_what_it_looks_at() {
    let conditions = vec![
        condition(ConditionKind::Header, "X-User", Op::Equal, &["a"]),
        condition(ConditionKind::System, "clientip", Op::Equal, &["a"]),
        condition(ConditionKind::Claim, "realm_access.roles", Op::In, &["a"]),
    ];
    let matcher = compile(Relation::Or, conditions).unwrap();
    let sources: Vec<_> = matcher.sources().cloned().collect();
    let header = Source::Header("x-user".into());
    let claim = Source::Claim("realm_access.roles".into());
    assert_eq!(sources, [header, Source::System(System::ClientIp), claim]);
}
