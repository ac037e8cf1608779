//! An HTTP/1.1 answer, read no further than a load generator must.
//!
//! Envoy writes status line and lower-case header names one way, always with a `content-length` here, and the generator
//! shares the machine with what it measures: so it looks for three byte patterns and leaves the rest alone.

/// The head of an answer that has arrived whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Bytes of head and body together.
    pub len: usize,
}

/// The bytes are no answer that this can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const LENGTH: &[u8] = b"\r\ncontent-length: ";

// === impl Answer ===

impl Answer {
    /// The answer at the beginning of `bytes`; `None` while a part of it is missing.
    ///
    /// ```
    /// use benches::Answer;
    ///
    /// let bytes = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\nno";
    /// assert_eq!(Answer::read(bytes), Ok(Some(Answer { status: 429, len: bytes.len() })));
    /// assert_eq!(Answer::read(&bytes[..50]), Ok(None));
    /// ```
    ///
    /// # Errors
    /// The head has no status or no `content-length`.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, Unreadable> {
        let Some(end) = find(bytes, END_OF_HEAD) else {
            return Ok(None);
        };
        let head = bytes.get(..end + 2).ok_or(Unreadable)?;
        let status = number(head.get(9..).ok_or(Unreadable)?).ok_or(Unreadable)?;
        let length = find(head, LENGTH).ok_or(Unreadable)? + LENGTH.len();
        let body = number(head.get(length..).ok_or(Unreadable)?).ok_or(Unreadable)?;
        let len = end + END_OF_HEAD.len() + body;
        let status = u16::try_from(status).map_err(|_| Unreadable)?;
        Ok((bytes.len() >= len).then_some(Self { status, len }))
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

/// The decimal number at the beginning; `None` if there is none.
fn number(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let digits = digits.count();
    std::str::from_utf8(bytes.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_length_is_told_from_one_that_is_still_coming() {
        assert_eq!(Answer::read(b"HTTP/1.1 200 OK\r\n\r\n"), Err(Unreadable));
        assert_eq!(Answer::read(b"HTTP/1.1 200 OK\r\n"), Ok(None));
        let more = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab";
        assert_eq!(Answer::read(more), Ok(None));
    }

    #[test]
    fn what_follows_an_answer_is_not_counted_to_it() {
        let two = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1";
        let answer = Answer {
            status: 200,
            len: two.len() - 8,
        };
        assert_eq!(Answer::read(two), Ok(Some(answer)));
    }
}
