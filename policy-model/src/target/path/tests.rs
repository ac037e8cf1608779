use super::*;
use proptest::prelude::*;

fn normal(raw: &str) -> Result<String, UnsafePath> {
    NormalPath::new(raw.as_bytes()).map(|path| String::from_utf8(path.as_bytes().to_vec()).unwrap())
}

#[test]
fn every_spelling_of_a_path_is_that_path() {
    let spellings = [
        "/admin",
        "//admin",
        "///admin",
        "/./admin",
        "/../admin",
        "/../../admin",
        "/public/../admin",
        "/public/./../admin",
        "/public/%2e%2e/admin",
        "/public/%2E%2e/admin",
        "/public/.%2e/admin",
        "/public/a/../../admin",
        "/%61dmin",
        "/%61%64%6D%69%6e",
        "/admin?x=/../public",
        "/admin#/../public",
        "/admin?",
        "//..//admin",
    ];
    for spelling in spellings {
        assert_eq!(normal(spelling).as_deref(), Ok("/admin"), "{spelling}");
    }
    for spelling in [
        "/admin/",
        "/admin/.",
        "/admin/%2e",
        "/admin//",
        "/admin/x/..",
        "/admin/./",
    ] {
        assert_eq!(normal(spelling).as_deref(), Ok("/admin/"), "{spelling}");
    }
}

#[test]
fn the_root_has_many_spellings() {
    for spelling in [
        "", "?a", "#a", "/", "//", "/.", "/..", "/../", "/a/..", "/a/../", "/./..",
    ] {
        assert_eq!(normal(spelling).as_deref(), Ok("/"), "{spelling}");
    }
}

#[test]
fn unsafe_paths_say_why() {
    let cases = [
        ("admin", UnsafePath::NotAbsolute),
        ("*", UnsafePath::NotAbsolute),
        ("http://a/admin", UnsafePath::NotAbsolute),
        ("/a%2fb", UnsafePath::EncodedSlash),
        ("/a%2Fb", UnsafePath::EncodedSlash),
        ("/a\\b", UnsafePath::Backslash),
        ("/a%5cb", UnsafePath::Backslash),
        ("/a%5Cb", UnsafePath::Backslash),
        ("/a\0", UnsafePath::Nul),
        ("/a%00", UnsafePath::Nul),
        ("/a%0a", UnsafePath::Control),
        ("/a\tb", UnsafePath::Control),
        ("/a\u{7f}", UnsafePath::Control),
        ("/a%", UnsafePath::BadEscape),
        ("/a%4", UnsafePath::BadEscape),
        ("/a%zz", UnsafePath::BadEscape),
        ("/a%+1", UnsafePath::BadEscape),
        ("/public/..;/admin", UnsafePath::DotParameter),
        ("/public/%2e.;x=1/admin", UnsafePath::DotParameter),
        ("/public/.;/admin", UnsafePath::DotParameter),
        ("/public//../admin", UnsafePath::AmbiguousParent),
        ("/admin/x//../../public", UnsafePath::AmbiguousParent),
        // Unsafe even where it would be taken back.
        ("/a%2fb/../c", UnsafePath::EncodedSlash),
    ];
    for (raw, reason) in cases {
        assert_eq!(normal(raw), Err(reason), "{raw:?}");
    }
}

#[test]
fn what_is_unsafe_in_a_query_is_no_concern_of_the_path() {
    assert_eq!(normal("/a?next=%2f\\%zz").as_deref(), Ok("/a"));
}

#[test]
fn escapes_have_one_spelling() {
    assert_eq!(normal("/a%7eb").as_deref(), Ok("/a~b"));
    assert_eq!(normal("/users/%40me").as_deref(), Ok("/users/@me"));
    assert_eq!(normal("/v1/x%3Aundo").as_deref(), Ok("/v1/x:undo"));
    assert_eq!(normal("/a%3bb").as_deref(), Ok("/a%3Bb"));
    assert_eq!(normal("/a%2525").as_deref(), Ok("/a%2525"));
    assert_eq!(normal("/%252e%252e/a").as_deref(), Ok("/%252e%252e/a"));
    for spelling in ["/é", "/%c3%a9", "/%C3%A9"] {
        assert_eq!(normal(spelling).as_deref(), Ok("/%C3%A9"), "{spelling}");
    }
    for spelling in ["/a b", "/a%20b"] {
        assert_eq!(normal(spelling).as_deref(), Ok("/a%20b"), "{spelling}");
    }
}

#[test]
fn parameters_of_segments_are_cut_off() {
    for spelling in [
        "/admin;",
        "/admin;v=1",
        "/admin;a;b",
        "/x;y/../admin",
        "/;x/admin",
    ] {
        assert_eq!(normal(spelling).as_deref(), Ok("/admin"), "{spelling}");
    }
    assert_eq!(normal("/a;v=1/b;w").as_deref(), Ok("/a/b"));
    assert_eq!(normal("/a;x%2f..%2fb"), Err(UnsafePath::EncodedSlash));
    assert_eq!(normal("/a/;x/../b"), Err(UnsafePath::AmbiguousParent));
}

