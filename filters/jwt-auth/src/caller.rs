//! Who calls: a request's key and its tokens, judged together before anything comes of them.
//!
//! Either all that the requirement asks for is proven, or nothing counts: a good key beside a bad token makes nobody's
//! identity, in shadow mode too.

use crate::{
    api_key::{KeyError, Known, RefusedKey},
    authenticate::{Passed, Refused},
    plan::Plan,
    requirement::Requirement,
};
use engine::RequestContext;

/// A caller who may pass.
pub(crate) struct Proven<'a, 'p> {
    pub(crate) key: Option<Known<'a, 'p>>,
    pub(crate) tokens: Passed<'a, 'p>,
}

/// A caller who may not.
pub(crate) enum Unproven<'a> {
    Key(RefusedKey<'a>),
    Token(Refused<'a>),
}

/// Judges a request by what its node requires.
pub(crate) fn judge<'a, 'p>(
    plan: &'p Plan,
    requirement: &Requirement,
    cx: &RequestContext<'a>,
) -> Result<Proven<'a, 'p>, Unproven<'a>> {
    let key = plan
        .api_keys
        .check(requirement, cx.view, || cx.wall_clock());
    let key = key.map_err(Unproven::Key)?;
    let has_key = key.is_some();
    let judges = &plan.judges;
    let tokens = judges.check(requirement, has_key, cx.view, cx.host, || cx.wall_clock());
    let tokens = tokens.map_err(Unproven::Token)?;
    let has_token = matches!(tokens, Passed::Verified(_) | Passed::ByAll(_));
    if requirement.needs_key && has_token && !has_key {
        let missing = RefusedKey::without_key(KeyError::Missing);
        return Err(Unproven::Key(missing));
    }
    Ok(Proven { key, tokens })
}
