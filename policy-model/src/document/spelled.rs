//! Words of the document: enums that know how they are written.
//!
//! The model's readers take any case and, for some words, a second spelling (facts of JoyLive's binding: `eq` for
//! `EQUAL`). Each enum keeps its spellings beside its variants, so a word can never be readable but not printable.

/// An enum whose variants are words of the document.
pub trait Spelled: Copy + PartialEq + 'static {
    /// Every spelling with what it means; the first one of a variant is how it is printed.
    const SPELLINGS: &'static [(&'static str, Self)];

    /// The variant that `word` names, whatever its case.
    fn spelled(word: &str) -> Option<Self> {
        Self::SPELLINGS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|(_, value)| *value)
    }

    /// How the document writes it.
    fn name(self) -> &'static str {
        Self::SPELLINGS
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("", |(name, _)| name)
    }
}

/// Declares an enum together with its spellings.
macro_rules! spelled {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $first:literal $(| $other:literal)* ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant ),+
        }

        impl $crate::document::Spelled for $name {
            const SPELLINGS: &'static [(&'static str, Self)] = &[
                $( ($first, Self::$variant), $( ($other, Self::$variant), )* )+
            ];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::document::Spelled::name(*self))
            }
        }
    };
}

pub(super) use spelled;
