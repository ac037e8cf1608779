//! One comparison: the values of a condition, ready to compare with.

use super::block::{Block, parse_address};
use super::matcher::Reason;
use super::source::Source;
use crate::document::Op;
use crate::pattern::FullRegex;
use crate::sort::sort;
use crate::target::{NormalPath, normal_host};

/// An operator with its values.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    op: Op,
    values: Values,
    /// How many values the document has; the sorted ones have no doubles.
    count: usize,
}

#[derive(Clone, Debug)]
enum Values {
    /// Sorted.
    Exact(Box<[Box<[u8]>]>),
    /// Paths without a slash at the end, sorted.
    Paths(Box<[Box<[u8]>]>),
    Prefixes(Box<[Box<[u8]>]>),
    Regexes(Box<[FullRegex]>),
    PathRegexes(Box<[FullRegex]>),
    Blocks(Box<[Block]>),
}

/// How many values a request has, and how many of them a condition names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    seen: usize,
    named: usize,
}

/// The methods of RFC 9110 9.3 and RFC 5789: a document may write them in any case.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

// === impl Comparison ===

impl Comparison {
    pub(super) fn new(source: &Source, op: Op, values: &[String]) -> Result<Self, Reason> {
        let op = match (source, op) {
            (Source::Ip, Op::Equal | Op::In) => Op::In,
            (Source::Ip, Op::NotEqual | Op::NotIn) => Op::NotIn,
            (Source::Ip, op) => return Err(Reason::Operator(op)),
            (_, op) => op,
        };
        let count = values.len();
        Ok(Self {
            op,
            values: Values::new(source, op, values)?,
            count,
        })
    }

    /// In which no value is.
    pub(super) fn nothing() -> Self {
        Self {
            op: Op::In,
            values: Values::Exact(Box::default()),
            count: 0,
        }
    }

    /// Adds one value of the request.
    pub(super) fn add(&self, tally: Tally, value: &[u8]) -> Tally {
        let named = tally.named + usize::from(self.values.name(value));
        Tally {
            seen: tally.seen + 1,
            named,
        }
    }

    /// Whether it holds for a request with these values.
    pub(super) fn holds(&self, Tally { seen, named }: Tally) -> bool {
        match self.op {
            Op::Equal => seen > 0 && seen == self.count && named == seen,
            Op::NotEqual => seen != self.count || named < seen,
            Op::In => named > 0,
            Op::NotIn => named == 0,
            Op::Regular | Op::Prefix => seen > 0 && named == seen,
        }
    }
}

// === impl Tally ===

impl Tally {
    /// Whether a condition names some value.
    pub(super) fn has_named(self) -> bool {
        self.named > 0
    }
}

// === impl Values ===

impl Values {
    fn new(source: &Source, op: Op, values: &[String]) -> Result<Self, Reason> {
        let texts = values.iter().map(String::as_str);
        Ok(match (source, op) {
            (Source::Ip, _) => Self::Blocks(
                texts
                    .map(Block::new)
                    .collect::<Result<_, _>>()
                    .map_err(Reason::Block)?,
            ),
            (Source::Path, Op::Regular) => {
                Self::PathRegexes(texts.map(path_regex).collect::<Result<_, _>>()?)
            }
            (_, Op::Regular) => Self::Regexes(
                texts
                    .map(FullRegex::new)
                    .collect::<Result<_, _>>()
                    .map_err(Reason::Regex)?,
            ),
            (_, Op::Prefix) => Self::Prefixes(
                texts
                    .map(|text| prefix(source, text))
                    .collect::<Result<_, _>>()?,
            ),
            (Source::Path, _) => {
                Self::Paths(sorted(texts.map(|text| {
                    path(text).map(|path| without_last_slash(&path).into())
                }))?)
            }
            (_, _) => Self::Exact(sorted(texts.map(|text| Ok(exact(source, text))))?),
        })
    }

    fn name(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact(values) => contains(values, value),
            Self::Paths(values) => contains(values, without_last_slash(value)),
            Self::Prefixes(values) => values.iter().any(|prefix| value.starts_with(prefix)),
            Self::Regexes(regexes) => any_matches(regexes, value),
            Self::PathRegexes(regexes) => {
                any_matches(regexes, value) || any_matches(regexes, without_last_slash(value))
            }
            Self::Blocks(blocks) => parse_address(value)
                .is_some_and(|address| blocks.iter().any(|block| block.contains(address))),
        }
    }
}

fn sorted(
    values: impl Iterator<Item = Result<Box<[u8]>, Reason>>,
) -> Result<Box<[Box<[u8]>]>, Reason> {
    let mut values = values.collect::<Result<Vec<_>, _>>()?;
    sort(&mut values);
    values.dedup();
    Ok(values.into())
}

fn contains(values: &[Box<[u8]>], value: &[u8]) -> bool {
    match values {
        [only] => **only == *value,
        _ => values
            .binary_search_by(|candidate| (**candidate).cmp(value))
            .is_ok(),
    }
}

/// Allocates only for a value that is not UTF-8.
fn any_matches(regexes: &[FullRegex], value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    regexes.iter().any(|regex| regex.matches(&text))
}

fn without_last_slash(path: &[u8]) -> &[u8] {
    match path.strip_suffix(b"/") {
        Some(shorter) if !shorter.is_empty() => shorter,
        _ => path,
    }
}

fn path(text: &str) -> Result<Vec<u8>, Reason> {
    if text.contains(['?', '#', ';']) {
        return Err(Reason::Query);
    }
    let normal = NormalPath::new(text.as_bytes()).map_err(Reason::Path)?;
    Ok(normal.as_bytes().to_vec())
}

/// Paths are ASCII when a condition sees them.
fn path_regex(text: &str) -> Result<FullRegex, Reason> {
    if !text.is_ascii() {
        return Err(Reason::NotAscii);
    }
    FullRegex::new(text).map_err(Reason::Regex)
}

/// A prefix may end in the middle of a name, so nothing is cut from its end.
fn prefix(source: &Source, text: &str) -> Result<Box<[u8]>, Reason> {
    match source {
        Source::Path => path(text).map(Into::into),
        Source::Host => Ok(text.to_ascii_lowercase().into_bytes().into()),
        _ => Ok(text.as_bytes().into()),
    }
}

fn exact(source: &Source, text: &str) -> Box<[u8]> {
    match source {
        Source::Host => normal_host(text.as_bytes()).into(),
        Source::Method => {
            let known = METHODS
                .iter()
                .find(|method| method.eq_ignore_ascii_case(text));
            known.copied().unwrap_or(text).as_bytes().into()
        }
        _ => text.as_bytes().into(),
    }
}
