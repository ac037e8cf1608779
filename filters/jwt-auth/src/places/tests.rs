use super::*;
use engine::Trust;
use host::Headers;
use policy_model::document::Provider;
use proptest::prelude::*;

type Pairs<'a> = &'a [(&'a str, &'a [u8])];

fn provider() -> Provider {
    let header = |name: &str, prefix: &str| TokenHeader {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
    };
    Provider {
        from_headers: vec![header("authorization", "Bearer "), header("x-token", "")],
        from_params: vec!["access_token".to_owned()],
        from_cookies: vec!["session".to_owned()],
        ..Provider::default()
    }
}

fn find(pairs: Pairs<'_>) -> Result<Option<Vec<u8>>, Ambiguous> {
    let headers = Headers::from_pairs(pairs);
    let view = RequestView::new(&headers, Trust::Edge).unwrap();
    let places = Places::new(&provider());
    match places.find(&view)? {
        Some(found) if found.is_list() => Err(Ambiguous),
        found => Ok(found.map(|found| found.token.0.into_owned())),
    }
}

fn found(pairs: Pairs<'_>) -> Option<String> {
    find(pairs)
        .unwrap()
        .map(|token| String::from_utf8(token).unwrap())
}

fn stripped(pairs: Pairs<'_>) -> Changes {
    let headers = Headers::from_pairs(pairs);
    let view = RequestView::new(&headers, Trust::Edge).unwrap();
    let mut changes = Changes::default();
    let places = Places::new(&provider());
    places
        .find(&view)
        .unwrap()
        .unwrap()
        .strip(&view, &mut changes);
    changes
}

#[test]
fn a_provider_that_names_no_place_reads_bearer_tokens() {
    let headers = Headers::from_pairs(&[("authorization", "Bearer a.b.c")]);
    let view = RequestView::new(&headers, Trust::Edge).unwrap();
    assert!(
        Places::new(&Provider::default())
            .find(&view)
            .unwrap()
            .is_some()
    );
}

#[test]
fn the_scheme_is_any_case_and_spaces_may_follow() {
    for value in [
        "Bearer a.b.c",
        "bearer a.b.c",
        "BEARER   a.b.c",
        "Bearer a.b.c ",
        "Bearer\ta.b.c",
    ] {
        assert_eq!(
            found(&[("authorization", value.as_bytes())]).as_deref(),
            Some("a.b.c")
        );
    }
    for value in [
        "Basic a.b.c",
        "Bearera.b.c",
        "Bearer",
        "Bearer ",
        "",
        "a.b.c",
    ] {
        assert_eq!(
            found(&[("authorization", value.as_bytes())]),
            None,
            "{value}"
        );
    }
    assert_eq!(found(&[("x-token", b"a.b.c")]).as_deref(), Some("a.b.c"));
}

#[test]
fn parameters_and_cookies_carry_tokens_too() {
    assert_eq!(
        found(&[(":path", b"/x?a=1&access_token=a.b.c")]).as_deref(),
        Some("a.b.c")
    );
    assert_eq!(
        found(&[(":path", b"/x?access%5ftoken=a%2eb.c")]).as_deref(),
        Some("a.b.c")
    );
    assert_eq!(
        found(&[("cookie", b"a=1; session=a.b.c")]).as_deref(),
        Some("a.b.c")
    );
    assert_eq!(
        found(&[(":path", b"/x?access_token="), ("cookie", b"session=")]),
        None
    );
}

