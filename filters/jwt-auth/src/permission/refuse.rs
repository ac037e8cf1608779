//! What a caller gets who may not: 403, or 401 with a challenge where nobody has proven anything yet.

use super::{access::Lack, rules::Denial};
use crate::refuse::plain;
use engine::{Cause, Refusal, RequestContext};
use std::rc::Rc;

/// The reply to a request that a permission policy refuses; `policy` is the one that the denial names.
pub(crate) fn denied(
    cx: &RequestContext<'_>,
    service: &str,
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
            let who = Who::asked(cx, asks_identity);
            let refusal =
                Refusal::by_policy(who.cause(), "steward_not_permitted", policy, who.message());
            who.challenged(refusal, service)
        }
    }
}

/// The reply to a request whose caller lacks something: `steward_not_permitted{WRITE}`, `steward_not_permitted{owner:id}`.
pub(crate) fn lacking(cx: &RequestContext<'_>, service: &str, lack: Lack<'_>) -> Refusal {
    let details = match lack {
        Lack::Permission(permission) => format!("steward_not_permitted{{{permission}}}"),
        Lack::Ownership(variable) => format!("steward_not_permitted{{owner:{}}}", plain(variable)),
    };
    let who = Who::asked(cx, true);
    who.challenged(Refusal::new(who.cause(), details, who.message()), service)
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
    fn asked(cx: &RequestContext<'_>, asks_identity: bool) -> Self {
        match asks_identity && !cx.identity.is_proven() {
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
    fn challenged(self, refusal: Refusal, service: &str) -> Refusal {
        match self {
            Self::Nobody => {
                let challenge = format!("Bearer realm=\"{}\"", plain(service));
                refusal.header("www-authenticate", challenge)
            }
            Self::Somebody => refusal,
        }
    }
}
