//! What kind of token it is: the header's `typ` (RFC 8725 section 3.11).
//!
//! One issuer signs access tokens, identity tokens and logout tokens with one key. A provider that says which of them it takes
//! cannot be given another: `at+jwt` is RFC 9068's name for an access token.

/// Media types, in lower case, without the `application/` that may be left out (RFC 7515 section 4.1.9).
#[derive(Clone, Debug, Default)]
pub(crate) struct Types(Box<[Box<str>]>);

const PREFIX: &str = "application/";

// === impl Types ===

impl Types {
    /// Of none any type will do, or none.
    pub(crate) fn new(stated: &[String]) -> Self {
        let types = stated.iter().map(|stated| {
            let lower = stated.to_ascii_lowercase();
            short(&lower).into()
        });
        Self(types.collect())
    }

    /// Whether a token of this type is taken.
    pub(crate) fn take(&self, typ: Option<&str>) -> bool {
        let typ = typ.map(short);
        let is = |own: &str| typ.is_some_and(|typ| typ.eq_ignore_ascii_case(own));
        self.0.is_empty() || self.0.iter().any(|own| is(own))
    }
}

/// The type without its prefix. It stays where another slash follows, which would be read as another type's.
fn short(typ: &str) -> &str {
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(stated: &[&str], typ: Option<&str>) -> bool {
        let stated: Vec<_> = stated.iter().map(|&stated| stated.to_owned()).collect();
        Types::new(&stated).take(typ)
    }

    #[test]
    fn case_and_the_usual_prefix_make_no_difference() {
        for stated in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            for typ in [
                "at+jwt",
                "At+JwT",
                "application/at+jwt",
                "Application/AT+jwt",
            ] {
                assert!(takes(&["JWT", stated], Some(typ)), "{stated} {typ}");
            }
        }
    }

    #[test]
    fn another_type_or_none_is_another_kind_of_token() {
        for typ in [
            None,
            Some(""),
            Some("JWT"),
            Some("at+jwt "),
            Some("text/at+jwt"),
            Some("application/application/at+jwt"),
        ] {
            assert!(!takes(&["at+jwt"], typ), "{typ:?}");
        }
    }

    #[test]
    fn who_names_no_types_takes_all() {
        assert!(takes(&[], None) && takes(&[], Some("x")));
    }
}
