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

/// The token; the error is one behind something else, joined by a comma (RFC 9110 section 5.3) or by white space.
fn bearer(value: &[u8]) -> Result<Option<&[u8]>, ()> {
    let is_behind = |at: usize| value[at - 1].is_ascii_whitespace() || value[at - 1] == b',';
    let is_one = |at: usize| is_behind(at) && credentials(&value[at..]).is_some();
    match credentials(value) {
        None if (1..value.len()).any(is_one) => Err(()),
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

/// The scheme in any case, white space of any kind, and something.
fn credentials(value: &[u8]) -> Option<&[u8]> {
    let scheme = value.get(..6)?.eq_ignore_ascii_case(b"bearer");
    let is_parted = value.get(6)?.is_ascii_whitespace();
    let token = value[7..].trim_ascii();
    (scheme && is_parted && !token.is_empty()).then_some(token)
}
