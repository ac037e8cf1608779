//! What a path pattern may say.
//!
//! `{name}` and `*` stand for exactly one segment. A brace inside a longer segment (`/files/{name}.json`) is an error and
//! not, as in JoyLive, a literal: such a pattern would match no request at all, and the policy that was meant to protect
//! it would be silent. `**` is a literal, as in JoyLive.
//!
//! Patterns go through the same normalization as requests, so `/é` in a document matches `/%C3%A9`.

use super::regex::{FullRegex, InvalidRegex};
use super::segments::Rest;
use crate::document::{PathMatchType, ServiceType};
use crate::sort::sort;
use crate::target::{NormalPath, UnsafePath};
use std::fmt;

/// The search in a trie recurses once per segment of a pattern, and a Wasm stack is 1 MiB: 128 segments take a hundredth
/// of it, and no real path has as many.
pub(super) const MAX_SEGMENTS: usize = 128;

/// A path of the document, ready to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: Box<str>,
    delimiter: u8,
    matcher: PathMatcher,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathMatcher {
    Equal(Box<[Segment]>),
    Prefix(Box<[Segment]>),
    Regular(FullRegex),
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(Box<[u8]>),
    Variable(Box<str>),
    Any,
}

/// Why a text is no path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidPattern {
    /// Nothing is said, where nothing means nothing.
    Empty,
    /// No request can have this path.
    Unsafe(UnsafePath),
    /// It has a query, a fragment or parameters of a segment, which are not matched.
    Query,
    /// `.` or `..`: resolved in requests, so it never matches.
    DotSegment,
    /// A brace that is not around a whole segment.
    Brace(String),
    /// Two variables of one name.
    TwiceNamed(String),
    /// More segments than a path may have.
    TooLong,
    /// A character above ASCII in a regular expression: in the paths it sees they are escapes.
    NotAscii,
    /// Not a regular expression.
    Regex(InvalidRegex),
}

/// The variables of a match: names of the pattern with what stands there in the path.
#[derive(Clone, Debug)]
pub struct Variables<'p, 'a> {
    segments: std::slice::Iter<'p, Segment>,
    path: Rest<'a>,
}

// === impl PathPattern ===

impl PathPattern {
    /// Reads a pattern. `match_type` not stated is PREFIX for HTTP and EQUAL for RPC.
    ///
    /// ```
    /// use policy_model::document::{PathMatchType, ServiceType};
    /// use policy_model::pattern::PathPattern;
    ///
    /// let pattern = PathPattern::new("/orders/{id}", None, ServiceType::Http).unwrap();
    /// assert_eq!(pattern.match_type(), PathMatchType::Prefix);
    /// let found = pattern.variables(b"/orders/42/items").next();
    /// assert_eq!(found, Some(("id", &b"42"[..])));
    /// ```
    pub fn new(
        text: &str,
        match_type: Option<PathMatchType>,
        service_type: ServiceType,
    ) -> Result<Self, InvalidPattern> {
        let is_http = service_type == ServiceType::Http;
        let text = match text {
            "" if service_type == ServiceType::RpcApp => return Err(InvalidPattern::Empty),
            "" => "/",
            text => text,
        };
        let by_default = if is_http {
            PathMatchType::Prefix
        } else {
            PathMatchType::Equal
        };
        let delimiter = if is_http { b'/' } else { b'.' };
        let segments = || read_segments(text, delimiter);
        let matcher = match match_type.unwrap_or(by_default) {
            PathMatchType::Equal => PathMatcher::Equal(segments()?),
            PathMatchType::Prefix => PathMatcher::Prefix(segments()?),
            PathMatchType::Regular => PathMatcher::Regular(read_regex(text)?),
        };
        Ok(Self {
            text: text.into(),
            delimiter,
            matcher,
        })
    }

    /// How it matches.
    #[must_use]
    pub fn match_type(&self) -> PathMatchType {
        match self.matcher {
            PathMatcher::Equal(_) => PathMatchType::Equal,
            PathMatcher::Prefix(_) => PathMatchType::Prefix,
            PathMatcher::Regular(_) => PathMatchType::Regular,
        }
    }

    /// The pattern as it was written; `/` if nothing was.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern's variables in a path that it matches; none for a regular expression.
    #[must_use]
    pub fn variables<'p, 'a>(&'p self, path: &'a [u8]) -> Variables<'p, 'a> {
        let segments = self.segments().unwrap_or_default().iter();
        Variables {
            segments,
            path: Rest::new(path, self.delimiter),
        }
    }

    /// The names of its variables.
    pub fn variable_names(&self) -> impl Iterator<Item = &str> {
        self.segments()
            .unwrap_or_default()
            .iter()
            .filter_map(Segment::name)
    }