#[test]
fn two_tokens_are_one_too_many() {
    let both: [Pairs<'_>; 15] = [
        &[
            ("authorization", b"Bearer a"),
            ("authorization", b"Bearer b"),
        ],
        &[
            ("authorization", b"Bearer a"),
            ("authorization", b"Bearer a"),
        ],
        &[("authorization", b"Bearer a,Bearer b")],
        &[("authorization", b"Basic a,Bearer b")],
        &[("authorization", b"Basic a, Digest b,  bearer c")],
        &[("authorization", b",Bearer b")],
        &[("authorization", b"x Bearer b")],
        &[("authorization", b"Basic a,\tbearer\tb")],
        &[
            ("authorization", b"Basic a"),
            ("authorization", b"Bearer b"),
        ],
        &[("authorization", b"Bearer a"), ("x-token", b"b")],
        &[
            ("authorization", b"Bearer a"),
            (":path", b"/?access_token=b"),
        ],
        &[(":path", b"/?access_token=a&access_token=b")],
        &[("cookie", b"session=a"), ("cookie", b"session=b")],
        // Readers that take white space off a name see two of it, and some believe the first.
        &[("cookie", b"session =forged; session=a")],
        &[("cookie", b"session\t=forged; session=a")],
    ];
    for pairs in both {
        assert_eq!(find(pairs), Err(Ambiguous), "{pairs:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_token_like_any_other() {
    assert_eq!(
        find(&[("authorization", b"Bearer \xff\xfe")]),
        Ok(Some(b"\xff\xfe".to_vec()))
    );
}

#[test]
fn a_token_is_taken_out_where_it_was() {
    let gone = stripped(&[("authorization", b"bearer a.b.c"), ("cookie", b"k=1")]);
    assert_eq!(gone.request("authorization"), Some(None));
    assert_eq!(gone.request("cookie"), None);
    for (before, after) in [
        ("/x?access_token=a", "/x"),
        ("/x?access_token=a&b=%20&c", "/x?b=%20&c"),
        ("/x?b=1&access%5Ftoken=a&&c=?", "/x?b=1&&c=?"),
        // What is no query does not become one.
        ("/x?access_token=a#b&c=1", "/x#b&c=1"),
        (
            "/x?b=1&access_token=a#?access_token=b",
            "/x?b=1#?access_token=b",
        ),
    ] {
        let changes = stripped(&[(":path", before.as_bytes())]);
        assert_eq!(
            changes.request(":path"),
            Some(Some(after.as_bytes())),
            "{before}"
        );
    }
    let some = stripped(&[("cookie", b"a=1; session=t"), ("cookie", b"b=\"2\"")]);
    assert_eq!(
        some.request("cookie"),
        Some(Some(b"a=1; b=\"2\"".as_slice()))
    );
    assert_eq!(
        stripped(&[("cookie", b" session=t;")]).request("cookie"),
        Some(None)
    );
}

/// Applies what a stage wants changed to these headers, as the engine does.
fn changed(pairs: Pairs<'_>, changes: &Changes) -> Vec<(String, Vec<u8>)> {
    let mut after = Vec::new();
    for name in ["authorization", "x-token", "cookie", ":path"] {
        match changes.request(name) {
            Some(value) => after.extend(value.map(|value| (name.to_owned(), value.to_vec()))),
            None => {
                let own = pairs.iter().filter(|(own, _)| *own == name);
                after.extend(own.map(|(_, value)| (name.to_owned(), value.to_vec())));
            }
        }
    }
    after
}

proptest! {
    #[test]
    fn what_is_taken_out_is_not_found_again(
        path in "/[a-z]{0,3}(\\?([&=a+%;.]|access_token=|access%5[fF]token=|a=1|t){0,8})?",
        cookie in proptest::option::of("([; =\"a.]|session=|s=|session){0,8}"),
        header in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..12)),
    ) {
        let mut pairs: Vec<(&str, &[u8])> = vec![(":path", path.as_bytes())];
        pairs.extend(cookie.iter().map(|cookie| ("cookie", cookie.as_bytes())));
        pairs.extend(header.iter().map(|header| ("x-token", header.as_slice())));
        if let Ok(Some(_)) = find(&pairs) {
            let after = changed(&pairs, &stripped(&pairs));
            let after: Vec<(&str, &[u8])> =
                after.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
            prop_assert_eq!(find(&after), Ok(None), "{:?}", after);
        }
    }
}
