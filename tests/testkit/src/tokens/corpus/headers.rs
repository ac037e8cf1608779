//! What else a header may say: keys of the sender's own, names of keys that are something else, extensions (RFC 8725
//! section 3.10, RFC 7515 sections 4.1.2 to 4.1.11, RFC 7797).

use super::{Algorithm, Corpus, encode, keys, quoted, sign};

const MALFORMED: &str = "steward_jwt_malformed";
const SIGNATURE: &str = "steward_jwt_signature";
const UNKNOWN_KEY: &str = "steward_jwt_unknown_key";

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    own_keys(corpus)?;
    key_ids(corpus)?;
    critical(corpus)?;
    unencoded(corpus)?;
    of_no_account(corpus)
}

/// CVE-2018-0114: the token brings the key that it is signed with, or says where it is.
fn own_keys(corpus: &mut Corpus) -> anyhow::Result<()> {
    let jwk = keys::forgers_jwk()?.to_string();
    let url = quoted("http://127.0.0.1:9/forgers-keys");
    let chain = format!(
        "[{}]",
        quoted("MIIBszCCAVmgAwIBAgIUTm90QVJlYWxDZXJ0aWZpY2F0ZQ==")
    );
    let thumb = quoted(&encode([7; 20]));
    for (name, value) in [
        ("jwk", &jwk),
        ("jku", &url),
        ("x5u", &url),
        ("x5c", &chain),
        ("x5t", &thumb),
        ("x5t#S256", &thumb),
    ] {
        for (which, kid) in [("", ""), ("-with-kid", r#""test-eddsa""#)] {
            let header = corpus.header(Algorithm::EdDsa, &[("kid", kid), (name, value)]);
            let input = format!("{}.{}", encode(header), encode(corpus.payload(&[])));
            let forged = format!("{input}.{}", encode(keys::forged(input.as_bytes())?));
            corpus.refused(format!("forged-with-{name}{which}"), forged, SIGNATURE);
        }
        let honest = corpus.token(&[(name, value)], &[])?;
        corpus.passes(format!("honest-with-{name}"), honest);
    }
    Ok(())
}

fn key_ids(corpus: &mut Corpus) -> anyhow::Result<()> {
    let long = quoted(&"k".repeat(2_000));
    for (name, kid, reason) in [
        ("unknown", r#""test-rs257""#, UNKNOWN_KEY),
        ("another-keys", r#""test-es256""#, UNKNOWN_KEY),
        ("in-capitals", r#""TEST-RS256""#, UNKNOWN_KEY),
        ("space-before", r#"" test-rs256""#, UNKNOWN_KEY),
        ("nul-behind", r#""test-rs256\u0000""#, UNKNOWN_KEY),
        ("empty", r#""""#, UNKNOWN_KEY),
        ("path", r#""../../../../../dev/null""#, UNKNOWN_KEY),
        ("sql", r#""x' UNION SELECT 'AA' -- ""#, UNKNOWN_KEY),
        ("command", r#""test-rs256|/bin/true""#, UNKNOWN_KEY),
        ("url", r#""http://127.0.0.1:9/key""#, UNKNOWN_KEY),
        (
            "line-end",
            r#""test-rs256\r\nx-user-id: root""#,
            UNKNOWN_KEY,
        ),
        ("long", &long, MALFORMED),
        ("number", "7", MALFORMED),
        ("null", "null", MALFORMED),
        ("list", r#"["test-rs256"]"#, MALFORMED),
        ("object", r#"{"kid":"test-rs256"}"#, MALFORMED),
        ("true", "true", MALFORMED),
    ] {
        let token = corpus.token(&[("kid", kid)], &[])?;
        corpus.refused(format!("kid-{name}"), token, reason);
    }
    for (name, kid) in [
        ("path", "../../../../../dev/null"),
        ("sql", "x' UNION SELECT '' -- "),
    ] {
        let header = corpus.header(Algorithm::Hs256, &[("kid", &quoted(kid))]);
        let input = format!("{}.{}", encode(header), encode(corpus.payload(&[])));
        let tag = keys::hmac(Algorithm::Hs256, b"", input.as_bytes());
        let forged = format!("{input}.{}", encode(tag));
        corpus.refused(
            format!("kid-{name}-and-an-empty-secret"),
            forged,
            UNKNOWN_KEY,
        );
    }
    Ok(())
}

fn critical(corpus: &mut Corpus) -> anyhow::Result<()> {
    for (name, crit) in [
        ("unknown", r#"["http://example.invalid/x"]"#),
        ("known-claim", r#"["exp"]"#),
        ("empty", "[]"),
        ("null", "null"),
        ("text", r#""exp""#),
        ("object", "{}"),
        ("alg", r#"["alg"]"#),
    ] {
        let token = corpus.token(&[("crit", crit)], &[])?;
        corpus.refused(format!("crit-{name}"), token, MALFORMED);
    }
    Ok(())
}

/// RFC 7797: the payload stands in the token, and is signed, as it is.
fn unencoded(corpus: &mut Corpus) -> anyhow::Result<()> {
    let crit = ("crit", r#"["b64"]"#);
    for (name, more) in [
        ("false", vec![("b64", "false"), crit]),
        ("true", vec![("b64", "true"), crit]),
        ("false-without-crit", vec![("b64", "false")]),
        ("null-without-crit", vec![("b64", "null")]),
    ] {
        let token = corpus.token(&more, &[])?;
        corpus.refused(format!("b64-{name}"), token, MALFORMED);
    }
    let header = corpus.header(Algorithm::Rs256, &[("b64", "false"), crit]);
    // Its commas make it a list of credentials.
    let input = format!("{}.{}", encode(&header), corpus.payload(&[]));
    let signature = encode(keys::sign(Algorithm::Rs256, input.as_bytes())?);
    corpus.refused(
        "b64-false-payload-as-it-is",
        format!("{input}.{signature}"),
        "steward_jwt_ambiguous",
    );
    let detached = format!("{}..{signature}", encode(&header));
    corpus.refused("b64-false-payload-detached", detached, MALFORMED);
    let input = format!("{}.", encode(corpus.header(Algorithm::Rs256, &[])));
    let signature = encode(keys::sign(Algorithm::Rs256, input.as_bytes())?);
    corpus.refused(
        "detached-and-signed",
        format!("{input}.{signature}"),
        MALFORMED,
    );
    Ok(())
}

/// What changes nothing, and a token in a token.
fn of_no_account(corpus: &mut Corpus) -> anyhow::Result<()> {
    for (name, member, value) in [
        ("no-typ", "typ", ""),
        ("typ-of-access-tokens", "typ", r#""at+jwt""#),
        ("private-member", "x-private", r#"{"a":[1]}"#),
        ("cty", "cty", r#""JWT""#),
        ("b64-true-without-crit", "b64", "true"),
        ("zip", "zip", r#""DEF""#),
    ] {
        let token = corpus.token(&[(member, value)], &[])?;
        corpus.passes(format!("header-{name}"), token);
    }
    let inner = corpus.token(&[], &[])?;
    let nested = sign(
        Algorithm::Rs256,
        corpus.header(Algorithm::Rs256, &[("cty", r#""JWT""#)]),
        &inner,
    )?;
    corpus.refused("nested", nested, MALFORMED);
    let none = super::unsigned(r#"{"alg":"none"}"#, corpus.payload(&[]), b"");
    let nested = sign(
        Algorithm::Rs256,
        corpus.header(Algorithm::Rs256, &[("cty", r#""JWT""#)]),
        none,
    )?;
    corpus.refused("nested-unsigned", nested, MALFORMED);
    Ok(())
}
