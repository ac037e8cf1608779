//! A token in a cookie: found as lenient readers find it, and gone once it was taken out, the others left as they were.

use crate::request::{found, only, places, stripped, view};

const NAME: &[u8] = b"token";

/// Each line is a `cookie` header.
pub(crate) fn run(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let headers: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
    let places = places(&[], &[], &["token"]);
    view(b"/", &headers, |view| {
        let pairs = pairs(&lines);
        let tokens = values(&pairs, NAME);
        assert_eq!(
            view.cookies("token")
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>(),
            tokens
        );
        let wanted = only(tokens).map(|token| token.map(|token| (token, false)));
        assert_eq!(found(&places, view), wanted);
        if let Some(left) = stripped(&places, view, "cookie") {
            let left = left.unwrap_or_default();
            let others = pairs.into_iter().filter(|(name, _)| name != NAME);
            assert_eq!(self::pairs(&[&left]), others.collect::<Vec<_>>());
            assert!(
                left.len() <= 2 * data.len(),
                "one `; ` for each `;`, at most"
            );
        }
    });
}

type Pair = (Vec<u8>, Option<Vec<u8>>);

/// RFC 6265 section 5.2 for what a server gets: names and values without white space around them; no value without `=`.
fn pairs(lines: &[&[u8]]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for line in lines {
        for pair in line.split(|byte| *byte == b';') {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = halves.next().unwrap().trim_ascii().to_vec();
            let value = halves.next().map(|value| value.trim_ascii().to_vec());
            if !name.is_empty() || value.is_some() {
                pairs.push((name, value));
            }
        }
    }
    pairs
}

/// The values of one cookie, out of their quotes (section 4.1.1).
fn values(pairs: &[Pair], name: &[u8]) -> Vec<Vec<u8>> {
    let own = pairs.iter().filter(|(own, _)| own == name);
    let unquoted = |(_, value): &Pair| match value.as_deref()? {
        [b'"', inner @ .., b'"'] => Some(inner.to_vec()),
        value => Some(value.to_vec()),
    };
    own.filter_map(unquoted).collect()
}
