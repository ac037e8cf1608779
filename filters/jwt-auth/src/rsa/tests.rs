use super::*;
use crate::base64url;
use crypto_bigint::{
    BoxedUint, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use proptest::prelude::*;

const TEXT: &[u8] = b"header.payload";

/// The key of RFC 7520 section 3.4: published, so that signatures nobody else would make can be made of it.
const N: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
const D: &str = "bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ";
const E: &[u8] = &[1, 0, 1];

fn decode(text: &str) -> Vec<u8> {
    base64url::decode(text).unwrap()
}

fn key() -> RsaKey {
    RsaKey::new(&decode(N), E).unwrap()
}

/// The signature that opens to `message`.
fn sign(message: &[u8]) -> Vec<u8> {
    let number = |digits: &[u8]| BoxedUint::from_be_slice(digits, 2048).unwrap();
    let n = Odd::new(number(&decode(N))).unwrap();
    let form = BoxedMontyForm::new(number(message), &BoxedMontyParams::new_vartime(n));
    let signed = form.pow(&number(&decode(D))).retrieve();
    signed.to_be_bytes().into()
}

/// EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) for 2,047 bits, with what a forger may choose.
fn pss(hash: Hash, salt: &[u8], padding: u8, trailer: u8, highest: u8) -> Vec<u8> {
    let digest = hash.of(&[TEXT]);
    let seed = hash.of(&[&[0; 8], digest.as_ref(), salt]);
    let mut masked = vec![0; 255 - hash.length() - salt.len() - 1];
    masked.push(padding);
    masked.extend_from_slice(salt);
    unmask(hash, seed.as_ref(), &mut masked);
    masked[0] = masked[0] & 0x7f | highest;
    [&masked, seed.as_ref(), &[trailer]].concat()
}

const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

#[test]
fn a_pss_signature_of_each_hash_is_that_hash_s_only() {
    for hash in HASHES {
        let signature = sign(&pss(hash, &vec![7; hash.length()], 1, 0xbc, 0));
        for asked in HASHES {
            assert_eq!(key().verify_pss(asked, &signature, TEXT), asked == hash);
            assert!(!key().verify_pkcs1(asked, &signature, TEXT));
        }
        assert!(!key().verify_pss(hash, &signature, b"header.Payload"));
    }
}

#[test]
fn a_pss_salt_is_as_long_as_the_hash() {
    for length in [0, 20, 31, 33, 64] {
        let signature = sign(&pss(Hash::Sha256, &vec![7; length], 1, 0xbc, 0));
        assert!(
            !key().verify_pss(Hash::Sha256, &signature, TEXT),
            "{length}"
        );
    }
}

#[test]
fn a_pss_message_has_no_other_form() {
    for (padding, trailer, highest) in [(0, 0xbc, 0), (2, 0xbc, 0), (1, 0xcc, 0), (1, 0xbc, 0x80)] {
        // With its highest bit set a message is below the modulus only now and then.
        let mut messages =
            (0..64).map(|salt| pss(Hash::Sha256, &[salt; 32], padding, trailer, highest));
        let message = messages.find(|message| *message < decode(N)).unwrap();
        assert!(
            !key().verify_pss(Hash::Sha256, &sign(&message), TEXT),
            "{padding} {trailer} {highest}"
        );
    }
}

/// A modulus of 2,049 bits is a byte longer than the message. Made with Python's integers and hashlib.
#[test]
fn a_pss_message_may_be_a_byte_shorter_than_the_modulus() {
    let n = decode(
        "AW08BISIn9M4fUmey5iBCJQ2CE_lZKC4SvosvAJ4eKW8Z7kNUnyrPa73oZ5nPhWF06tEMRim_boHqpwWM29Z8o7lCtF-vCMwgXPewb5eykGAu72b6rR5SXxZgPqd42VIrwOIh40hnuOS2d4K2MEHQ4GH4nJ4KRDbq05T3JQ5SqFpjlc1iyPmzKAsF2NxkjjuNVIErh1A1F5RhdYojYAFfhbR_xhKL9-zr7CXsFj8HG7xLuSAAKj5R7MzbPc2zSLQDh2_eFuWuKnwFY4902ahelez7EWVVa5hFHLV7_5NlAAAgtOuyhemvHPh8-tI9hFrwOVijfXK9icSN8TlVVHvab8",
    );
    let signature = decode(
        "ALbNBo2mTSf9mHD1kjycW2Q21K6A9rtjv-zJtNsoDQTLxnmEx1WmvUFFSuh3VE6c8J7CTNlIRRtBbK6Ot-rVqZdUnBnYXBuO6D9uR991VEfoDVtRGNdHt8j_31uHUMMA9wVtOpkTYCmolipSo3-7GeGOYBj1BpvIqnXCTaSKQIbmkGpGUFwuPJbCGIOjVybv1TQw6wBamQyWY0uhlj2y4Fzn1DFld_RHFcnmRYzSJN47sM4h23ElRBeuwlbrrUMu_j_zMdf6yE29d--AoMf8lNO8xC_yd6jtxPK2w7eZNbh-eIKdgl8rMj01OM5nXRMYORoTIkZpriHyjTl1NXflsNk",
    );
    let key = RsaKey::new(&n, E).unwrap();
    assert_eq!(key.modulus.bits(), 2049);
    assert!(key.verify_pss(Hash::Sha256, &signature, TEXT));
    assert!(!key.verify_pss(Hash::Sha256, &signature, b"other"));
    assert!(!key.verify_pss(Hash::Sha256, &signature[1..], TEXT));
    // The same with a bit set above the message.
    let above = decode(
        "AMvSlxjgXs-X94DJdtBbi1TogjUHRt04YTiP8OMmIa3eKf7KtH9uLZIoPSRhVks8JxqzVzjcM5quNl_8qbrqnl4S77Eu0S7o1_QSKrfxFBvFpRxF7gUMO7Cel3qcf06pUvvLpizAwVI6yMCcIMSRTMC92qhwpi8HD5_uMholqyG7oW1kRODNlbGEEe_sSGeAKzTzTD6C5BJQlM7usEmxfrdSxu3nid2UM3cHCioex_cjMU13LLj35NntzmqZh41DJEgRqW83YqC-q6DCAoVlGohJp0upAlQcZ1XxqrCdu4EFzffZzXQG-uU1Cg9Qngw2xIS1pPM3fLjA26260SSVP5Q",
    );
    assert!(!key.verify_pss(Hash::Sha256, &above, TEXT));
}

fn pkcs1(hash: Hash, padding: usize, rest: &[u8]) -> Vec<u8> {
    let info = der::digest_info(hash, hash.of(&[TEXT]).as_ref());
    [&[0, 1], &*vec![0xff; padding], &[0], &info, rest].concat()
}

#[test]
fn a_pkcs1_signature_of_each_hash_is_that_hash_s_only() {
    for hash in HASHES {
        let length = der::digest_info(hash, hash.of(&[TEXT]).as_ref()).len();
        let signature = sign(&pkcs1(hash, 253 - length, &[]));
        for asked in HASHES {
            assert_eq!(key().verify_pkcs1(asked, &signature, TEXT), asked == hash);
            assert!(!key().verify_pss(asked, &signature, TEXT));
        }
    }
}

#[test]
fn a_pkcs1_message_is_compared_to_its_end() {
    // Short padding with garbage behind the digest, which a careless parser never looks at.
    let rest = vec![0x5a; 253 - 51 - 8];
    let forged = sign(&pkcs1(Hash::Sha256, 8, &rest));
    assert!(!key().verify_pkcs1(Hash::Sha256, &forged, TEXT));
    // DigestInfo without the NULL.
    let digest = Hash::Sha256.of(&[TEXT]);
    let mut info = vec![0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09];
    info.extend([
        0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20,
    ]);
    info.extend_from_slice(digest.as_ref());
    let forged = [&[0, 1], &*vec![0xff; 253 - info.len()], &[0], &info].concat();
    assert!(!key().verify_pkcs1(Hash::Sha256, &sign(&forged), TEXT));
}

#[test]
fn a_signature_is_as_long_as_the_modulus_and_below_it() {
    let good = sign(&pkcs1(Hash::Sha256, 253 - 51, &[]));
    let is_right = |signature: &[u8]| key().verify_pkcs1(Hash::Sha256, signature, TEXT);
    assert!(is_right(&good));
    // The same number, one modulus higher, if it fits into as many bytes at all.
    let sum = BoxedUint::from_be_slice(&good, 2112).unwrap()
        + &BoxedUint::from_be_slice(&decode(N), 2112).unwrap();
    let sum = sum.to_be_bytes();
    for wrong in [
        &good[1..],
        &[&[0], &*good].concat(),
        &sum[sum.len() - 256..],
        &decode(N),
        &[0; 256],
        &[],
    ] {
        assert!(!is_right(wrong), "{wrong:?}");
    }
}

#[test]
fn moduli_are_odd_and_of_2048_to_8192_bits() {
    let modulus = |bits: usize, last: u8| {
        let mut digits = vec![0xa5; bits.div_ceil(8)];
        digits[0] = 1 << ((bits - 1) % 8);
        *digits.last_mut().unwrap() = last;
        RsaKey::new(&digits, E).err()
    };
    for bits in [2048, 2049, 3072, 4096, 8192] {
        assert_eq!(modulus(bits, 1), None, "{bits}");
    }
    for bits in [512, 1024, 2047, 8193, 65536] {
        assert_eq!(modulus(bits, 1), Some(WeakKey::Modulus), "{bits}");
    }
    assert_eq!(modulus(2048, 2), Some(WeakKey::Modulus));
    assert_eq!(RsaKey::new(&[], E).err(), Some(WeakKey::Modulus));
}

#[test]
fn exponents_are_odd_and_neither_small_nor_long() {
    let exponent = |digits: &[u8]| RsaKey::new(&decode(N), digits).err();
    for good in [
        &[1_u8, 0, 1] as &[u8],
        &[0, 1, 0, 1],
        &[0xff, 0xff, 0xff, 0xff],
    ] {
        assert_eq!(exponent(good), None, "{good:?}");
    }
    for bad in [
        &[] as &[u8],
        &[0],
        &[1],
        &[2],
        &[3],
        &[17],
        &[0xff, 0xff],
        &[1, 0, 0],
        &[1, 0, 2],
        &[1, 0, 0, 0, 1],
    ] {
        assert_eq!(exponent(bad), Some(WeakKey::Exponent), "{bad:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_signature_makes_it_panic(signature in proptest::collection::vec(any::<u8>(), 0..300)) {
        for hash in HASHES {
            prop_assert!(!key().verify_pss(hash, &signature, TEXT));
            prop_assert!(!key().verify_pkcs1(hash, &signature, TEXT));
        }
    }
}
