//! Conditions, compiled: whether a policy applies to a request.
//!
//! The truth table is the governance model's as its own implementation has it (`fixtures/joylive/golden/optype.json`). P
//! are the condition's values, R those of the request:
//!
//! | operator | P or R empty | else |
//! |---|---|---|
//! | EQUAL | false | as many R as P, and every R in P |
//! | NOT_EQUAL | true if just one is | another number of R than of P, or some R not in P |
//! | IN | false | some R in P |
//! | NOT_IN | true | no R in P |
//! | REGULAR | false | every R matches some P from its first to its last byte |
//! | PREFIX | false | every R begins with some P |
//!
//! Values are bytes: a header that is not UTF-8 is compared like any other, and regular expressions see it with the
//! replacement character where it is broken. What has one normal spelling in a request has it in a condition too: hosts
//! in lower case, paths normalized with one slash at the end ignored, HTTP's methods in capitals.
//!
//! An address has exactly one value, so for `ip` EQUAL means IN and NOT_EQUAL means NOT_IN: read by the table, "not equal
//! to one of two networks" would be true of every address.

mod block;
mod claim;
mod comparison;
mod matcher;
mod source;

pub use block::{Block, InvalidBlock, parse_address};
pub use claim::ClaimTest;
pub use matcher::{Attributes, InvalidCondition, Matcher, Reason};
pub use source::{InvalidSource, Source, System};
