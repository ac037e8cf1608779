//! Normal paths against a walk through the folders that they name.

use super::*;
use proptest::prelude::*;

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
    fn a_path_is_taken_as_it_is_just_when_normalizing_would_not_change_it(
        relative in "[/.;%2eFfaé]{0,12}"
    ) {
        let unchanged = normalize(relative.as_bytes()).is_ok_and(|path| path == format!("/{relative}").as_bytes());
        prop_assert_eq!(is_normal(relative.as_bytes()), unchanged);
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
