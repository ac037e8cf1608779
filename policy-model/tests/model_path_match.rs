//! Path matching against what JoyLive's own `PathMatcher` answers (`fixtures/joylive/golden/path-match.json`), and every
//! row where we differ on purpose.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use policy_model::document::{PathMatchType, ServiceType};
use policy_model::pattern::{PathPattern, PathTable};
use policy_model::target::NormalPath;
use serde_json::Value;
use std::rc::Rc;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Patterns (joined by a space), path, what JoyLive answers, what we answer, and why.
const DIFFERENCES: &[(&str, &str, &str, &str, &str)] = &[
    (
        LONG,
        "",
        "none",
        "EQUAL /",
        "an empty path is the root (RFC 3986 6.2.3)",
    ),
    (
        LONG,
        "//",
        "PREFIX /",
        "EQUAL /",
        "merged slashes leave the root itself",
    ),
    (
        LONG,
        "/user//",
        "PREFIX /user",
        "EQUAL /user",
        "any number of slashes at the end is one",
    ),
    (
        LONG,
        "user",
        "EQUAL /user",
        "unsafe",
        "a request's path begins with a slash",
    ),
    (
        LONG,
        "/user?x=1",
        "PREFIX /",
        "EQUAL /user",
        "the query is no part of the path",
    ),
    (
        "/a/b/c /a/{x}",
        "/a/b",
        "none",
        "EQUAL /a/{x} x=b",
        "a branch that ends without a pattern is left again",
    ),
    (
        "/a/b/c /a/{x}",
        "/a/b/d",
        "none",
        "PREFIX /a/{x} x=b",
        "a branch that ends without a pattern is left again",
    ),
    (
        "/{x}",
        "/",
        "PREFIX /{x} x=",
        "none",
        "a variable stands for one segment, and the root has none",
    ),
    ("/", "", "none", "EQUAL /", "an empty path is the root"),
];

const LONG: &str = "/ /user /order/{orderId}/create /order/{orderId} /product/*/create /org/ /test/{a}/add \
                    /test/{a}/{b}/delete /test/order/update";

fn text<'v>(row: &'v Value, field: &str) -> Option<&'v str> {
    row[field].as_str()
}

/// What a table of patterns answers, as the rows say it: `EQUAL /a/{x} x=b`.
fn ours(patterns: &[&str], delimiter: &str, path: &str) -> String {
    let service = if delimiter == "/" {
        ServiceType::Http
    } else {
        ServiceType::RpcApp
    };
    let pattern = |kind, text: &str| Rc::new(PathPattern::new(text, Some(kind), service).unwrap());
    let table = |kind, patterns: &[&str]| {
        let patterns = patterns.iter().map(|text| pattern(kind, text));
        PathTable::new(patterns.map(|pattern| (pattern.clone(), pattern)))
    };
    let path = match NormalPath::new(path.as_bytes()) {
        _ if delimiter == "." => path.as_bytes().to_vec(),
        Ok(normal) => normal.as_bytes().to_vec(),
        Err(_) => return "unsafe".to_owned(),
    };
    let prefix = table(PathMatchType::Prefix, patterns);
    let Some(found) = prefix.find(&path) else {
        return "none".to_owned();
    };
    let whole = table(PathMatchType::Equal, &[found.as_str()]);
    let found = whole.find(&path).unwrap_or(found);
    let variables = found.variables(&path);
    let variables =
        variables.map(|(name, value)| format!(" {name}={}", str::from_utf8(value).unwrap()));
    format!("{found}{}", variables.collect::<String>())
}

fn theirs(row: &Value) -> String {
    let (Some(kind), Some(pattern)) = (text(row, "type"), text(row, "match")) else {
        return "none".to_owned();
    };
    let variables = row["variables"].as_object().into_iter().flatten();
    let variables = variables.map(|(name, value)| format!(" {name}={}", value.as_str().unwrap()));
    format!("{kind} {pattern}{}", variables.collect::<String>())
}

#[test]
fn every_row_is_as_in_joylive_or_differs_on_purpose() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/joylive/golden/path-match.json")).unwrap();
    let mut differences = Vec::new();
    for row in &rows {
        let patterns: Vec<_> = row["patterns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap())
            .collect();
        let path = text(row, "path").unwrap();
        let (ours, theirs) = (
            ours(&patterns, text(row, "delimiter").unwrap(), path),
            theirs(row),
        );
        if ours != theirs {
            differences.push((patterns.join(" "), path.to_owned(), theirs, ours));
        }
    }
    assert_eq!(rows.len(), 68);
    let expected: Vec<_> = DIFFERENCES
        .iter()
        .map(|(patterns, path, theirs, ours, _)| {
            (
                (*patterns).to_owned(),
                (*path).to_owned(),
                (*theirs).to_owned(),
                (*ours).to_owned(),
            )
        })
        .collect();
    assert_eq!(differences, expected);
}
