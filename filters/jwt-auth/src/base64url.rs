//! Base64url as RFC 7515 section 2 defines it: the URL-safe alphabet, no padding, no white space, and every byte string
//! written in exactly one way.
//!
//! The last point matters where a token is named by its text (a cache, a revocation list): an encoding that ignores the
//! spare bits of the last character lets one token wear several texts.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Decodes; `None` for anything but the one canonical text of some bytes.
#[must_use]
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_is_read() {
        assert_eq!(decode(""), Some(vec![]));
        assert_eq!(decode("-_8"), Some(vec![0xfb, 0xff]));
    }

    #[test]
    fn every_other_text_is_refused() {
        for text in ["+/8", "-_8=", "-_8 ", "-_\n8", "A", "-_9", "AB", "\u{e9}"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
