//! From a JSON pointer (RFC 6901) to a line and a column of the text.
//!
//! The tree has no positions: keeping them would cost every filter memory that only the command line needs. So the
//! text is walked a second time, for the few pointers that have findings.

/// A place in a text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// Where `pointer` leads in `text`, which must be JSON: to a member's name or an element's first character.
///
/// If only a beginning of the pointer exists (a finding may be about a member that is missing), that is where it leads.
/// Of several members with one name it leads to the last, the one that counts.
///
/// ```
/// use policy_model::json::locate::{Position, locate};
///
/// let text = br#"{"a": [1, {"b": 2}]}"#;
/// assert_eq!(locate(text, "/a/1/b"), Position { line: 1, column: 12 });
/// assert_eq!(locate(text, "/a/1/nowhere"), Position { line: 1, column: 11 });
/// ```
#[must_use]
pub fn locate(text: &[u8], pointer: &str) -> Position {
    position(text, offset(text, pointer))
}

/// The byte that `pointer` leads to.
#[must_use]
pub fn offset(text: &[u8], pointer: &str) -> usize {
    let mut scan = Scan {
        text,
        at: if text.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        },
    };
    scan.blank();
    let mut found = scan.at;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match scan.enter(&token) {
            Some(place) => found = place,
            None => break,
        }
    }
    found
}

/// Line and column of a byte.
#[must_use]
pub fn position(text: &[u8], offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let in_line = before.get(line_start..).unwrap_or_default();
    Position {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        // Bytes that continue a character (0b10xx_xxxx) are no columns, nor is a byte order mark.
        column: in_line.iter().filter(|byte| **byte & 0xc0 != 0x80).count() + 1
            - usize::from(in_line.starts_with(b"\xef\xbb\xbf")),
    }
}

/// A walk over a text that is known to be JSON. On one that is not, it ends somewhere in it.
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

// === impl Scan ===

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Goes to the value of a member or to an element. Returns where that has its name or itself.
    fn enter(&mut self, token: &str) -> Option<usize> {
        match self.peek()? {
            b'{' => self.member(token),
            b'[' => self.element(token.parse().ok()?),
            _ => None,
        }
    }

    fn member(&mut self, name: &str) -> Option<usize> {
        let mut found = None;
        self.at += 1;
        self.blank();
        while self.peek()? == b'"' {
            let key = self.at;
            self.string();
            let named = self
                .text
                .get(key..self.at)
                .is_some_and(|raw| spells(raw, name));
            self.blank();
            self.at += 1; // the colon
            self.blank();
            if named {
                found = Some((key, self.at));
            }
            self.value();
            self.next();
        }
        let (key, value) = found?;
        self.at = value;
        Some(key)
    }

    fn element(&mut self, index: usize) -> Option<usize> {
        self.at += 1;
        self.blank();
        for _ in 0..index {
            if matches!(self.peek()?, b']') {
                return None;
            }
            self.value();
            self.next();
        }
        (self.peek()? != b']').then_some(self.at)
    }

    /// Past the comma, if there is one.
    fn next(&mut self) {
        self.blank();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.blank();
        }
    }

    /// Past a string, from its opening quote.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    /// Past a value, whatever it is.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' if depth == 0 => return,
                _ => self.at += 1,
            }
        }
    }
}

/// Whether a quoted key is this name once its escapes are undone.
fn spells(raw: &[u8], name: &str) -> bool {
    let inner = raw.get(1..raw.len().saturating_sub(1));
    inner == Some(name.as_bytes())
        || raw.contains(&b'\\')
            && serde_json::from_slice::<String>(raw).is_ok_and(|key| key == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(text: &str, pointer: &str) -> (usize, usize) {
        let position = locate(text.as_bytes(), pointer);
        (position.line, position.column)
    }

    #[test]
    fn a_pointer_leads_to_a_name_or_an_element() {
        let text = "{\n  \"a\": {\"x\": \"}]\\\"\", \"y\": [10, [], {\"z\": 1}]},\n  \"b\": 2\n}";
        assert_eq!(at(text, ""), (1, 1));
        assert_eq!(at(text, "/a"), (2, 3));
        assert_eq!(at(text, "/a/y/0"), (2, 28));
        assert_eq!(at(text, "/a/y/2/z"), (2, 37));
        assert_eq!(at(text, "/b"), (3, 3));
    }

    #[test]
    fn what_is_missing_leads_to_what_it_is_missing_from() {
        let text = "{\"a\": [1]}";
        assert_eq!(at(text, "/a/7"), (1, 2));
        assert_eq!(at(text, "/c/d"), (1, 1));
        assert_eq!(at("[]", "/0"), (1, 1));
    }

    #[test]
    fn escapes_of_pointers_and_of_texts_are_undone() {
        let text = r#"{"a/b": 1, "c~d": 2, "\u00e9\n": 3}"#;
        assert_eq!(at(text, "/a~1b"), (1, 2));
        assert_eq!(at(text, "/c~0d"), (1, 12));
        assert_eq!(at(text, "/é\n"), (1, 22));
    }

    #[test]
    fn the_last_of_two_members_counts() {
        assert_eq!(at(r#"{"a": 1, "a": {"b": 2}}"#, "/a/b"), (1, 16));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(at("\u{feff}{\"é\": 1, \"b\": 2}", "/b"), (1, 10));
    }

    #[test]
    fn a_text_that_ends_too_soon_is_no_trap() {
        for text in ["{", "{\"a", "{\"a\"", "{\"a\":", "[1,", "\"", "", "{\"a\\"] {
            let _ = locate(text.as_bytes(), "/a/0");
        }
    }
}
