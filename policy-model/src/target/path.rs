//! A request's path in its one normal spelling, or the reason why it has none.
//!
//! Equivalent spellings become one (RFC 3986 6.2.2): dot segments are resolved as 5.2.4 says, escapes get upper-case
//! digits, escapes of characters that need none are decoded. On top of the RFC, because services do the same and a
//! policy must see what the service will see:
//! - slashes are merged;
//! - not only unreserved characters are decoded but all that may stand in a segment as they are (`:`, `@`, `!`, `$`,
//!   `&`, `'`, `(`, `)`, `*`, `+`, `,`, `=`): routers compare decoded segments, so `/users/%40me` is `/users/@me` to
//!   them;
//! - parameters of segments (RFC 3986 3.3) are cut off: `/admin;v=1` is `/admin` to every servlet container, and a
//!   service that takes the whole for a name hardly has a resource of that name. `%3B` starts none and stays;
//! - every other byte, above ASCII too, is written as its escape, so that `/é` and `/%C3%A9` are one and a normal path
//!   is always ASCII.
//!
//! What servers read differently is refused, since no choice is right behind all of them: an encoded slash, a
//! backslash, control characters, a broken escape, `..;` (a name to some, a dot segment to servlet containers) and a `..` that would
//! take back an empty segment (`/a//../b` is `/a/b` by the RFC and `/b` where slashes are merged first).

use super::unit::{Unit, escape, is_plain};
use std::{borrow::Cow, fmt};

/// A path without query and fragment in its normal spelling: ASCII, begins with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalPath<'a>(Cow<'a, [u8]>);

/// Why a path has no safe reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsafePath {
    /// It does not begin with `/`.
    NotAbsolute,
    /// `%2F`: one segment to some servers, two to others.
    EncodedSlash,
    /// `\` or `%5C`: a slash to some servers.
    Backslash,
    /// A NUL byte, plain or escaped: the end of the path to some servers.
    Nul,
    /// Another control character, plain or escaped.
    Control,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// `.;` or `..;` at the start of a segment: a dot segment to servers that cut off parameters first.
    DotParameter,
    /// A `..` behind an empty segment: what it takes back depends on when slashes are merged.
    AmbiguousParent,
    /// Above [`NormalPath::MAX_LENGTH`].
    TooLong,
}

// === impl NormalPath ===

impl<'a> NormalPath<'a> {
    /// The most bytes that a path may have, its query not counted. Services refuse longer ones themselves (8 KiB for the
    /// whole request line is common), and a pattern's time grows with the path.
    pub const MAX_LENGTH: usize = 8 * 1024;

    /// Normalizes `raw`, the value of `:path`. Borrowed from `raw` when it is normal already.
    ///
    /// An empty path is `/` (RFC 3986 6.2.3). `..` at the root stays at the root.
    ///
    /// ```
    /// use policy_model::target::{NormalPath, UnsafePath};
    ///
    /// let path = NormalPath::new(b"/public/%2e%2e//%61dmin/.?user=1").unwrap();
    /// assert_eq!(path.as_bytes(), b"/admin/");
    /// assert_eq!(NormalPath::new(b"/public%2f..%2fadmin"), Err(UnsafePath::EncodedSlash));
    /// ```
    pub fn new(raw: &'a [u8]) -> Result<Self, UnsafePath> {
        let end = raw.iter().position(|byte| matches!(byte, b'?' | b'#'));
        let path = end.and_then(|end| raw.get(..end)).unwrap_or(raw);
        if path.is_empty() {
            return Ok(Self(Cow::Borrowed(b"/")));
        }
        if path.len() > Self::MAX_LENGTH {
            return Err(UnsafePath::TooLong);
        }
        let [b'/', relative @ ..] = path else {
            return Err(UnsafePath::NotAbsolute);
        };
        if is_normal(relative) {
            return Ok(Self(Cow::Borrowed(path)));
        }
        normalize(relative).map(|path| Self(Cow::Owned(path)))
    }

    /// The path of a request, if it has one to match: `CONNECT host:port` has none, and `OPTIONS *` asks about the
    /// whole server (RFC 9110 9.3.6, 9.3.7). An extended `CONNECT` (RFC 8441) has one.
    pub fn of_request(method: &[u8], raw: Option<&'a [u8]>) -> Result<Option<Self>, UnsafePath> {
        match (method, raw) {
            (_, None) | (b"CONNECT", Some(b"")) | (b"OPTIONS", Some(b"*")) => Ok(None),
            (_, Some(raw)) => Self::new(raw).map(Some),
        }
    }

