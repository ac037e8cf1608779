//! Who calls: providers that no token can satisfy, requirements that name none.

use super::api_keys;
use super::breaker::{is_field_name, is_framing};
use super::claim_rule;
use super::jwks;
use super::refer::once;
use super::remote_jwks;
use super::requirement;
use super::walk::nodes;
use crate::document::{ApiKeys, Document, JwtAlgorithm, Provider, Requirement};
use crate::finding::{Report, Severity};

pub(super) fn check(document: &Document, report: &mut Report) {
    let authentication = &document.authentication;
    for provider in &authentication.providers {
        check_provider(provider, report);
    }
    if let Some(keys) = &authentication.api_keys {
        api_keys::check(keys, &authentication.providers, report);
    }
    requirement::check(document, report);
    unused(document, report);
}

/// Providers that nobody asks for protect nothing, nor do keys.
fn unused(document: &Document, report: &mut Report) {
    let own = document.authentication.requirement.iter();
    let policies = nodes(document).filter_map(|node| node.policy.authentication.as_ref());
    let requirements: Vec<&Requirement> = own
        .chain(policies.map(|policy| &policy.requirement))
        .collect();
    let asked = |name: &str| {
        requirements
            .iter()
            .flat_map(|r| [&r.any_of, &r.all_of])
            .flatten()
            .flatten()
            .any(|n| *n == name)
    };
    let authentication = &document.authentication;
    let keys = authentication.api_keys.iter();
    for keys in keys.filter(|_| !asked(ApiKeys::NAME)) {
        let message =
            "no requirement names `apiKeys`: nobody must bring a key, and those sent are ignored";
        report.warning(&*keys.pointer, message);
    }
    for provider in authentication.providers.iter().filter(|p| !asked(&p.name)) {
        let message = format!(
            "no requirement names `{}`: nobody must bring its token",
            provider.name
        );
        report.warning(&*provider.pointer, message);
    }
}

fn check_provider(provider: &Provider, report: &mut Report) {
    let at = &*provider.pointer;
    if provider.name == ApiKeys::NAME {
        report.error(at, "`apiKeys` names the clients with keys in requirements: call the provider something else");
    }
    if let Some(set) = &provider.local_jwks {
        jwks::check(set, &provider.algorithms, report);
        if set.keys.is_empty() && provider.remote_jwks.is_none() {
            let message = "no key that verifies signatures: every token would be refused";
            report.error(&*set.pointer, message);
        }
    }
    remote_jwks::check(provider, report);
    mixed(provider, report);
    if provider.issuer.is_none() {
        report.warning(
            at,
            "`issuer` is not stated: tokens of any issuer with these keys pass",
        );
    }
    claim_rule::check(provider, report);
    places(provider, report);
}

/// Who verifies by a shared secret can also sign: a set that takes both kinds lets a public key pass for a secret in
/// careless readers (RFC 8725, section 2.1). Here keys are bound to their type; it is still worth a word.
fn mixed(provider: &Provider, report: &mut Report) {
    use JwtAlgorithm::{Hs256, Hs384, Hs512};
    let shared = |algorithm: &JwtAlgorithm| matches!(algorithm, Hs256 | Hs384 | Hs512);
    let count = provider
        .algorithms
        .iter()
        .filter(|algorithm| shared(algorithm))
        .count();
    if count > 0 && count < provider.algorithms.len() {
        let at = format!("{}/algorithms", provider.pointer);
        report.warning(
            at,
            "shared secrets and public keys in one provider: better keep them apart",
        );
    }
}

fn places(provider: &Provider, report: &mut Report) {
    let at = &provider.pointer;
    for (index, header) in provider.from_headers.iter().enumerate() {
        if !is_field_name(&header.name) {
            let message = format!("`{}` is no header's name", header.name);
            report.error(format!("{at}/fromHeaders/{index}"), message);
        }
    }
    for (index, rule) in provider.claim_to_headers.iter().enumerate() {
        let at = format!("{at}/claimToHeaders/{index}");
        if rule.claim.is_empty() {
            report.error(&*at, "`claim` is missing");
        }
        claim_header(&rule.header, at, report);
    }
    if let Some(header) = &provider.payload_header {
        claim_header(header, format!("{at}/payloadHeader"), report);
    }
    let of_claims = provider.claim_to_headers.iter().map(|rule| &rule.header);
    let headers = of_claims.chain(&provider.payload_header);
    let headers = headers.map(|header| (header.as_str(), &**at));
    once("header of claims", Severity::Error, headers, report);
}

pub(super) fn claim_header(header: &str, at: String, report: &mut Report) {
    if !is_field_name(header) {
        report.error(at, format!("`{header}` is no header's name"));
    } else if is_not_a_claims(header) {
        report.error(at, format!("`{header}` is not a claim's to set"));
    }
}

/// Headers that steer the message or the routing, which a token must not.
fn is_not_a_claims(header: &str) -> bool {
    header == "host" || header.starts_with("x-steward-") || is_framing(header)
}
