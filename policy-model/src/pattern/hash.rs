//! A quick hash for names and segments of a document.
//!
//! Searching hashes that stand side by side touches memory once where comparing texts would touch it once per text, and
//! a look-up's price is memory. The function is rustc's FxHash over eight bytes at a time. It needs no secret: what is
//! hashed into a table comes from the document, and a request can only search.

/// A hash of `text`.
pub(crate) fn hash(text: &[u8]) -> u64 {
    hash_with(text, 0)
}

/// The same for texts that differ in the case of ASCII letters only.
pub(crate) fn hash_any_case(text: &[u8]) -> u64 {
    hash_with(text, u64::from_ne_bytes([0x20; 8]))
}

/// The bits of `mask` are set in every word.
fn hash_with(text: &[u8], mask: u64) -> u64 {
    const SEED: u64 = 0x517c_c1b7_2722_0a95;
    let step = |hash: u64, word: u64| (hash.rotate_left(5) ^ (word | mask)).wrapping_mul(SEED);
    let (words, rest) = text.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let hash = words.fold(text.len() as u64, step);
    let last = rest
        .iter()
        .fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
    step(hash, last)
}

#[cfg(test)]
mod tests {
    use super::{hash, hash_any_case};
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_one_of_them_ignores_case() {
        assert_eq!(
            hash_any_case(b"Orders.Example"),
            hash_any_case(b"oRDERS.eXAMPLE")
        );
        assert_ne!(hash_any_case(b"orders"), hash_any_case(b"order"));
        assert_ne!(hash(b"orders"), hash(b"Orders"));
        assert_ne!(hash(b""), hash(b"\0"));
    }
}
