//! Claims of tokens that are signed as they should be (RFC 7519 section 4.1, RFC 8725 sections 3.8 and 3.9).

use super::{AUDIENCE, Corpus, ISSUER, MAX_LIFETIME, quoted};

const TIME: &str = "steward_jwt_time";

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    no_times(corpus)?;
    expiry(corpus)?;
    starts(corpus)?;
    lifetimes(corpus)?;
    issuers(corpus)?;
    audiences(corpus)?;
    subjects(corpus)
}

fn claim(
    corpus: &mut Corpus,
    name: &str,
    value: &str,
    what: &str,
    reason: Option<&'static str>,
) -> anyhow::Result<()> {
    let token = corpus.token(&[], &[(name, value)])?;
    match reason {
        None => corpus.passes(format!("{name}-{what}"), token),
        Some(reason) => corpus.refused(format!("{name}-{what}"), token, reason),
    }
    Ok(())
}

fn no_times(corpus: &mut Corpus) -> anyhow::Result<()> {
    let millis = format!("{}000", corpus.now);
    let text = quoted(&(corpus.now + 600).to_string());
    for name in ["exp", "nbf", "iat"] {
        for (what, value) in [
            ("null", "null"),
            ("text", &text),
            ("empty-text", r#""""#),
            ("date", r#""2099-01-01T00:00:00Z""#),
            ("true", "true"),
            ("list", "[1700000000]"),
            ("object", r#"{"seconds":1}"#),
            ("negative", "-1"),
            ("milliseconds", &millis),
            ("huge", "9223372036854775808"),
            ("beyond-64-bits", "99999999999999999999999"),
            ("1e300", "1e300"),
        ] {
            claim(corpus, name, value, what, Some(TIME))?;
        }
    }
    Ok(())
}

fn expiry(corpus: &mut Corpus) -> anyhow::Result<()> {
    const EXPIRED: &str = "steward_jwt_expired";
    let now = corpus.now;
    claim(
        corpus,
        "exp",
        "",
        "absent",
        Some("steward_jwt_no_expiration"),
    )?;
    claim(corpus, "exp", "0", "zero", Some(EXPIRED))?;
    claim(corpus, "exp", "-0.0", "minus-zero", Some(EXPIRED))?;
    claim(corpus, "exp", "1e-300", "1e-300", Some(EXPIRED))?;
    claim(
        corpus,
        "exp",
        &(now - 3_600).to_string(),
        "an-hour-ago",
        Some(EXPIRED),
    )?;
    claim(
        corpus,
        "exp",
        &format!("{}.5", now - 3_600),
        "an-hour-ago-and-a-half-second",
        Some(EXPIRED),
    )?;
    claim(
        corpus,
        "exp",
        &(now - 5).to_string(),
        "within-the-skew",
        None,
    )?;
    claim(
        corpus,
        "exp",
        &format!("{}.5", now + 600),
        "fractional",
        None,
    )?;
    claim(
        corpus,
        "exp",
        &format!("{}e-1", (now + 600) * 10),
        "in-tenths",
        None,
    )?;
    claim(
        corpus,
        "exp",
        &format!("{}.0", now + 600),
        "point-zero",
        None,
    )
}

fn starts(corpus: &mut Corpus) -> anyhow::Result<()> {
    let now = corpus.now;
    for (name, reason) in [
        ("nbf", "steward_jwt_not_yet_valid"),
        ("iat", "steward_jwt_issued_in_future"),
    ] {
        claim(
            corpus,
            name,
            &(now + 3_600).to_string(),
            "in-an-hour",
            Some(reason),
        )?;
        claim(
            corpus,
            name,
            &format!("{}.5", now + 3_600),
            "in-an-hour-and-a-half-second",
            Some(reason),
        )?;
        claim(
            corpus,
            name,
            &(now + 40).to_string(),
            "within-the-skew",
            None,
        )?;
        claim(corpus, name, &format!("{}.5", now - 1), "fractional", None)?;
        claim(corpus, name, "", "absent", None)?;
    }
    claim(corpus, "nbf", "0", "zero", None)
}

fn lifetimes(corpus: &mut Corpus) -> anyhow::Result<()> {
    const LIFETIME: &str = "steward_jwt_lifetime";
    let now = corpus.now;
    let most = u64::from(MAX_LIFETIME);
    claim(
        corpus,
        "exp",
        &(now + 315_360_000).to_string(),
        "in-ten-years",
        Some(LIFETIME),
    )?;
    claim(
        corpus,
        "exp",
        "253402300799",
        "in-the-year-9999",
        Some(LIFETIME),
    )?;
    claim(corpus, "iat", "0", "zero", Some(LIFETIME))?;
    claim(
        corpus,
        "iat",
        &(now - 2 * most).to_string(),
        "long-ago",
        Some(LIFETIME),
    )?;
    let far = (now + 2 * most).to_string();
    let token = corpus.token(&[], &[("iat", ""), ("exp", &far)])?;
    corpus.refused("exp-far-without-iat", token, LIFETIME);
    Ok(())
}

fn issuers(corpus: &mut Corpus) -> anyhow::Result<()> {
    for (what, value) in [
        ("absent", ""),
        ("another", r#""https://other.example""#),
        ("empty", r#""""#),
        ("null", "null"),
        ("number", "1"),
        ("list", &format!("[{}]", quoted(ISSUER))),
        ("slash-behind", &quoted(&format!("{ISSUER}/"))),
        ("a-part", &quoted("https://issuer.exampl")),
        ("in-capitals", &quoted(&ISSUER.to_uppercase())),
        ("nul-behind", &quoted(&format!("{ISSUER}\0"))),
        ("space-before", &quoted(&format!(" {ISSUER}"))),
    ] {
        claim(corpus, "iss", value, what, Some("steward_jwt_issuer"))?;
    }
    Ok(())
}

fn audiences(corpus: &mut Corpus) -> anyhow::Result<()> {
    const REFUSED: &str = "steward_jwt_audience";
    let own = quoted(AUDIENCE);
    for (what, value) in [
        ("absent", ""),
        ("another", r#""billing""#),
        ("empty", r#""""#),
        ("null", "null"),
        ("number", "1"),
        ("true", "true"),
        ("object", &format!("{{{own}:true}}")),
        ("empty-list", "[]"),
        ("list-of-others", r#"["billing","shipping"]"#),
        ("list-in-a-list", &format!("[[{own}]]")),
        ("words", &quoted(&format!("billing {AUDIENCE}"))),
        ("a-part", r#""service""#),
        ("more", &quoted(&format!("{AUDIENCE}s"))),
        ("in-capitals", &quoted(&AUDIENCE.to_uppercase())),
        ("slash-behind", &quoted(&format!("{AUDIENCE}/"))),
        ("nul-behind", &quoted(&format!("{AUDIENCE}\0"))),
    ] {
        claim(corpus, "aud", value, what, Some(REFUSED))?;
    }
    claim(corpus, "aud", &format!("[{own}]"), "list-of-one", None)?;
    claim(
        corpus,
        "aud",
        &format!("[\"billing\",{own}]"),
        "among-others",
        None,
    )?;
    claim(
        corpus,
        "aud",
        &format!("[1,null,{own}]"),
        "among-other-types",
        None,
    )
}

/// Nothing is asked of `sub` here.
fn subjects(corpus: &mut Corpus) -> anyhow::Result<()> {
    for (what, value) in [
        ("absent", ""),
        ("number", "7"),
        ("list", r#"["alice"]"#),
        ("nul-inside", r#""alice\u0000root""#),
        ("line-end-inside", r#""alice\r\nx-user-id: root""#),
        ("another-script", r#""алиса""#),
    ] {
        claim(corpus, "sub", value, what, None)?;
    }
    Ok(())
}
