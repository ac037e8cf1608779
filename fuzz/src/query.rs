//! A token in the query: read as forms are, and gone once it was taken out, the other parameters left as they were.

use crate::{
    reference::percent_decoded,
    request::{found, only, places, stripped, view},
};
use std::borrow::Cow;

const NAME: &str = "token";

/// The bytes are what follows the path: a query, a fragment.
pub(crate) fn run(data: &[u8]) {
    let target = [b"/orders?", data].concat();
    let places = places(&[], &[NAME], &[]);
    let taken = view(&target, &[], |view| {
        let pairs = pairs(&target);
        for name in [NAME, "", "a"] {
            let ours: Vec<_> = view.query(name).map(Cow::into_owned).collect();
            assert_eq!(ours, values(&pairs, name));
        }
        let tokens = values(&pairs, NAME).into_iter().map(String::into_bytes);
        let wanted = only(tokens.collect()).map(|token| token.map(|token| (token, false)));
        assert_eq!(found(&places, view), wanted);
        stripped(&places, view, ":path")
    });
    if let Some(left) = taken.expect("the path is safe") {
        let left = left.expect("the path stays");
        let others = pairs(&target).into_iter().filter(|(name, _)| name != NAME);
        assert_eq!(pairs(&left), others.collect::<Vec<_>>());
        assert!(left.starts_with(b"/orders") && left.len() < target.len());
    }
}

type Pair = (String, String);

/// WHATWG URL section 5.1, `application/x-www-form-urlencoded` parsing, of a request target's query.
fn pairs(target: &[u8]) -> Vec<Pair> {
    let whole = target.split(|byte| *byte == b'#').next().unwrap();
    let query = whole
        .splitn(2, |byte| *byte == b'?')
        .nth(1)
        .unwrap_or_default();
    let pieces = query
        .split(|byte| *byte == b'&')
        .filter(|piece| !piece.is_empty());
    let pair = |piece: &[u8]| {
        let mut halves = piece.splitn(2, |byte| *byte == b'=').map(decoded);
        (halves.next().unwrap(), halves.next().unwrap_or_default())
    };
    pieces.map(pair).collect()
}

fn decoded(text: &[u8]) -> String {
    let spaced: Vec<_> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    String::from_utf8_lossy(&percent_decoded(&spaced)).into_owned()
}

fn values(pairs: &[Pair], name: &str) -> Vec<String> {
    let own = pairs.iter().filter(|(own, _)| own == name);
    own.map(|(_, value)| value.clone()).collect()
}
