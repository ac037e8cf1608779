use super::*;
use crate::document::{PathMatchType, ServiceType};
use crate::target::NormalPath;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod properties;

const EQUAL: PathMatchType = PathMatchType::Equal;
const PREFIX: PathMatchType = PathMatchType::Prefix;
const REGULAR: PathMatchType = PathMatchType::Regular;

fn table(patterns: &[(PathMatchType, &str)]) -> PathTable<usize> {
    let pattern = |(index, (kind, text)): (usize, &(PathMatchType, &str))| {
        (
            PathPattern::new(text, Some(*kind), ServiceType::Http).unwrap(),
            index,
        )
    };
    PathTable::new(patterns.iter().enumerate().map(pattern))
}

fn find<'p>(patterns: &[(PathMatchType, &'p str)], path: &str) -> Option<&'p str> {
    let path = NormalPath::new(path.as_bytes()).unwrap();
    table(patterns)
        .find(path.as_bytes())
        .map(|index| patterns[*index].1)
}

#[test]
fn kinds_are_tried_in_order() {
    let patterns = [
        (REGULAR, "/a/b.*"),
        (PREFIX, "/a/b"),
        (EQUAL, "/a/{x}"),
        (REGULAR, "/.*"),
    ];
    assert_eq!(find(&patterns, "/a/b"), Some("/a/{x}"));
    assert_eq!(find(&patterns, "/a/b/c"), Some("/a/b"));
    assert_eq!(find(&patterns, "/a/bc/d"), Some("/a/b.*"));
    assert_eq!(find(&patterns, "/z"), Some("/.*"));
}

#[test]
fn the_first_difference_decides() {
    let patterns = [
        (PREFIX, "/a/*"),
        (PREFIX, "/a/{x}/c"),
        (PREFIX, "/a/b"),
        (PREFIX, "/"),
    ];
    assert_eq!(find(&patterns, "/a/b/c"), Some("/a/b"));
    assert_eq!(find(&patterns, "/a/z/c/d"), Some("/a/{x}/c"));
    assert_eq!(find(&patterns, "/a/z/d"), Some("/a/*"));
    assert_eq!(find(&patterns, "/a"), Some("/"));
}

#[test]
fn a_branch_without_an_end_is_left_again() {
    let patterns = [(EQUAL, "/a/b/c"), (EQUAL, "/a/{x}"), (EQUAL, "/{y}/b/d")];
    assert_eq!(find(&patterns, "/a/b"), Some("/a/{x}"));
    assert_eq!(find(&patterns, "/a/b/d"), Some("/{y}/b/d"));
}

#[test]
fn equal_means_equal() {
    assert_eq!(find(&[(EQUAL, "/echo")], "/echo/abc"), None);
    assert_eq!(find(&[(EQUAL, "/echo")], "/echo/"), Some("/echo"));
    assert_eq!(find(&[(EQUAL, "/echo/")], "/echo"), Some("/echo/"));
}

#[test]
fn prefixes_end_where_segments_end() {
    assert_eq!(find(&[(PREFIX, "/echo")], "/echox"), None);
    assert_eq!(find(&[(PREFIX, "/echo")], "/echo/x"), Some("/echo"));
}

#[test]
fn a_slash_at_the_end_never_leads_past_a_regular_expression() {
    let patterns = [(REGULAR, "/admin"), (REGULAR, "/files/.*")];
    assert_eq!(find(&patterns, "/admin/"), Some("/admin"));
    assert_eq!(find(&patterns, "/files/"), Some("/files/.*"));
    assert_eq!(find(&patterns, "/admin/x"), None);
}

#[test]
fn documents_and_requests_may_spell_differently() {
    assert_eq!(
        find(&[(EQUAL, "/café/a b")], "/caf%c3%a9/a%20b"),
        Some("/café/a b")
    );
    assert_eq!(
        find(&[(EQUAL, "/users/@me")], "/users/%40me"),
        Some("/users/@me")
    );
}

#[test]
fn the_later_of_two_equal_patterns_stays() {
    let table = table(&[(EQUAL, "/a/{x}"), (EQUAL, "/a/{y}")]);
    assert_eq!(table.find(b"/a/1"), Some(&1));
}

#[test]
fn interfaces_match_as_a_whole() {
    let pattern = PathPattern::new("com.jd.Foo", None, ServiceType::RpcApp).unwrap();
    let table = PathTable::new([(pattern, ())]);
    assert!(table.find(b"com.jd.Foo").is_some());
    assert!(table.find(b"com.jd.Foo.Bar").is_none() && table.find(b"com.jd").is_none());
}
