//! What a request must bring: from whom, what nobody can bring, and what lets more pass than it seems.

use super::refer::Names;
use super::walk::nodes;
use crate::document::{ApiKeys, Document, Provider, Requirement};
use crate::finding::{Report, Severity};

pub(super) fn check(document: &Document, report: &mut Report) {
    let names = names(document);
    for requirement in all(document) {
        named(requirement, &names, report);
        lenient(requirement, report);
        unmet(requirement, document, report);
        one_place(requirement, document, report);
    }
}

/// Every requirement that is stated.
fn all(document: &Document) -> impl Iterator<Item = &Requirement> {
    let own = document.authentication.requirement.iter();
    let policies = nodes(document).filter_map(|node| node.policy.authentication.as_ref());
    own.chain(policies.map(|policy| &policy.requirement))
}

fn names(document: &Document) -> Names<'_> {
    let authentication = &document.authentication;
    let providers = authentication
        .providers
        .iter()
        .map(|provider| provider.name.as_str());
    let keys = authentication.api_keys.iter().map(|_| ApiKeys::NAME);
    Names::new("provider", providers.chain(keys))
}

fn named(requirement: &Requirement, names: &Names<'_>, report: &mut Report) {
    for (list, member) in [
        (&requirement.any_of, "anyOf"),
        (&requirement.all_of, "allOf"),
    ] {
        for (index, name) in list.iter().flatten().enumerate() {
            let at = format!("{}/{member}/{index}", requirement.pointer);
            names.must_have(name, Severity::Error, at, report);
        }
    }
    let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_some_and(Vec::is_empty);
    if is_empty(&requirement.any_of) && requirement.all_of.iter().flatten().next().is_some() {
        let message = "makes nothing public beside `allOf`, which must be met";
        report.warning(format!("{}/anyOf", requirement.pointer), message);
    }
}

fn lenient(requirement: &Requirement, report: &mut Report) {
    if requirement.allow_missing_or_failed != Some(true) {
        return;
    }
    let at = format!("{}/allowMissingOrFailed", requirement.pointer);
    if requirement.allow_missing == Some(false) {
        let message = "lets pass what `allowMissing` does not: a request that brings nothing";
        report.error(at, message);
        return;
    }
    let message = "forged and expired tokens pass too, as if there were none: only `authorization`, `permissionPolicies` and the \
                   service itself can still refuse";
    report.warning(at, message);
}

/// Two providers that must vouch for one token, which has one issuer.
fn unmet(requirement: &Requirement, document: &Document, report: &mut Report) {
    let named = providers(requirement.all_of.as_deref(), document);
    for (index, later) in named.iter().enumerate() {
        let clash = named.iter().take(index).find(|earlier| {
            let both = later.issuer.is_some() && earlier.issuer.is_some();
            both && later.issuer != earlier.issuer && same_place(earlier, later)
        });
        if let Some(earlier) = clash {
            let message = format!(
                "nobody can meet it: `{}` and `{}` look into one place, and a token has one issuer",
                earlier.name, later.name
            );
            report.warning(format!("{}/allOf", requirement.pointer), message);
        }
    }
}

fn providers<'d>(names: Option<&[String]>, document: &'d Document) -> Vec<&'d Provider> {
    let providers = &document.authentication.providers;
    let names = names.into_iter().flatten();
    names
        .filter_map(|name| providers.iter().find(|provider| provider.name == *name))
        .collect()
}

/// Whether both have one place only, and it is the same.
fn same_place(one: &Provider, other: &Provider) -> bool {
    let count = one.from_headers.len() + one.from_params.len() + one.from_cookies.len();
    let is_same = one.from_headers == other.from_headers
        && one.from_params == other.from_params
        && one.from_cookies == other.from_cookies;
    count == 1 && is_same
}

/// A place where a key is looked for and a token too: who brings the one is refused for the other.
fn one_place(requirement: &Requirement, document: &Document, report: &mut Report) {
    let Some(keys) = &document.authentication.api_keys else {
        return;
    };
    let lists = [&requirement.any_of, &requirement.all_of];
    let names_keys = lists
        .iter()
        .any(|list| list.iter().flatten().any(|name| name == ApiKeys::NAME));
    if !names_keys {
        return;
    }
    let any_of = providers(requirement.any_of.as_deref(), document);
    let all_of = providers(requirement.all_of.as_deref(), document);
    for provider in any_of.into_iter().chain(all_of) {
        if let Some((kind, name)) = shared(keys, provider) {
            let message = format!(
                "keys and the tokens of `{}` share the {kind} `{name}`: whoever brings a token there is refused for an unknown key",
                provider.name
            );
            report.warning(&*requirement.pointer, message);
        }
    }
}

/// What kind of place it is, and its name.
fn shared<'d>(keys: &'d ApiKeys, provider: &Provider) -> Option<(&'static str, &'d str)> {
    let is_tokens = |name: &&String| {
        let own = ApiKeys::prefix(name);
        let mut tokens = provider.from_headers.iter();
        tokens.any(|token| token.name == **name && overlap(own, &token.prefix))
    };
    if let Some(name) = keys.from_headers.iter().find(is_tokens) {
        return Some(("header", name));
    }
    let lists = [
        ("parameter", &keys.from_params, &provider.from_params),
        ("cookie", &keys.from_cookies, &provider.from_cookies),
    ];
    lists.into_iter().find_map(|(kind, own, tokens)| {
        let name = own.iter().find(|name| tokens.contains(name))?;
        Some((kind, name.as_str()))
    })
}

/// Whether a value could begin with both.
fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut pairs = one.iter().zip(other);
    pairs.all(|(one, other)| one.eq_ignore_ascii_case(other))
}
