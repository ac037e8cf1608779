//! Authentication as JoyLive states it: policies that could never let anybody in, or let in everybody.
//!
//! JoyLive lets a request pass where no policy of a list is in force. Here nothing fails open, so such a list is said to
//! refuse everybody. Whether a time has passed cannot be told: a document is checked without a clock.

use super::refer::once;
use crate::document::{AuthPolicy, AuthType, JwtPolicy, Service, TokenPolicy};
use crate::finding::{Report, Severity};

pub(super) fn check(service: &Service, report: &mut Report) {
    let lists = service.auth_policy.iter().chain(&service.auth_policies);
    let named = service.auth_policies.iter();
    let named = named.map(|p| (p.application.as_deref().unwrap_or_default(), &*p.pointer));
    once("application", Severity::Error, named, report);
    if service.authorized != Some(true) {
        if let Some(policy) = lists.clone().next() {
            report.warning(&*policy.pointer, "no effect: `authorized` is not true");
        }
        return;
    }
    if lists.clone().next().is_none() {
        let at = format!("{}/authorized", service.pointer);
        report.error(
            at,
            "nobody could call: there is neither `authPolicy` nor `authPolicies`",
        );
    }
    for policy in lists {
        usable(policy, report);
    }
}

fn usable(policy: &AuthPolicy, report: &mut Report) {
    let at = &*policy.pointer;
    let proofs = match policy.auth_type {
        None => {
            return report.error(
                at,
                "`type` is missing: nothing says how a caller proves who it is",
            );
        }
        Some(AuthType::None) => return report.warning(at, "type none: everybody passes"),
        Some(AuthType::Token) => tokens(at, &policy.token_policies, report),
        Some(AuthType::Jwt) => jwts(at, &policy.jwt_policies, report),
    };
    if proofs == 0 && policy.params.is_empty() {
        report.error(
            at,
            "nobody could prove who it is: no token or key in it can ever be used",
        );
    }
}

/// How many of the tokens can ever count.
fn tokens(at: &str, tokens: &[TokenPolicy], report: &mut Report) -> usize {
    let mut usable = 0;
    for (index, token) in tokens.iter().enumerate() {
        let at = format!("{at}/tokenPolicies/{index}");
        if token.token.is_empty() {
            report.error(at, "`token` is missing");
        } else if in_force(&at, token.start_time_ms, token.end_time_ms, report) {
            usable += 1;
        }
    }
    usable
}

/// How many of the keys can ever count.
fn jwts(at: &str, keys: &[JwtPolicy], report: &mut Report) -> usize {
    let mut usable = 0;
    for (index, key) in keys.iter().enumerate() {
        let at = format!("{at}/jwtPolicies/{index}");
        if key.secret_key.is_none() && key.public_key.is_none() {
            report.error(at, "neither `secretKey` nor `publicKey`");
        } else if key.algorithm.is_none() {
            report.error(at, "`algorithm` is missing");
        } else if in_force(&at, key.start_time_ms, key.end_time_ms, report) {
            usable += 1;
        }
    }
    usable
}

/// Whether there is a time at which it counts.
fn in_force(at: &str, start: i64, end: i64, report: &mut Report) -> bool {
    let never = end > 0 && end <= start;
    if never {
        report.error(
            format!("{at}/endTime"),
            "never in force: it ends before it starts",
        );
    }
    !never
}
