//! What arrives is either read exactly or refused, whatever its bytes are.

use super::*;
use proptest::prelude::*;

/// Two pairs as the host writes them, spelled out byte by byte.
const BLOCK: &[u8] = b"\x02\0\0\0\x01\0\0\0\x02\0\0\0\x01\0\0\0\0\0\0\0a\0\xa1\xb1\0b\0\0";

#[test]
fn reads_what_the_host_writes() {
    let headers = Headers::parse(BLOCK.to_vec()).unwrap();
    assert_eq!(headers.len(), 2);
    assert_eq!(headers.get("a"), Some(&b"\xa1\xb1"[..]));
    assert_eq!(headers.get("b"), Some(&b""[..]));
    assert_eq!(headers.get("c"), None);
    assert_eq!(
        headers,
        Headers::from_pairs(&[("A", &b"\xa1\xb1"[..]), ("b", b"")])
    );
}

#[test]
fn a_repeated_header_keeps_its_order_and_get_gives_the_first() {
    let headers = Headers::from_pairs(&[("x", "1"), ("y", "2"), ("x", "3")]);
    assert_eq!(headers.get("x"), Some(&b"1"[..]));
    assert_eq!(headers.all("x").collect::<Vec<_>>(), [b"1", b"3"]);
}

#[test]
fn nothing_is_an_empty_map_but_a_torn_block_is_none() {
    assert!(Headers::parse(Vec::new()).unwrap().is_empty());
    assert!(Headers::parse(vec![0; 4]).unwrap().is_empty());
    for end in 1..BLOCK.len() {
        assert_eq!(
            Headers::parse(BLOCK[..end].to_vec()),
            Err(HostError::BadAnswer),
            "{end}"
        );
    }
    // The lengths fit, but where a text should end there is no NUL.
    for at in [21, 24, 26, 27] {
        let mut block = BLOCK.to_vec();
        assert_eq!(std::mem::replace(&mut block[at], b'x'), 0);
        assert_eq!(Headers::parse(block), Err(HostError::BadAnswer), "{at}");
    }
    let trailing = [BLOCK, b"x"].concat();
    assert_eq!(Headers::parse(trailing), Err(HostError::BadAnswer));
    assert_eq!(Headers::parse(vec![0xff; 64]), Err(HostError::BadAnswer));
}

#[test]
fn debug_shows_no_value() {
    let headers = Headers::from_pairs(&[("authorization", "Bearer secret")]);
    assert!(!format!("{headers:?}").contains("secret"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(block in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(headers) = Headers::parse(block) {
            prop_assert_eq!(headers.iter().count(), headers.len());
        }
    }

    /// Small numbers in the length fields, so that many blocks get past the count.
    #[test]
    fn nearly_right_blocks_never_panic(block in prop::collection::vec(0_u8..3, 0..80)) {
        if let Ok(headers) = Headers::parse(block) {
            prop_assert_eq!(headers.iter().count(), headers.len());
        }
    }

    #[test]
    fn round_trip(pairs in prop::collection::vec(("[a-z:-]{0,9}", prop::collection::vec(any::<u8>(), 0..20)), 0..20)) {
        let headers = Headers::parse(Headers::from_pairs(&pairs).block).unwrap();
        let read: Vec<_> = headers.iter().collect();
        let written: Vec<_> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_slice())).collect();
        prop_assert_eq!(read, written);
    }
}
