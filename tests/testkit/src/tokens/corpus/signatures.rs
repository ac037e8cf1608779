//! Signatures that are none: numbers out of range, other forms, other lengths (RFC 8725 sections 3.3 and 3.4), and other
//! texts of good ones.

use super::{Algorithm, Corpus, encode, keys, sign};
use anyhow::Context as _;

const SIGNATURE: &str = "steward_jwt_signature";

/// The order of P-256 (SEC 2, version 2, section 2.4.2).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of Ed25519's group, little-endian (RFC 8032 section 5.1).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
];

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    lengths(corpus)?;
    rsa(corpus)?;
    ecdsa(corpus)?;
    ed25519(corpus)?;
    of_another_token(corpus)
}

/// What is signed by an algorithm, and the signature.
fn signed(corpus: &Corpus, algorithm: Algorithm) -> anyhow::Result<(String, Vec<u8>)> {
    let input = format!(
        "{}.{}",
        encode(corpus.header(algorithm, &[])),
        encode(corpus.payload(&[]))
    );
    let signature = keys::sign(algorithm, input.as_bytes())?;
    Ok((input, signature))
}

fn with(input: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{input}.{}", encode(signature))
}

fn lengths(corpus: &mut Corpus) -> anyhow::Result<()> {
    for algorithm in [
        Algorithm::Hs256,
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ] {
        let name = algorithm.name().to_lowercase();
        let (input, good) = signed(corpus, algorithm)?;
        let mut flipped = good.clone();
        if let Some(byte) = flipped.get_mut(good.len() / 2) {
            *byte ^= 1;
        }
        let half = good.get(..good.len() / 2).unwrap_or_default();
        let short = good.split_last().map_or(&[][..], |(_, rest)| rest);
        for (what, signature) in [
            ("flipped", &*flipped),
            ("halved", half),
            ("a-byte-short", short),
            ("a-byte-long", &[&*good, &[0]].concat()),
            ("a-zero-before", &[&[0], &*good].concat()),
            ("twice", &[&*good, &*good].concat()),
            ("zeros", &vec![0; good.len()]),
            ("ones", &vec![0xff; good.len()]),
            ("one-byte", &[1]),
        ] {
            corpus.refused(
                format!("signature-{name}-{what}"),
                with(&input, signature),
                SIGNATURE,
            );
        }
    }
    Ok(())
}

/// The numbers 1 and n - 1 are their own powers; with n added a signature is the same number to a careless reader.
fn rsa(corpus: &mut Corpus) -> anyhow::Result<()> {
    let (input, good) = signed(corpus, Algorithm::Rs256)?;
    let one = [vec![0; good.len() - 1], vec![1]].concat();
    corpus.refused("signature-rs256-one", with(&input, one), SIGNATURE);
    let (input, good) = signed(corpus, Algorithm::Ps256)?;
    let mut above = good;
    if let Some(first) = above.first_mut() {
        *first = 0xff;
    }
    corpus.refused("signature-ps256-above-n", with(&input, above), SIGNATURE);
    Ok(())
}

/// CVE-2022-21449 and its kin.
fn ecdsa(corpus: &mut Corpus) -> anyhow::Result<()> {
    let (input, good) = signed(corpus, Algorithm::Es256)?;
    let (r, s) = good.split_at_checked(32).context("a whole signature")?;
    let (zero, one) = ([0; 32], [&[0; 31][..], &[1]].concat());
    for (what, signature) in [
        ("r-zero", [&zero, s].concat()),
        ("s-zero", [r, &zero].concat()),
        ("r-and-s-one", [&*one, &*one].concat()),
        ("r-order", [&P256_ORDER, s].concat()),
        ("s-order", [r, &P256_ORDER].concat()),
        ("r-and-s-order", [P256_ORDER, P256_ORDER].concat()),
        ("der", der(r, s)),
        ("wide", [&[0], r, &[0], s].concat()),
        ("swapped", [s, r].concat()),
    ] {
        corpus.refused(
            format!("signature-es256-{what}"),
            with(&input, signature),
            SIGNATURE,
        );
    }
    // Both of the two signatures that hold for one message do, as in every reader of JWS.
    corpus.passes(
        "signature-es256-twin",
        with(&input, [r, &*minus(&P256_ORDER, s)].concat()),
    );
    Ok(())
}

/// ECDSA-Sig-Value, with a zero before every number: always long enough.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| match number.first() {
        Some(first) if *first < 0x80 => [&[2, 32], number].concat(),
        _ => [&[2, 33, 0], number].concat(),
    };
    let numbers = [integer(r), integer(s)].concat();
    [&[0x30, numbers.len() as u8], &*numbers].concat()
}

fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut digits: Vec<_> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let (less, one) = a.overflowing_sub(*b);
            let (less, two) = less.overflowing_sub(borrow.into());
            borrow = one || two;
            less
        })
        .collect();
    digits.reverse();
    digits
}

/// S plus the group's order is the same number to a reader that does not look (RFC 8032 section 8.4).
fn ed25519(corpus: &mut Corpus) -> anyhow::Result<()> {
    let (input, good) = signed(corpus, Algorithm::EdDsa)?;
    let (r, s) = good.split_at_checked(32).context("a whole signature")?;
    let mut carry = 0;
    let mut above = Vec::new();
    for (a, b) in s.iter().zip(ED25519_ORDER) {
        let sum = u16::from(*a) + u16::from(b) + carry;
        above.push(sum as u8);
        carry = sum >> 8;
    }
    corpus.refused(
        "signature-eddsa-s-above-order",
        with(&input, [r, &above].concat()),
        SIGNATURE,
    );
    // R the neutral element and S zero: right for every message under a key of small order.
    let neutral = [&[1][..], &[0; 63]].concat();
    corpus.refused("signature-eddsa-neutral", with(&input, neutral), SIGNATURE);
    Ok(())
}

fn of_another_token(corpus: &mut Corpus) -> anyhow::Result<()> {
    let (_, signature) = signed(corpus, Algorithm::Rs256)?;
    let header = corpus.header(Algorithm::Rs256, &[]);
    let claims = corpus.payload(&[("sub", r#""root""#)]);
    let input = format!("{}.{}", encode(&header), encode(claims));
    corpus.refused(
        "signature-of-other-claims",
        with(&input, &signature),
        SIGNATURE,
    );
    let header = corpus.header(Algorithm::Rs256, &[("typ", r#""at+jwt""#)]);
    let input = format!("{}.{}", encode(header), encode(corpus.payload(&[])));
    corpus.refused(
        "signature-of-another-header",
        with(&input, &signature),
        SIGNATURE,
    );
    let forged = keys::forged(encode("a").as_bytes())?;
    let header = corpus.header(Algorithm::EdDsa, &[]);
    let input = format!("{}.{}", encode(header), encode(corpus.payload(&[])));
    corpus.refused("signature-of-nothing", with(&input, forged), SIGNATURE);
    let good = sign(
        Algorithm::Rs256,
        corpus.header(Algorithm::Rs256, &[("kid", "")]),
        corpus.payload(&[]),
    )?;
    corpus.passes("good-without-kid", good);
    Ok(())
}
