//! Authentication as JoyLive states it: policies that could never let anybody in, let in everybody, or cannot be carried out.
//!
//! JoyLive lets a request pass where no policy of a list is in force, where an algorithm is missing and where a key cannot be
//! read. Here nothing fails open, so such a list is said to refuse everybody. Whether a time has passed cannot be told: a
//! document is checked without a clock.

use super::breaker::{is_field_name, is_framing};
use super::refer::once;
use crate::document::{AuthPolicy, AuthType, Document, JwtPolicy, Mode, Service, TokenPolicy};
use crate::finding::{Report, Severity};
use crate::sort::sort_by;

/// What to write where a key lies in a file.
const WRITE_THE_KEY: &str =
    "write the key itself as `publicKey` (PEM, without `keyStore`), or a provider with `localJwks`";

pub(super) fn check(document: &Document, service: &Service, report: &mut Report) {
    let all = || service.auth_policy.iter().chain(&service.auth_policies);
    let named = all().map(|p| (p.application.as_deref().unwrap_or_default(), &*p.pointer));
    once("application", Severity::Error, named, report);
    if service.authorized != Some(true) {
        if let Some(policy) = all().next() {
            report.warning(&*policy.pointer, "no effect: `authorized` is not true");
        }
        return;
    }
    for policy in &service.auth_policies {
        if policy.application.is_none() {
            let message = "`application` is missing: what holds for all others is `authPolicy`";
            report.error(&*policy.pointer, message);
        }
    }
    let policies: Vec<_> = all().filter(|policy| policy.enabled).collect();
    if policies.is_empty() {
        let at = format!("{}/authorized", service.pointer);
        report.error(
            at,
            "nobody could call: there is neither `authPolicy` nor `authPolicies`",
        );
    }
    for policy in &policies {
        usable(policy, report);
        if policy.auth_type == Some(AuthType::None)
            && policy.application.is_some()
            && !document.settings.trusted_client_headers
        {
            let message = "no effect: without `settings.trustedClientHeaders` nobody is believed to be this application, \
                           and nothing proves it";
            report.warning(&*policy.pointer, message);
        }
    }
    in_one_mode(&policies, report);
    each_its_own(&policies, report);
}

/// A refusal need not be any one policy's, so the mode is that of all of them.
fn in_one_mode(policies: &[&AuthPolicy], report: &mut Report) {
    let watches = |policy: &&&AuthPolicy| policy.mode == Mode::Shadow;
    if policies.iter().all(|policy| watches(&policy)) {
        return;
    }
    for policy in policies.iter().filter(watches) {
        let message = "not in `mode` shadow while others of the service enforce: state it in all of them or in none";
        report.error(format!("{}/mode", policy.pointer), message);
    }
}

/// Who shows a token that two applications have could be either. Tokens are not named in the finding.
fn each_its_own(policies: &[&AuthPolicy], report: &mut Report) {
    let by_token = policies
        .iter()
        .filter(|policy| policy.auth_type == Some(AuthType::Token));
    let tokens =
        by_token.flat_map(|policy| policy.token_policies.iter().map(|token| (*policy, token)));
    let mut tokens: Vec<_> = tokens.collect();
    sort_by(&mut tokens, |(_, one), (_, other)| {
        one.token.cmp(&other.token)
    });
    for pair in tokens.windows(2) {
        if let [(before, first), (policy, token)] = pair
            && first.token == token.token
            && before.application != policy.application
        {
            let message = format!("another application has the same token: {}", before.pointer);
            report.warning(&*token.pointer, message);
        }
    }
}

fn usable(policy: &AuthPolicy, report: &mut Report) {
    let at = &*policy.pointer;
    let plain = |name: &str| name.trim() == name && !name.contains(char::is_control);
    if !policy.application.as_deref().is_none_or(plain) {
        report.error(
            format!("{at}/application"),
            "no name that a header could hold",
        );
    }
    let proofs = match policy.auth_type {
        None => {
            return report.error(
                at,
                "`type` is missing: nothing says how a caller proves who it is",
            );
        }
        Some(AuthType::None) => return report.warning(at, "type none: everybody passes"),
        Some(AuthType::Token) => tokens(&policy.token_policies, report),
        Some(AuthType::Jwt) => jwts(&policy.jwt_policies, report),
    };
    if proofs == 0 {
        report.error(
            at,
            "nobody could prove who it is: no token or key in it can ever be used",
        );
    }
}

/// How many of the tokens can ever count.
fn tokens(tokens: &[TokenPolicy], report: &mut Report) -> usize {
    let mut usable = 0;
    for token in tokens {
        let at = &*token.pointer;
        header(at, &token.key, report);
        if token.token.is_empty() {
            report.error(at, "`token` is missing");
        } else if in_force(at, token.start_time_ms, token.end_time_ms, report) {
            usable += 1;
        }
    }
    usable
}

/// How many of the keys can ever count.
fn jwts(keys: &[JwtPolicy], report: &mut Report) -> usize {
    let mut usable = 0;
    for key in keys {
        let at = &*key.pointer;
        header(at, &key.key, report);
        if has_key(key, report) && in_force(at, key.start_time_ms, key.end_time_ms, report) {
            usable += 1;
        }
    }
    usable
}

/// Whether there is a key, of the algorithm's kind and here.
fn has_key(key: &JwtPolicy, report: &mut Report) -> bool {
    let at = &*key.pointer;
    let Some(algorithm) = key.algorithm else {
        report.error(at, "`algorithm` is missing");
        return false;
    };
    if let Some(least) = algorithm.least_secret() {
        let length = key.secret_key.as_ref().map_or(0, String::len);
        if length < least {
            let message =
                format!("{algorithm} needs a `secretKey` of {least} bytes, this has {length}");
            let why = "a shorter one can be found out from any token (RFC 7518, section 3.2)";
            report.add(Severity::Error, at, message, Some(why.to_owned()));
        }
        return length >= least;
    }
    if key.public_key.is_none() || key.key_store.is_some() {
        let message = format!("{algorithm} needs its public key here: a proxy reads no key store");
        report.add(Severity::Error, at, message, Some(WRITE_THE_KEY.to_owned()));
        return false;
    }
    true
}

fn header(at: &str, name: &str, report: &mut Report) {
    if !is_field_name(name) || is_framing(name) || name == "host" {
        let message = format!("`{name}` is no header's name that could hold a token");
        report.error(format!("{at}/key"), message);
    }
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
