//! Where the token is, and whether it is alone (RFC 6750 section 2, RFC 9110 section 11.4).

use super::{Corpus, PARAM};

const MISSING: &str = "steward_jwt_missing";
const AMBIGUOUS: &str = "steward_jwt_ambiguous";
const MALFORMED: &str = "steward_jwt_malformed";

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    let good = corpus.token(&[], &[])?;
    let bad = corpus.token(&[], &[("aud", r#""billing""#)])?;
    one_header(corpus, &good);
    two_headers(corpus, &good, &bad);
    queries(corpus, &good, &bad);
    Ok(())
}

fn authorization(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![("authorization", value.as_bytes().to_vec())]
}

fn one_header(corpus: &mut Corpus, good: &str) {
    corpus.add("no-token", "", Vec::new(), Some(MISSING));
    for (name, value, refused) in [
        ("empty", "", Some(MISSING)),
        ("bearer-alone", "Bearer", Some(MISSING)),
        ("bearer-and-spaces", "Bearer   ", Some(MISSING)),
        ("no-scheme", good, Some(MISSING)),
        ("another-scheme", &*format!("Basic {good}"), Some(MISSING)),
        ("no-space", &format!("Bearer{good}"), Some(MISSING)),
        ("tab-for-a-space", &format!("Bearer\t{good}"), None),
        ("colon", &format!("Bearer: {good}"), Some(MISSING)),
        (
            "scheme-twice",
            &format!("Bearer Bearer {good}"),
            Some(MALFORMED),
        ),
        ("lower-case", &format!("bearer {good}"), None),
        ("upper-case", &format!("BEARER {good}"), None),
        ("two-spaces", &format!("Bearer  {good}"), None),
        ("spaces-behind", &format!("Bearer {good}  "), None),
    ] {
        corpus.add(format!("header-{name}"), "", authorization(value), refused);
    }
    let cookie = vec![("cookie", format!("{PARAM}={good}").into_bytes())];
    corpus.add("cookie-that-nobody-asked-for", "", cookie, Some(MISSING));
    let other = vec![("x-authorization", format!("Bearer {good}").into_bytes())];
    corpus.add("header-that-nobody-asked-for", "", other, Some(MISSING));
}

/// Envoy joins the two headers with a comma.
fn two_headers(corpus: &mut Corpus, good: &str, bad: &str) {
    for (name, first, second) in [
        ("good-and-bad", good, bad),
        ("bad-and-good", bad, good),
        ("the-same", good, good),
        ("good-and-rubbish", good, "x"),
    ] {
        let values = [first, second].map(|token| format!("Bearer {token}"));
        let both = values
            .each_ref()
            .map(|value| ("authorization", value.clone().into_bytes()));
        corpus.add(
            format!("two-headers-{name}"),
            "",
            both.to_vec(),
            Some(AMBIGUOUS),
        );
        let joined = authorization(&values.join(", "));
        corpus.add(format!("joined-{name}"), "", joined, Some(AMBIGUOUS));
    }
    for (name, value) in [
        ("comma-behind", format!("Bearer {good},")),
        ("no-second-scheme", format!("Bearer {good},{good}")),
        ("basic-behind", format!("Bearer {good}, Basic YTpi")),
        ("basic-before", format!("Basic YTpi, Bearer {good}")),
        ("basic-before-no-space", format!("Basic YTpi,bearer {good}")),
    ] {
        corpus.add(
            format!("joined-{name}"),
            "",
            authorization(&value),
            Some(AMBIGUOUS),
        );
    }
    let basic = vec![
        ("authorization", b"Basic YTpi".to_vec()),
        ("authorization", format!("Bearer {good}").into_bytes()),
    ];
    corpus.add("two-headers-basic-and-bearer", "", basic, Some(AMBIGUOUS));
    let behind = authorization(&format!("x Bearer {good}"));
    corpus.add("header-scheme-behind-a-word", "", behind, Some(AMBIGUOUS));
}

fn queries(corpus: &mut Corpus, good: &str, bad: &str) {
    let header = |token: &str| authorization(&format!("Bearer {token}"));
    for (name, query, headers, refused) in [
        ("good", format!("?{PARAM}={good}"), Vec::new(), None),
        (
            "among-others",
            format!("?a=b&{PARAM}={good}&c"),
            Vec::new(),
            None,
        ),
        ("empty", format!("?{PARAM}="), Vec::new(), Some(MISSING)),
        ("no-value", format!("?{PARAM}"), Vec::new(), Some(MISSING)),
        (
            "another-name",
            format!("?{}={good}", PARAM.to_uppercase()),
            Vec::new(),
            Some(MISSING),
        ),
        (
            "in-the-fragment",
            format!("?a=b%23{PARAM}={good}"),
            Vec::new(),
            Some(MISSING),
        ),
        (
            "bearer-inside",
            format!("?{PARAM}=Bearer%20{good}"),
            Vec::new(),
            Some(MALFORMED),
        ),
        (
            "twice",
            format!("?{PARAM}={good}&{PARAM}={good}"),
            Vec::new(),
            Some(AMBIGUOUS),
        ),
        (
            "good-and-bad",
            format!("?{PARAM}={good}&{PARAM}={bad}"),
            Vec::new(),
            Some(AMBIGUOUS),
        ),
        (
            "bad-and-good",
            format!("?{PARAM}={bad}&{PARAM}={good}"),
            Vec::new(),
            Some(AMBIGUOUS),
        ),
        (
            "and-header-the-same",
            format!("?{PARAM}={good}"),
            header(good),
            Some(AMBIGUOUS),
        ),
        (
            "and-header-bad",
            format!("?{PARAM}={good}"),
            header(bad),
            Some(AMBIGUOUS),
        ),
        (
            "bad-and-header",
            format!("?{PARAM}={bad}"),
            header(good),
            Some(AMBIGUOUS),
        ),
        ("empty-and-header", format!("?{PARAM}="), header(good), None),
    ] {
        corpus.add(format!("query-{name}"), &query, headers, refused);
    }
    let escaped = format!("?%61ccess_token={good}&{PARAM}={bad}");
    corpus.add(
        "query-name-escaped-and-again",
        &escaped,
        Vec::new(),
        Some(AMBIGUOUS),
    );
}
