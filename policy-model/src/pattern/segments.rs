//! A path's segments, read from its front without allocating.

/// What remains of a path after some of its segments; `None` inside = nothing remains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    text: Option<&'a [u8]>,
    delimiter: u8,
}

// === impl Rest ===

impl<'a> Rest<'a> {
    /// The whole of `path`. One delimiter at its end does not count, nor a slash at its front; `/` has no segments.
    pub(super) fn new(path: &'a [u8], delimiter: u8) -> Self {
        let path = match path {
            [b'/', relative @ ..] if delimiter == b'/' => relative,
            _ => path,
        };
        let text = match path {
            [text @ .., last] if *last == delimiter => text,
            _ => path,
        };
        let is_root = matches!(text, [] | [b'/']);
        Self {
            text: (!is_root).then_some(text),
            delimiter,
        }
    }

    /// The first segment and what remains after it.
    pub(super) fn split_first(self) -> Option<(&'a [u8], Self)> {
        let text = self.text?;
        let (segment, text) = match text.iter().position(|&byte| byte == self.delimiter) {
            Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..)),
            None => (text, None),
        };
        Some((segment, Self { text, ..self }))
    }
}

impl<'a> Iterator for Rest<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (segment, rest) = self.split_first()?;
        *self = rest;
        Some(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::Rest;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn split(path: &str, delimiter: u8) -> Vec<String> {
        let text = |segment: &[u8]| String::from_utf8(segment.to_vec()).unwrap();
        Rest::new(path.as_bytes(), delimiter).map(text).collect()
    }

    #[test]
    fn one_delimiter_at_an_end_does_not_count() {
        assert_eq!(split("/a/b/", b'/'), ["a", "b"]);
        assert_eq!(split("a/b", b'/'), ["a", "b"]);
        assert_eq!(split("/a//", b'/'), ["a", ""]);
        assert!(split("/", b'/').is_empty());
        assert!(split("", b'/').is_empty());
    }

    #[test]
    fn interfaces_are_split_at_dots() {
        assert_eq!(split("com.jd.Foo", b'.'), ["com", "jd", "Foo"]);
        assert_eq!(split("/get", b'.'), ["/get"]);
        assert!(split("/", b'.').is_empty());
    }
}