    /// The path's bytes: ASCII, beginning with `/`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the request's own spelling was the normal one.
    #[must_use]
    pub fn is_borrowed(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }

    /// The path on its own, for keeping.
    #[must_use]
    pub fn into_owned(self) -> NormalPath<'static> {
        NormalPath(Cow::Owned(self.0.into_owned()))
    }
}

// === impl UnsafePath ===

impl UnsafePath {
    /// A short name, for logs and response-code details.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAbsolute => "not_absolute",
            Self::EncodedSlash => "encoded_slash",
            Self::Backslash => "backslash",
            Self::Nul => "nul",
            Self::Control => "control_character",
            Self::BadEscape => "bad_escape",
            Self::DotParameter => "dot_segment_parameter",
            Self::AmbiguousParent => "ambiguous_parent",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for UnsafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::EncodedSlash => "the path has an encoded slash",
            Self::Backslash => "the path has a backslash",
            Self::Nul => "the path has a NUL byte",
            Self::Control => "the path has a control character",
            Self::BadEscape => "the path has a % without two hexadecimal digits",
            Self::DotParameter => "the path has parameters on a dot segment",
            Self::AmbiguousParent => "the path has a .. behind an empty segment",
            Self::TooLong => "the path is longer than 8 KiB",
        })
    }
}

impl std::error::Error for UnsafePath {}

/// Whether a path, its first slash taken off, is its own normal spelling. Never true for an unsafe one. One pass over
/// the bytes, since nearly every request's path is: all else is left to [`normalize`].
fn is_normal(mut rest: &[u8]) -> bool {
    /// What is seen of a segment: so many dots and nothing else, or a name.
    const NAME: u8 = 3;
    let mut seen = 0;
    while let [first, after @ ..] = rest {
        let (now, next) = match *first {
            b'/' if seen == NAME => (0, after),
            b'.' if seen < NAME => (seen + 1, after),
            byte if is_plain(byte) => (NAME, after),
            b'%' if is_upper_escape(rest) => match Unit::read(b'%', after) {
                Ok((Unit::Escaped(_), after)) => (NAME, after),
                _ => return false,
            },
            _ => return false,
        };
        (seen, rest) = (now, next);
    }
    // Nothing behind the last slash is normal.
    seen == 0 || seen == NAME
}

fn is_upper_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', high, low, ..] if !high.is_ascii_lowercase() && !low.is_ascii_lowercase())
}

/// RFC 3986 5.2.4 over decoded segments, then merged slashes.
fn normalize(relative: &[u8]) -> Result<Vec<u8>, UnsafePath> {
    let mut path = Vec::with_capacity(relative.len() + 1);
    let mut segments = relative.split(|&byte| byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment.is_empty() && path.is_empty() && !is_last {
            continue;
        }
        push_segment(&mut path, segment, is_last)?;
    }
    path.dedup_by(|next, previous| *next == b'/' && *previous == b'/');
    Ok(path)
}

/// Adds `/` and a segment, or does what the dot segment asks for. A last dot segment leaves its slash.
fn push_segment(path: &mut Vec<u8>, segment: &[u8], is_last: bool) -> Result<(), UnsafePath> {
    let start = path.len();
    path.push(b'/');
    let has_parameters = push_units(path, segment)?;
    match path.get(start + 1..).unwrap_or_default() {
        b"." | b".." if has_parameters => return Err(UnsafePath::DotParameter),
        b"." => path.truncate(start),
        b".." => {
            path.truncate(start);
            pop_segment(path)?;
        }
        _ => return Ok(()),
    }
    if is_last {
        path.push(b'/');
    }
    Ok(())
}

fn pop_segment(path: &mut Vec<u8>) -> Result<(), UnsafePath> {
    let Some(slash) = path.iter().rposition(|&byte| byte == b'/') else {
        return Ok(());
    };
    if slash + 1 == path.len() {
        return Err(UnsafePath::AmbiguousParent);
    }
    path.truncate(slash);
    Ok(())
}

/// Adds a segment up to its parameters, which are read all the same: they may be unsafe. Whether there are any.
fn push_units(path: &mut Vec<u8>, mut segment: &[u8]) -> Result<bool, UnsafePath> {
    let mut has_parameters = false;
    while let Some((&first, rest)) = segment.split_first() {
        let (unit, after) = Unit::read(first, rest)?;
        match unit {
            Unit::Parameters => has_parameters = true,
            _ if has_parameters => {}
            Unit::Plain(byte) => path.push(byte),
            Unit::Escaped(byte) => path.extend(escape(byte)),
        }
        segment = after;
    }
    Ok(has_parameters)
}

#[cfg(test)]
mod tests;
