use super::*;
use crate::header::MAX_KID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

fn token(header: &str, payload: &str) -> Vec<u8> {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        encode(header),
        encode(payload),
        encode("signature")
    )
    .into_bytes()
}

fn with_header(header: &str) -> Result<(), Malformed> {
    Jws::parse(&token(header, "{}")).map(|_| ())
}

#[test]
fn a_token_falls_into_its_parts() {
    let token = token(
        r#"{"alg":"ES256","kid":"k1","typ":"JWT"}"#,
        r#"{"sub":"ann"}"#,
    );
    let jws = Jws::parse(&token).unwrap();
    assert_eq!(jws.algorithm, Algorithm::Es256);
    assert_eq!(jws.kid.as_deref(), Some("k1"));
    assert_eq!(jws.claims.get("sub"), Some(&Value::from("ann")));
    assert_eq!(jws.signature, b"signature");
    let rest = token.strip_prefix(jws.signing_input).unwrap();
    assert_eq!(rest.first(), Some(&b'.'));
    assert!(!rest[1..].contains(&b'.'));
}

#[test]
fn alg_none_is_unknown_in_any_spelling() {
    for alg in [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS1", "ES256K", "Ed448", "EDDSA",
    ] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        assert_eq!(with_header(&header), Err(Malformed::Algorithm), "{alg}");
    }
}

#[test]
fn alg_must_be_there_and_a_string() {
    for header in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"ALG":"HS256"}"#,
    ] {
        assert_eq!(with_header(header), Err(Malformed::Algorithm), "{header}");
    }
}

#[test]
fn a_header_that_says_alg_twice_is_refused() {
    assert_eq!(
        with_header(r#"{"alg":"RS256","alg":"HS256"}"#),
        Err(Malformed::Header)
    );
}

#[test]
fn crit_is_refused_whatever_it_holds() {
    for crit in ["[]", r#"["exp"]"#, r#"["b64"]"#, "null"] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit}}}"#);
        assert_eq!(with_header(&header), Err(Malformed::Critical), "{crit}");
    }
}

/// RFC 7797 section 6 demands `crit` with it; whoever forgets that has signed the payload as it is all the same.
#[test]
fn b64_is_refused_without_crit_too() {
    for b64 in ["false", "null", "0", r#""true""#] {
        let header = format!(r#"{{"alg":"HS256","b64":{b64}}}"#);
        assert_eq!(with_header(&header), Err(Malformed::Critical), "{b64}");
    }
    assert_eq!(with_header(r#"{"alg":"HS256","b64":true}"#), Ok(()));
}

#[test]
fn a_key_that_the_sender_brings_along_is_not_looked_at() {
    let header = r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"},"jku":"https://evil","x5c":[]}"#;
    assert_eq!(with_header(header), Ok(()));
}

#[test]
fn kid_is_a_short_string() {
    assert_eq!(
        with_header(r#"{"alg":"HS256","kid":7}"#),
        Err(Malformed::KeyId)
    );
    let long = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(MAX_KID + 1));
    assert_eq!(with_header(&long), Err(Malformed::KeyId));
}

#[test]
fn three_parts_exactly() {
    let good = String::from_utf8(token(r#"{"alg":"HS256"}"#, "{}")).unwrap();
    for text in [
        "",
        ".",
        "a",
        "a.b",
        &format!("{good}."),
        &format!("{good}.a.b"),
    ] {
        assert_eq!(Jws::parse(text.as_bytes()), Err(Malformed::Parts), "{text}");
    }
}

#[test]
fn padding_and_spare_bits_are_refused() {
    // The header ends in "Q", whose four spare bits "R" would set.
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256" }"#);
    assert!(header.ends_with('Q'));
    let loose = format!("{}R.e30.AA", header.trim_end_matches('Q'));
    for text in [
        format!("{header}==.e30.AA"),
        loose,
        format!("{header}.e30.AB"),
    ] {
        assert_eq!(
            Jws::parse(text.as_bytes()),
            Err(Malformed::Encoding),
            "{text}"
        );
    }
    assert!(Jws::parse(format!("{header}.e30.AA").as_bytes()).is_ok());
}

#[test]
fn payload_must_be_an_object() {
    for payload in ["", "[]", "\"eyJ\"", r#"{"sub":"a","sub":"b"}"#] {
        let token = token(r#"{"alg":"HS256"}"#, payload);
        assert_eq!(Jws::parse(&token), Err(Malformed::Payload), "{payload}");
    }
}

#[test]
fn sixty_four_kibibytes_are_refused_unread() {
    assert_eq!(Jws::parse(&[b'a'; 64 * 1024]), Err(Malformed::TooLong));
    assert_eq!(Jws::parse(&[b'.'; MAX_TOKEN]), Err(Malformed::Parts));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Jws::parse(&bytes);
    }

    #[test]
    fn no_parts_make_it_panic(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>()) {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let _ = Jws::parse(format!("{}.{}.", text(&header), text(&payload)).as_bytes());
    }

    #[test]
    fn a_parsed_token_has_one_text(mut token in "[A-Za-z0-9_-]{0,6}", at in 0usize..200, flip in 1u8..=255) {
        token.insert_str(0, "eyJhbGciOiJIUzI1NiJ9.e30.");
        let mut other = token.clone().into_bytes();
        let at = at % other.len();
        other[at] ^= flip;
        if let (Ok(one), Ok(two)) = (Jws::parse(token.as_bytes()), Jws::parse(&other)) {
            prop_assert_ne!((one.signing_input, one.signature), (two.signing_input, two.signature));
        }
    }
}
