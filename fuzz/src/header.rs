//! Tokens in headers: `authorization` with its scheme, and a header of its own.

use crate::request::{Found, found, places, stripped, view};

const PREFIX: &str = "Bearer ";

/// Each line is a header: one that begins with `j` is `x-jwt`, any other `authorization`.
pub(crate) fn run(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n');
    let headers: Vec<(&str, &[u8])> = lines.map(named).collect();
    let places = places(&[("authorization", PREFIX), ("x-jwt", "")], &[], &[]);
    view(b"/", &headers, |view| {
        let naive = naive(&headers);
        assert_eq!(found(&places, view), naive);
        let gone = ["authorization", "x-jwt"]
            .into_iter()
            .filter(|name| stripped(&places, view, name) == Some(None));
        let wanted = usize::from(matches!(naive, Ok(Some(_))));
        assert_eq!(gone.count(), wanted, "the header that held it goes");
    });
}

fn named(line: &[u8]) -> (&'static str, &[u8]) {
    match line {
        [b'j', value @ ..] => ("x-jwt", value),
        value => ("authorization", value),
    }
}

/// RFC 6750 section 2.1 with the scheme of RFC 9110 section 11.4, and one token a request.
fn naive(headers: &[(&str, &[u8])]) -> Found {
    let bearer = one(headers, "authorization")?.map_or(Ok(None), bearer)?;
    let own = one(headers, "x-jwt")?.map(<[u8]>::trim_ascii);
    let own = own.filter(|token| !token.is_empty());
    let mut tokens = bearer.into_iter().chain(own);
    let first = tokens.next();
    match tokens.next() {
        Some(_) => Err(()),
        None => Ok(first.map(|token| (token.to_vec(), token.contains(&b',')))),
    }
}

/// The token; the error is one behind another kind of credential, joined by a comma (RFC 9110 section 5.3).
fn bearer(value: &[u8]) -> Result<Option<&[u8]>, ()> {
    let is_one = |other: &[u8]| credentials(other.trim_ascii_start()).is_some();
    match credentials(value) {
        None if value.split(|byte| *byte == b',').skip(1).any(is_one) => Err(()),
        token => Ok(token),
    }
}

fn one<'a>(headers: &[(&str, &'a [u8])], name: &str) -> Result<Option<&'a [u8]>, ()> {
    let values: Vec<_> = headers.iter().filter(|(own, _)| *own == name).collect();
    match values.as_slice() {
        [] => Ok(None),
        [(_, value)] => Ok(Some(value)),
        _ => Err(()),
    }
}

fn credentials(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(PREFIX.len())?;
    let is_ours = scheme.eq_ignore_ascii_case(PREFIX.as_bytes());
    let token = token.trim_ascii();
    (is_ours && !token.is_empty()).then_some(token)
}
