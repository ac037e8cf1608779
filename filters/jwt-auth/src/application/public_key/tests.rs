//! No bytes make the reader panic, and what it reads is there in one spelling only.

use super::*;
use proptest::prelude::*;

fn key() -> Vec<u8> {
    der::rsa_public_key(&[0xff; 256], &[1, 0, 1])
}

#[test]
fn white_space_and_armour_do_not_matter() {
    let bare = STANDARD.encode(key());
    let info = |key: Option<Sound>| match key {
        Some(Sound::Rsa(key)) => key.info.clone(),
        _ => Vec::new(),
    };
    assert_eq!(info(read(&bare)), key());
    let armoured = format!("-----BEGIN PUBLIC KEY-----\r\n {bare} \r\n-----END PUBLIC KEY-----");
    assert_eq!(info(read(&armoured)), key());
}

proptest! {
    #[test]
    fn anything_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&STANDARD.encode(bytes)).is_none());
    }

    #[test]
    fn another_frame_is_no_key(at in 0..32_usize, other: u8) {
        let mut der = key();
        prop_assume!(der[at] != other);
        der[at] = other;
        prop_assert!(read(&STANDARD.encode(der)).is_none());
    }
}
