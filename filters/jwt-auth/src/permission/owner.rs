//! Whether a path names the caller's own.
//!
//! A path comes here in its normal spelling, in which what may stand plainly does and everything else is an escape. The
//! service behind decodes those once, and so does this: `/users/J%C3%BCrgen` belongs to `Jürgen`, and `%2561nn` is the
//! name `%61nn` and not `ann`.

/// Whether `segment`, of a normalized path, is `name` once its escapes are decoded.
pub(crate) fn spells(segment: &[u8], name: &[u8]) -> bool {
    let mut rest = segment;
    for wanted in name {
        match decode_first(rest) {
            Some((byte, after)) if byte == *wanted => rest = after,
            _ => return false,
        }
    }
    rest.is_empty() && !name.is_empty()
}

fn decode_first(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'%', high, low, after @ ..] => Some((hex(*high)? << 4 | hex(*low)?, after)),
        [b'%', ..] | [] => None,
        [byte, after @ ..] => Some((*byte, after)),
    }
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_model::target::NormalPath;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_decoded_once() {
        for (segment, name, same) in [
            ("ann", "ann", true),
            ("J%C3%BCrgen", "Jürgen", true),
            ("a%20b", "a b", true),
            ("%2561nn", "%61nn", true),
            ("%2561nn", "ann", false),
            ("anna", "ann", false),
            ("an", "ann", false),
            ("Ann", "ann", false),
            ("a%2", "a%2", false),
            ("a%zz", "a%zz", false),
            ("", "", false),
        ] {
            assert_eq!(
                spells(segment.as_bytes(), name.as_bytes()),
                same,
                "{segment} {name}"
            );
        }
    }

    proptest! {
        /// However a client escapes a name, and nobody else's name.
        #[test]
        fn a_name_is_itself_in_every_spelling(name in "[a-zA-Z0-9 %?é.~@=+-]{1,8}", all in any::<bool>()) {
            let escaped = |byte: &u8| match byte.is_ascii_alphanumeric() && !all {
                true => char::from(*byte).to_string(),
                false => format!("%{byte:02x}"),
            };
            prop_assume!(!name.starts_with('.'));
            let raw: String = name.as_bytes().iter().map(escaped).collect();
            let path = format!("/{raw}");
            let normal = NormalPath::new(path.as_bytes()).unwrap();
            let segment = &normal.as_bytes()[1..];
            prop_assert!(spells(segment, name.as_bytes()), "{raw}");
            let longer = name.clone() + "x";
            prop_assert!(!spells(segment, longer.as_bytes()));
            prop_assert!(!spells(segment, &name.as_bytes()[1..]));
        }
    }
}
