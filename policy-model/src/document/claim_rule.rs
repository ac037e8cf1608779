//! What a claim of a token must say.

use super::condition::Op;
use std::rc::Rc;

/// A claim that a token must have, and what it is compared with. Of a list each element is a value of the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRule {
    /// Path of the claim, `realm_access.roles`.
    pub claim: String,
    /// How it is compared; `IN` if only values are stated.
    pub op: Op,
    /// What it is compared with; none with `IN`: anything but null.
    pub values: Vec<String>,
    /// JSON pointer of the rule.
    pub pointer: Rc<str>,
}
