//! Path patterns, and the table that finds the one a request falls under.
//!
//! A table holds every pattern of a group and is searched in a fixed order of kinds: EQUAL, then PREFIX, then REGULAR in
//! the order of the document. Within the first two a trie over segments decides at the first difference: what is written
//! out beats `{name}`, which beats `*`; and a longer prefix beats its own beginning. The search goes back and tries the
//! next branch when one ends without a pattern, so a pattern that matches is always found, and it visits each node of
//! the trie at most once, so a request can never cost more than the document is large.

mod hash;
mod regex;
mod segments;
mod syntax;
mod table;
mod trie;

pub(crate) use hash::hash_any_case;
pub use regex::{FullRegex, InvalidRegex};
pub use syntax::{InvalidPattern, PathPattern, Variables};
pub use table::PathTable;
