//! The token's `alg` against the keys (RFC 8725 sections 2.1, 3.1 and 3.2).

use super::{Algorithm, Corpus, encode, keys, quoted, unsigned};
use base64::{Engine as _, engine::general_purpose::STANDARD};

const ALGORITHM: &str = "steward_jwt_algorithm";
const UNKNOWN_KEY: &str = "steward_jwt_unknown_key";
const SIGNATURE: &str = "steward_jwt_signature";

/// What comes before a PKCS#1 key of 2048 bits and an exponent of 3 bytes to make it a SubjectPublicKeyInfo.
const RSA_INFO: &[u8] = &[
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
];

pub(super) fn add(corpus: &mut Corpus) -> anyhow::Result<()> {
    for algorithm in Algorithm::ALL {
        // One secret serves all of the bare set's.
        let by = match algorithm {
            Algorithm::Hs256 if corpus.is_bare => continue,
            other => other,
        };
        let token = corpus.signed(by, &[], corpus.payload(&[]))?;
        corpus.passes(format!("good-{}", name(algorithm)), token);
    }
    without_signature(corpus)?;
    odd_names(corpus)?;
    public_keys_as_secrets(corpus)?;
    another_algorithm(corpus)
}

fn name(algorithm: Algorithm) -> String {
    algorithm.name().to_lowercase()
}

fn without_signature(corpus: &mut Corpus) -> anyhow::Result<()> {
    for none in ["none", "None", "NONE", "nOnE"] {
        let header = corpus.header(Algorithm::Rs256, &[("alg", &quoted(none))]);
        let token = unsigned(&header, corpus.payload(&[]), b"");
        corpus.refused(format!("alg-{none}"), token, ALGORITHM);
        let signed = corpus.token(&[("alg", &quoted(none))], &[])?;
        corpus.refused(format!("alg-{none}-signed"), signed, ALGORITHM);
    }
    let header = corpus.header(Algorithm::Rs256, &[]);
    let stripped = unsigned(header, corpus.payload(&[]), b"");
    corpus.refused("no-signature", stripped, SIGNATURE);
    Ok(())
}

fn odd_names(corpus: &mut Corpus) -> anyhow::Result<()> {
    for (name, alg) in [
        ("absent", ""),
        ("empty", r#""""#),
        ("null", "null"),
        ("number", "256"),
        ("list", r#"["RS256"]"#),
        ("object", r#"{"RS256":true}"#),
        ("lower-case", r#""rs256""#),
        ("space-behind", r#""RS256 ""#),
        ("nul-behind", r#""RS256\u0000""#),
        ("unknown", r#""RS1""#),
        ("es256k", r#""ES256K""#),
        ("encryption", r#""RSA1_5""#),
        ("direct", r#""dir""#),
    ] {
        let token = corpus.token(&[("alg", alg)], &[])?;
        corpus.refused(format!("alg-{name}"), token, ALGORITHM);
    }
    Ok(())
}

/// CVE-2015-9235 and its many successors: whoever knows the public key signs with it as an HMAC secret, in each form that a
/// careless reader may hold it in.
fn public_keys_as_secrets(corpus: &mut Corpus) -> anyhow::Result<()> {
    // Under the RSA key's own name, which the bare set does not know; there the algorithm's own key is tried.
    let reason = if corpus.is_bare {
        SIGNATURE
    } else {
        UNKNOWN_KEY
    };
    let rsa = keys::public(Algorithm::Rs256)?;
    let info = [RSA_INFO, &rsa].concat();
    let base64 = STANDARD.encode(&info);
    let lines: Vec<_> = base64
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    let jwk = keys::jwk(Algorithm::Rs256)?;
    let modulus = jwk.get("n").and_then(|n| n.as_str()).unwrap_or_default();
    for (name, secret) in [
        ("pem", pem.as_bytes()),
        ("pem-and-line-end", format!("{pem}\n").as_bytes()),
        ("der", &info),
        ("pkcs1", &rsa),
        ("modulus", modulus.as_bytes()),
        ("jwk", jwk.to_string().as_bytes()),
        ("point", &keys::public(Algorithm::Es256)?),
        ("ed25519-key", &keys::public(Algorithm::EdDsa)?),
        ("nothing", b""),
    ] {
        for hmac in [Algorithm::Hs256, Algorithm::Hs512] {
            let header = corpus.header(Algorithm::Rs256, &[("alg", &quoted(hmac.name()))]);
            let input = format!("{}.{}", encode(header), encode(corpus.payload(&[])));
            let tag = keys::hmac(hmac, secret, input.as_bytes());
            let token = format!("{input}.{}", encode(tag));
            corpus.refused(
                format!("{}-secret-is-{name}", self::name(hmac)),
                token,
                reason,
            );
        }
    }
    Ok(())
}

/// A good signature by one algorithm's key, said to be another one's.
fn another_algorithm(corpus: &mut Corpus) -> anyhow::Result<()> {
    use Algorithm::{EdDsa, Es256, Es384, Es512, Hs256, Hs512, Ps256, Ps384, Rs256, Rs512};
    for (signed, claimed) in [
        (Rs256, Ps256),
        (Ps256, Rs256),
        (Rs256, Rs512),
        (Ps384, Ps256),
        (Es384, Es256),
        (Es256, Es384),
        (Es512, Es256),
        (Es256, Es512),
        (Es256, Rs256),
        (EdDsa, Es256),
        (Es256, EdDsa),
        (Hs512, Rs256),
        (Hs512, Hs256),
        (Rs256, EdDsa),
    ] {
        let what = format!("{}-said-to-be-{}", name(signed), name(claimed));
        let claim = quoted(claimed.name());
        let token = corpus.signed(signed, &[("alg", &claim)], corpus.payload(&[]))?;
        let reason = if corpus.is_bare {
            SIGNATURE
        } else {
            UNKNOWN_KEY
        };
        corpus.refused(&what, token, reason);
        if !corpus.is_bare {
            let kid = quoted(&claimed.kid());
            let token = corpus.signed(
                signed,
                &[("alg", &claim), ("kid", &kid)],
                corpus.payload(&[]),
            )?;
            corpus.refused(format!("{what}-and-its-kid"), token, SIGNATURE);
        }
    }
    Ok(())
}
