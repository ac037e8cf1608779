use super::*;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn http(text: &str) -> Result<PathPattern, InvalidPattern> {
    PathPattern::new(text, None, ServiceType::Http)
}

#[test]
fn nothing_stated_is_the_root_but_for_applications() {
    assert_eq!(http("").unwrap().to_string(), "PREFIX /");
    let interface = PathPattern::new("", None, ServiceType::RpcInterface).unwrap();
    assert_eq!(interface.to_string(), "EQUAL /");
    assert_eq!(
        PathPattern::new("", None, ServiceType::RpcApp),
        Err(InvalidPattern::Empty)
    );
}

#[test]
fn a_pattern_that_could_never_match_is_refused() {
    let cases = [
        (
            "/files/{name}.json",
            InvalidPattern::Brace("{name}.json".into()),
        ),
        ("/a/{}", InvalidPattern::Brace("{}".into())),
        ("/a/{x", InvalidPattern::Brace("{x".into())),
        ("/a/{x}{y}", InvalidPattern::Brace("{x}{y}".into())),
        ("/a/{x}/b/{x}", InvalidPattern::TwiceNamed("x".into())),
        ("/a/../b", InvalidPattern::DotSegment),
        ("/a/%2e/b", InvalidPattern::DotSegment),
        ("/a?x=1", InvalidPattern::Query),
        ("/a;v=1", InvalidPattern::Query),
        ("/a%2fb", InvalidPattern::Unsafe(UnsafePath::EncodedSlash)),
        ("/a/%zz", InvalidPattern::Unsafe(UnsafePath::BadEscape)),
    ];
    for (text, reason) in cases {
        assert_eq!(http(text), Err(reason), "{text}");
    }
    assert_eq!(
        http(&"/a".repeat(MAX_SEGMENTS + 1)),
        Err(InvalidPattern::TooLong)
    );
    assert!(http(&"/a".repeat(MAX_SEGMENTS)).is_ok());
    let regex = |text| PathPattern::new(text, Some(PathMatchType::Regular), ServiceType::Http);
    assert!(matches!(regex("/a/("), Err(InvalidPattern::Regex(_))));
    assert_eq!(regex("/é"), Err(InvalidPattern::NotAscii));
}

#[test]
fn patterns_of_one_shape_match_the_same_paths() {
    let shape = |text| http(text).unwrap().shape();
    assert_eq!(shape("/a/{x}/"), shape("//a/{y}"));
    assert_eq!(shape("/%61/é"), shape("/a/%c3%a9"));
    assert_ne!(shape("/a/{x}"), shape("/a/*"));
    assert_ne!(shape("/a/*"), shape("/a/**"));
    assert_ne!(shape("/a/b"), shape("/ab"));
}

#[test]
fn variables_are_read_from_the_path() {
    let pattern = http("/users/{user}/*/{item}").unwrap();
    let found: Vec<_> = pattern.variables(b"/users/7/orders/9/lines").collect();
    assert_eq!(found, [("user", &b"7"[..]), ("item", &b"9"[..])]);
    assert_eq!(
        pattern.variable_names().collect::<Vec<_>>(),
        ["user", "item"]
    );
}
