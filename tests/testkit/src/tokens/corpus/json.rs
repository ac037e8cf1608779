//! Header and payload as JSON: one object, in UTF-8, no member twice, not too deep (RFC 7519 sections 4 and 7.2).

use super::{Algorithm, Corpus, sign};

const MALFORMED: &str = "steward_jwt_malformed";

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    members_twice(corpus)?;
    let header = corpus.header(Algorithm::Rs256, &[]);
    let payload = corpus.payload(&[]);
    for (name, text) in broken(&header) {
        let token = sign(Algorithm::Rs256, text, &payload)?;
        corpus.refused(format!("json-header-{name}"), token, MALFORMED);
    }
    for (name, text) in broken(&payload) {
        let token = sign(Algorithm::Rs256, &header, text)?;
        corpus.refused(format!("json-payload-{name}"), token, MALFORMED);
    }
    let spaced = |object: &str| format!(" \t\r\n{object}\n ");
    let token = sign(Algorithm::Rs256, spaced(&header), spaced(&payload))?;
    corpus.passes("json-white-space-around", token);
    nested(corpus)
}

/// Texts that are not one object, or not in UTF-8, made from one that is.
fn broken(object: &str) -> Vec<(&'static str, Vec<u8>)> {
    let open = object.trim_end_matches('}');
    let wide: Vec<u8> = object.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with = |member: &[u8]| [open.as_bytes(), b",", member, b"}"].concat();
    vec![
        ("empty", Vec::new()),
        ("empty-list", b"[]".to_vec()),
        ("in-a-list", format!("[{object}]").into_bytes()),
        ("number", b"7".to_vec()),
        ("text", b"\"x\"".to_vec()),
        ("null", b"null".to_vec()),
        ("true", b"true".to_vec()),
        ("no-json", b"alg=RS256".to_vec()),
        ("not-ended", open.as_bytes().to_vec()),
        ("two-objects", format!("{object}{object}").into_bytes()),
        ("rubbish-behind", format!("{object}x").into_bytes()),
        ("nul-behind", format!("{object}\0").into_bytes()),
        ("byte-order-mark", format!("\u{feff}{object}").into_bytes()),
        ("utf-16", wide),
        ("no-utf-8", with(b"\"x\":\"\xff\"")),
        ("overlong-utf-8", with(b"\"x\":\"\xc0\xae\"")),
        ("surrogate-bytes", with(b"\"x\":\"\xed\xa0\x80\"")),
        ("lone-surrogate", with(br#""x":"\ud800""#)),
        ("unknown-escape", with(br#""x":"\x41""#)),
        ("control-character", with(b"\"x\":\"\x01\"")),
        ("nul-in-a-text", with(b"\"x\":\"\0\"")),
        ("trailing-comma", [open.as_bytes(), b",}"].concat()),
        ("comment", with(b"/* x */\"x\":1")),
        ("single-quotes", with(b"'x':1")),
        ("bare-name", with(b"x:1")),
        ("nan", with(b"\"x\":NaN")),
        ("infinity", with(b"\"x\":Infinity")),
        ("leading-zero", with(b"\"x\":01")),
        ("plus-sign", with(b"\"x\":+1")),
        ("beyond-a-double", with(b"\"x\":1e999")),
        ("deep", with(&[b"\"x\":", &*b"[".repeat(9_000)].concat())),
    ]
}

/// Two readers take two of them: the first and the last.
fn members_twice(corpus: &mut Corpus) -> anyhow::Result<()> {
    let twice = |object: &str, member: &str| format!("{},{member}}}", object.trim_end_matches('}'));
    let (header, payload) = (corpus.header(Algorithm::Rs256, &[]), corpus.payload(&[]));
    for (name, member) in [
        ("alg", r#""alg":"none""#),
        ("alg-the-same", r#""alg":"RS256""#),
        ("alg-escaped", r#""\u0061lg":"RS256""#),
        ("kid", r#""kid":"test-es256""#),
    ] {
        let token = sign(Algorithm::Rs256, twice(&header, member), &payload)?;
        corpus.refused(format!("twice-{name}"), token, MALFORMED);
    }
    for (name, member) in [
        ("sub", r#""sub":"root""#),
        ("exp", r#""exp":4102444800"#),
        ("iss", r#""iss":"https://other.example""#),
        ("sub-escaped", r#""su\u0062":"root""#),
        ("sub-the-same", r#""sub":"alice""#),
        ("nested", r#""x":{"y":[{"z":1,"z":1}]}"#),
    ] {
        let token = sign(Algorithm::Rs256, &header, twice(&payload, member))?;
        corpus.refused(format!("twice-{name}"), token, MALFORMED);
    }
    Ok(())
}

fn nested(corpus: &mut Corpus) -> anyhow::Result<()> {
    let levels = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let token = corpus.token(&[], &[("x", &levels(31))])?;
    corpus.passes("json-32-levels", token);
    let token = corpus.token(&[], &[("x", &levels(32))])?;
    corpus.refused("json-33-levels", token, MALFORMED);
    let token = corpus.token(&[("x", &levels(32))], &[])?;
    corpus.refused("json-33-levels-of-header", token, MALFORMED);
    let token = corpus.token(&[], &[("x", &levels(5_000))])?;
    corpus.refused("json-5000-levels", token, MALFORMED);
    Ok(())
}
