//! What a caller gets who may not: 403, or 401 with a challenge where nobody has proven anything yet.

use super::{access::Lack, plan::Takes, rules::Denial};
use crate::refuse::{Challenge, plain};
use engine::{Cause, Refusal, RequestContext};
use std::rc::Rc;

/// The reply to a request that a permission policy refuses; `policy` is the one that the denial names.
pub(crate) fn denied(
    cx: &RequestContext<'_>,
    from: (&str, Takes),
    denial: Denial,
    policy: &Rc<str>,
) -> Refusal {
    match denial {
        Denial::Denied(_) => {
            let message = "this is not permitted";
            Refusal::by_policy(
                Cause::Forbidden,
                "steward_permission_denied",
                policy,
                message,
            )
        }
        Denial::NotAllowed { asks_identity, .. } => {
            let who = Who::asked(cx, asks_identity, from.1);
            let refusal =
                Refusal::by_policy(who.cause(), "steward_not_permitted", policy, who.message());
            who.challenged(refusal, from)
        }
    }
}

/// The reply to a request whose caller lacks something: `steward_not_permitted{WRITE}`, `steward_not_permitted{owner:id}`.
pub(crate) fn lacking(cx: &RequestContext<'_>, from: (&str, Takes), lack: Lack<'_>) -> Refusal {
    let details = match lack {
        Lack::Permission(permission) => format!("steward_not_permitted{{{permission}}}"),
        Lack::Ownership(variable) => format!("steward_not_permitted{{owner:{}}}", plain(variable)),
    };
    let who = Who::asked(cx, true, from.1);
    who.challenged(Refusal::new(who.cause(), details, who.message()), from)
}

/// Whom the refusal is for.
#[derive(Clone, Copy)]
enum Who {
    /// Credentials might help.
    Nobody,
    /// They would not, or are here already.
    Somebody,
}

// === impl Who ===

impl Who {
    fn asked(cx: &RequestContext<'_>, asks_identity: bool, takes: Takes) -> Self {
        let could_help = asks_identity && (takes.tokens || takes.keys);
        match could_help && !cx.identity.is_proven() {
            true => Self::Nobody,
            false => Self::Somebody,
        }
    }

    fn cause(self) -> Cause {
        match self {
            Self::Nobody => Cause::Unauthenticated,
            Self::Somebody => Cause::Forbidden,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Nobody => "credentials are needed",
            Self::Somebody => "this is not permitted",
        }
    }

    /// RFC 9110, section 15.5.2: a 401 says what would help.
    fn challenged(self, refusal: Refusal, (realm, takes): (&str, Takes)) -> Refusal {
        match self {
            Self::Nobody => Challenge {
                realm,
                tokens: takes.tokens,
                keys: takes.keys,
            }
            .put_on(refusal, ""),
            Self::Somebody => refusal,
        }
    }
}
