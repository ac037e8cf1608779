//! The text of a token: parts, base64url (RFC 7515 section 2), length, bytes that are no text.

use super::{Algorithm, Corpus, PARAM, encode, quoted, unsigned};
use anyhow::Context as _;

const MALFORMED: &str = "steward_jwt_malformed";
const TOO_LONG: &str = "steward_jwt_too_long";

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    parts(corpus)?;
    spare_bits(corpus)?;
    alphabet(corpus)?;
    around(corpus)?;
    in_the_query(corpus)?;
    lengths(corpus)
}

fn parts(corpus: &mut Corpus) -> anyhow::Result<()> {
    let good = corpus.token(&[], &[])?;
    let (input, signature) = good.rsplit_once('.').context("a token")?;
    let (header, payload) = input.split_once('.').context("a token")?;
    for (name, token) in [
        ("one", header.to_owned()),
        ("two", input.to_owned()),
        ("two-dots", "..".to_owned()),
        ("one-dot", ".".to_owned()),
        ("four", format!("{good}.{signature}")),
        ("four-the-last-empty", format!("{good}.")),
        ("the-first-empty", format!(".{good}")),
        ("no-header", format!(".{payload}.{signature}")),
        ("no-payload", format!("{header}..{signature}")),
        ("a-double-dot", format!("{header}..{payload}.{signature}")),
        ("percent-encoded-dots", good.replace('.', "%2E")),
        ("no-dots", good.replace('.', "")),
        ("only-letters", "abc".to_owned()),
        ("many-dots", ".".repeat(1_000)),
    ] {
        corpus.refused(format!("parts-{name}"), token, MALFORMED);
    }
    let json =
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#);
    corpus.refused("parts-json-serialization", json, "steward_jwt_ambiguous");
    // RFC 7516: header, encrypted key, initialization vector, ciphertext, tag.
    let encrypted = corpus.header(
        Algorithm::Rs256,
        &[("alg", r#""RSA-OAEP""#), ("enc", r#""A256GCM""#)],
    );
    let encrypted = [
        encode(encrypted),
        encode([1; 256]),
        encode([2; 12]),
        encode([3; 64]),
        encode([4; 16]),
    ];
    corpus.refused("parts-five-encrypted", encrypted.join("."), MALFORMED);
    Ok(())
}

/// A part whose last character has spare bits, with one of them set: it stands for the same bytes to a careless reader.
fn spare_bits(corpus: &mut Corpus) -> anyhow::Result<()> {
    for (name, header, payload) in [("header", " ", ""), ("payload", "", " ")] {
        // White space behind the object, until there are spare bits.
        let fill = |text: String, blank: &str| {
            let is_whole = text.len().is_multiple_of(3);
            if is_whole { text + blank } else { text }
        };
        let header = fill(corpus.header(Algorithm::Rs256, &[]), header);
        let payload = fill(corpus.payload(&[]), payload);
        let good = super::sign(Algorithm::Rs256, header, payload)?;
        let mut parts: Vec<_> = good.split('.').map(str::to_owned).collect();
        let part = parts
            .get_mut(usize::from(name == "payload"))
            .context("a part")?;
        *part = with_spare_bit(part);
        corpus.refused(format!("spare-bit-{name}"), parts.join("."), MALFORMED);
    }
    let good = corpus.token(&[], &[])?;
    corpus.refused("spare-bit-signature", with_spare_bit(&good), MALFORMED);
    Ok(())
}

/// The last character's next in the alphabet: of characters with spare bits, the canonical ones have them zero.
fn with_spare_bit(text: &str) -> String {
    let next = |last: char| match last {
        'z' => '0',
        '9' => '-',
        'Z' => 'a',
        other => char::from(other as u8 + 1),
    };
    let mut text = text.to_owned();
    let last = text.pop().unwrap_or('A');
    text.push(next(last));
    text
}

fn alphabet(corpus: &mut Corpus) -> anyhow::Result<()> {
    let good = corpus.token(&[], &[])?;
    let (input, signature) = good.rsplit_once('.').context("a token")?;
    let (header, payload) = input.split_once('.').context("a token")?;
    // 2,048 bits hold the one or the other of the two characters, all but surely; the keys are fixed, the time is not.
    let standard = signature.replace('-', "+").replace('_', "/");
    let standard = if standard == signature {
        format!("+{standard}")
    } else {
        standard
    };
    for (name, token) in [
        ("padded-header", format!("{header}=.{payload}.{signature}")),
        ("padded-payload", format!("{header}.{payload}=.{signature}")),
        ("padded-signature", format!("{good}==")),
        ("standard-alphabet", format!("{input}.{standard}")),
        ("space-inside", format!("{header}. {payload}.{signature}")),
        ("tab-inside", format!("{header}.\t{payload}.{signature}")),
        ("percent-inside", format!("{header}.%{payload}.{signature}")),
        (
            "exclamation-mark-inside",
            format!("{header}.!{payload}.{signature}"),
        ),
        ("three-characters-more", format!("{good}AAA")),
        (
            "soft-hyphen",
            format!("{header}.\u{ad}{payload}.{signature}"),
        ),
        ("wide-dot", format!("{header}\u{ff0e}{payload}.{signature}")),
    ] {
        corpus.refused(format!("text-{name}"), token, MALFORMED);
    }
    for (name, byte) in [("ff", 0xff), ("nul", 0), ("a1", 0xa1)] {
        let token = [input.as_bytes(), &[byte, b'.'], signature.as_bytes()].concat();
        corpus.refused(format!("text-byte-{name}"), token, MALFORMED);
    }
    corpus.refused("text-only-bytes", b"\xa1\xb1\xff\xfe", MALFORMED);
    Ok(())
}

fn around(corpus: &mut Corpus) -> anyhow::Result<()> {
    let good = corpus.token(&[], &[])?;
    for (name, token) in [
        ("quoted", format!("\"{good}\"")),
        ("word-behind", format!("{good} x")),
        ("semicolon-behind", format!("{good};a=b")),
        ("hash-behind", format!("{good}#x")),
        ("slash-behind", format!("{good}/x")),
        ("colon-behind", format!("{good}:x")),
        ("angle-brackets", format!("<{good}>")),
    ] {
        corpus.refused(format!("around-{name}"), token, MALFORMED);
    }
    Ok(())
}

/// Characters that no header can hold.
fn in_the_query(corpus: &mut Corpus) -> anyhow::Result<()> {
    let good = corpus.token(&[], &[])?;
    let (input, signature) = good.rsplit_once('.').context("a token")?;
    for (name, token) in [
        ("line-end-behind", format!("{good}%0A")),
        ("line-end-inside", format!("{input}.%0A{signature}")),
        ("space-behind", format!("{good}+")),
        ("nul-behind", format!("{good}%00")),
        ("padded", format!("{good}%3D%3D")),
        ("no-utf-8", format!("{good}%FF")),
    ] {
        let query = format!("?{PARAM}={token}");
        corpus.add(format!("query-{name}"), &query, Vec::new(), Some(MALFORMED));
    }
    let dots = good.replace('.', "%2E");
    corpus.add(
        "query-percent-encoded-dots",
        &format!("?{PARAM}={dots}"),
        Vec::new(),
        None,
    );
    Ok(())
}

fn lengths(corpus: &mut Corpus) -> anyhow::Result<()> {
    let long = |bytes: usize| quoted(&"x".repeat(bytes));
    let token = corpus.token(&[], &[("padding", &long(20 * 1024))])?;
    corpus.passes("length-27-kib", token);
    let token = corpus.token(&[], &[("padding", &long(30 * 1024))])?;
    corpus.refused("length-40-kib", token, TOO_LONG);
    let token = corpus.token(&[], &[("padding", &long(48 * 1024))])?;
    corpus.refused("length-64-kib", token, TOO_LONG);
    corpus.refused("length-64-kib-of-letters", "A".repeat(65_536), TOO_LONG);
    corpus.refused("length-64-kib-of-dots", ".".repeat(65_536), TOO_LONG);
    let header = corpus.header(Algorithm::Rs256, &[("x", &long(12 * 1024))]);
    let unsigned = unsigned(header, corpus.payload(&[]), &[7; 8 * 1024]);
    corpus.refused("length-of-the-signature", unsigned, "steward_jwt_signature");
    Ok(())
}