    /// One text for all patterns that match the same paths, however they match: names of variables do not count.
    #[must_use]
    pub fn shape(&self) -> String {
        let Some(segments) = self.segments() else {
            return self.text.to_string();
        };
        let text = |segment: &Segment| match segment {
            Segment::Literal(text) => String::from_utf8_lossy(text).into_owned(),
            Segment::Variable(_) => "{}".to_owned(),
            Segment::Any => "{*}".to_owned(),
        };
        segments
            .iter()
            .map(|segment| format!("{}{}", self.delimiter as char, text(segment)))
            .collect()
    }

    pub(super) fn matcher(&self) -> &PathMatcher {
        &self.matcher
    }

    pub(super) fn segments(&self) -> Option<&[Segment]> {
        match &self.matcher {
            PathMatcher::Equal(segments) | PathMatcher::Prefix(segments) => Some(segments),
            PathMatcher::Regular(_) => None,
        }
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }
}

impl AsRef<Self> for PathPattern {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// `PREFIX /orders/{id}`.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.match_type(), self.text)
    }
}

fn read_segments(text: &str, delimiter: u8) -> Result<Box<[Segment]>, InvalidPattern> {
    let segments = Rest::new(text.as_bytes(), delimiter)
        .filter(|segment| !segment.is_empty())
        .map(|segment| Segment::read(segment, delimiter))
        .collect::<Result<Box<[_]>, _>>()?;
    if segments.len() > MAX_SEGMENTS {
        return Err(InvalidPattern::TooLong);
    }
    let mut names: Vec<_> = segments.iter().filter_map(Segment::name).collect();
    sort(&mut names);
    match names
        .iter()
        .zip(names.iter().skip(1))
        .find(|(name, next)| name == next)
    {
        Some((name, _)) => Err(InvalidPattern::TwiceNamed((*name).to_owned())),
        None => Ok(segments),
    }
}

fn read_regex(text: &str) -> Result<FullRegex, InvalidPattern> {
    if !text.is_ascii() {
        return Err(InvalidPattern::NotAscii);
    }
    FullRegex::new(text).map_err(InvalidPattern::Regex)
}

// === impl Segment ===

impl Segment {
    fn read(text: &[u8], delimiter: u8) -> Result<Self, InvalidPattern> {
        let inner = text
            .strip_prefix(b"{")
            .and_then(|rest| rest.strip_suffix(b"}"));
        let is_brace = |byte: &u8| matches!(byte, b'{' | b'}');
        match inner {
            _ if text == b"*" => Ok(Self::Any),
            Some(name) if !name.is_empty() && !name.iter().any(is_brace) => {
                Ok(Self::Variable(String::from_utf8_lossy(name).into()))
            }
            _ if text.iter().any(is_brace) => Err(InvalidPattern::Brace(
                String::from_utf8_lossy(text).into_owned(),
            )),
            _ if delimiter == b'/' => Self::literal(text),
            _ => Ok(Self::Literal(text.into())),
        }
    }

    /// A segment in the spelling that requests have after normalization.
    fn literal(text: &[u8]) -> Result<Self, InvalidPattern> {
        if text.iter().any(|byte| b"?#;".contains(byte)) {
            return Err(InvalidPattern::Query);
        }
        let path = [b"/", text].concat();
        let normal = NormalPath::new(&path).map_err(InvalidPattern::Unsafe)?;
        match normal.as_bytes().strip_prefix(b"/") {
            Some(segment) if !segment.is_empty() => Ok(Self::Literal(segment.into())),
            _ => Err(InvalidPattern::DotSegment),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Variable(name) => Some(name),
            Self::Literal(_) | Self::Any => None,
        }
    }
}

// === impl Variables ===

impl<'p, 'a> Iterator for Variables<'p, 'a> {
    type Item = (&'p str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (segment, value) = (self.segments.next()?, self.path.next()?);
            if let Some(name) = segment.name() {
                return Some((name, value));
            }
        }
    }
}

// === impl InvalidPattern ===

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the path of an RPC_APP service names an interface"),
            Self::Unsafe(reason) => write!(f, "no request can have this path: {reason}"),
            Self::Query => {
                f.write_str("only names are matched: no query, fragment or `;` parameters")
            }
            Self::DotSegment => {
                f.write_str("`.` and `..` are resolved in requests, so never match")
            }
            Self::Brace(segment) => {
                write!(
                    f,
                    "{segment:?}: a variable is a whole segment; use REGULAR for parts of one"
                )
            }
            Self::TwiceNamed(name) => write!(f, "two variables are called {name:?}"),
            Self::TooLong => write!(f, "more than {MAX_SEGMENTS} segments"),
            Self::NotAscii => f.write_str("write characters above ASCII as escapes: %C3%A9 for é"),
            Self::Regex(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidPattern {}

#[cfg(test)]
mod tests;
