//! The trie against trying all patterns.

use super::*;
use proptest::prelude::*;

/// How well a pattern fits: its segments' ranks; `None` if it does not fit. Compared from the left, a longer one wins.
fn fit(kind: PathMatchType, pattern: &str, path: &[&str]) -> Option<Vec<u8>> {
    let segments: Vec<_> = pattern
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let is_long_enough = match kind {
        PathMatchType::Equal => path.len() == segments.len(),
        _ => path.len() >= segments.len(),
    };
    let rank = |(pattern, segment): (&&str, &&str)| match *pattern {
        "*" => Some(2),
        variable if variable.starts_with('{') => Some(1),
        literal => (literal == *segment).then_some(0),
    };
    let ranks = segments
        .iter()
        .zip(path)
        .map(rank)
        .collect::<Option<Vec<u8>>>()?;
    is_long_enough.then(|| ranks.into_iter().chain([3]).collect())
}

fn text() -> impl Strategy<Value = String> {
    let segment = prop_oneof![3 => "[abc]", 1 => Just("{x}".to_owned()), 1 => Just("*".to_owned())];
    proptest::collection::vec(segment, 0..5).prop_filter_map("two variables", |segments| {
        let variables = segments.iter().filter(|segment| *segment == "{x}").count();
        (variables < 2).then(|| format!("/{}", segments.join("/")))
    })
}

proptest! {
    #[test]
    fn the_trie_finds_what_trying_all_patterns_finds(
        patterns in proptest::collection::vec((proptest::bool::ANY, text()), 0..12),
        path in proptest::collection::vec("[abcd]", 0..6),
    ) {
        let kind = |equal: &bool| if *equal { EQUAL } else { PREFIX };
        let named: Vec<_> = patterns.iter().map(|(equal, text)| (kind(equal), text.as_str())).collect();
        let segments: Vec<_> = path.iter().map(String::as_str).collect();
        let best = |wanted| {
            named
                .iter()
                .filter(|(kind, _)| *kind == wanted)
                .filter_map(|(kind, text)| Some((fit(*kind, text, &segments)?, *text)))
                .min()
                .map(|(_, text)| (wanted, text))
        };
        let expected = best(EQUAL).or_else(|| best(PREFIX));
        let path = format!("/{}", path.join("/"));
        let found = table(&named).find(path.as_bytes()).map(|index| named[*index]);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_can_be_looked_up(path: Vec<u8>) {
        let table = table(&[(EQUAL, "/{x}"), (PREFIX, "/"), (REGULAR, "a.*")]);
        prop_assert!(table.find(&path).is_some());
    }
}