#[test]
fn a_normal_path_is_borrowed() {
    for raw in [
        "/",
        "/a/b.c/d",
        "/a/?x=1",
        "/a%20b/%C3%A9",
        "/v1/x:undo",
        "/.well-known/x",
    ] {
        assert!(
            NormalPath::new(raw.as_bytes()).unwrap().is_borrowed(),
            "{raw}"
        );
    }
    assert!(!NormalPath::new(b"/a//b").unwrap().is_borrowed());
}

#[test]
fn only_connect_and_options_asterisk_have_no_path() {
    assert_eq!(NormalPath::of_request(b"CONNECT", None), Ok(None));
    assert_eq!(NormalPath::of_request(b"CONNECT", Some(b"")), Ok(None));
    assert_eq!(NormalPath::of_request(b"OPTIONS", Some(b"*")), Ok(None));
    assert_eq!(
        NormalPath::of_request(b"GET", Some(b"*")),
        Err(UnsafePath::NotAbsolute)
    );
    assert!(
        NormalPath::of_request(b"CONNECT", Some(b"/chat"))
            .unwrap()
            .is_some()
    );
}

/// What a service behind the proxy does with a path: decode, then walk. Written apart from the code under test.
fn walk(raw: &str) -> Vec<Vec<u8>> {
    let mut place: Vec<Vec<u8>> = Vec::new();
    for segment in raw.split('/') {
        let name = segment.split(';').next().unwrap();
        match &*decode(name) {
            b"" | b"." => {}
            b".." => drop(place.pop()),
            name => place.push(name.to_vec()),
        }
    }
    place
}

fn decode(segment: &str) -> Vec<u8> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let escape = byte == b'%';
        let digits =
            |bytes: &mut std::str::Bytes<'_>| [bytes.next().unwrap(), bytes.next().unwrap()];
        decoded.push(match escape {
            true => {
                let digits = digits(&mut bytes);
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            false => byte,
        });
    }
    decoded
}

fn segments() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just(String::new()),
        Just(".".to_owned()),
        Just("..".to_owned()),
        Just("%2e".to_owned()),
        Just(".%2E".to_owned()),
        Just("%61dmin".to_owned()),
        Just("..a".to_owned()),
        "[ab]{1,2}",
        "%[89a-fA-F][0-9a-fA-F]",
        "[;!@é]{1,2}",
    ];
    proptest::collection::vec(segment, 0..8).prop_map(|segments| format!("/{}", segments.join("/")))
}

proptest! {
    #[test]
    fn normalizing_twice_changes_nothing(raw: Vec<u8>) {
        if let Ok(once) = NormalPath::new(&raw) {
            let twice = NormalPath::new(once.as_bytes()).unwrap();
            prop_assert!(twice.is_borrowed());
            prop_assert_eq!(twice.as_bytes(), once.as_bytes());
            prop_assert!(once.as_bytes().starts_with(b"/") && once.as_bytes().is_ascii());
        }
    }

    #[test]
    fn normalizing_twice_changes_nothing_in_likely_paths(raw in segments()) {
        if let Ok(once) = normal(&raw) {
            prop_assert_eq!(normal(&once), Ok(once.clone()));
            prop_assert!(NormalPath::new(once.as_bytes()).unwrap().is_borrowed());
        }
    }

    #[test]
    fn a_normal_path_leads_where_the_service_goes(raw in segments()) {
        match normal(&raw) {
            Ok(path) => prop_assert_eq!(walk(&path), walk(&raw)),
            Err(reason) => prop_assert!(matches!(reason, UnsafePath::AmbiguousParent | UnsafePath::DotParameter)),
        }
    }

    #[test]
    fn places_that_are_one_have_one_spelling(left in segments(), right in segments()) {
        if let (Ok(one), Ok(other)) = (normal(&left), normal(&right)) {
            let same = one.trim_end_matches('/') == other.trim_end_matches('/');
                    prop_assert_eq!(same, walk(&left) == walk(&right), "{} {}", one, other);
        }
    }
}

#[test]
fn a_path_has_an_end() {
    let path = |length: usize| format!("/{}?{}", "a".repeat(length - 1), "q".repeat(9_000));
    let (most, more) = (
        path(NormalPath::MAX_LENGTH),
        path(NormalPath::MAX_LENGTH + 1),
    );
    assert_eq!(
        NormalPath::new(most.as_bytes()).map(|path| path.as_bytes().len()),
        Ok(8_192)
    );
    assert_eq!(NormalPath::new(more.as_bytes()), Err(UnsafePath::TooLong));
}
