//! The characters of a path, one by one: plain ones, escapes, and what no path may have.

use super::path::UnsafePath;

/// What one byte or one escape of a path stands for.
pub(super) enum Unit {
    /// A character that may stand as it is.
    Plain(u8),
    /// A byte that is written as an escape.
    Escaped(u8),
    /// A plain `;`: parameters begin.
    Parameters,
}

// === impl Unit ===

impl Unit {
    /// The unit that `first` begins, and what follows it.
    pub(super) fn read(first: u8, rest: &[u8]) -> Result<(Self, &[u8]), UnsafePath> {
        match first {
            b'%' => {
                let digits = rest.split_first_chunk();
                let ([high, low], rest) = digits.ok_or(UnsafePath::BadEscape)?;
                Ok((Self::of(hex(*high)? << 4 | hex(*low)?)?, rest))
            }
            b';' => Ok((Self::Parameters, rest)),
            _ => Ok((Self::of(first)?, rest)),
        }
    }

    /// What a byte stands for that is meant as itself.
    fn of(byte: u8) -> Result<Self, UnsafePath> {
        match byte {
            _ if is_plain(byte) => Ok(Self::Plain(byte)),
            b'/' => Err(UnsafePath::EncodedSlash),
            b'\\' => Err(UnsafePath::Backslash),
            0 => Err(UnsafePath::Nul),
            _ if byte.is_ascii_control() => Err(UnsafePath::Control),
            _ => Ok(Self::Escaped(byte)),
        }
    }
}

/// RFC 3986 3.3, `pchar` without escapes and without `;`, which begins parameters.
pub(super) fn is_plain(byte: u8) -> bool {
    PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain)
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-._~!$&'()*+,=:@";
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
};

fn hex(digit: u8) -> Result<u8, UnsafePath> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(UnsafePath::BadEscape),
    }
}

/// A byte as its escape, with upper-case digits (RFC 3986 6.2.2.1).
pub(super) fn escape(byte: u8) -> [u8; 3] {
    let digit = |value: u8| {
        if value < 10 {
            b'0' + value
        } else {
            b'A' + value - 10
        }
    };
    [b'%', digit(byte >> 4), digit(byte & 15)]
}
