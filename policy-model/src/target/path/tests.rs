use super::*;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod properties;

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
