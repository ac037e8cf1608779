//! Clients with keys: keys that nobody can bring, that everybody has, or that say two things.

use super::authentication::claim_header;
use super::breaker::{is_field_name, is_framing};
use super::refer::once;
use crate::document::{ApiKeyClient, ApiKeys, Provider};
use crate::finding::{Report, Severity};
use crate::sort::sort_by_key;

/// SHA-256 of nothing (FIPS 180-4's padding alone): what a script makes of a variable that is not set.
const OF_NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

pub(super) fn check(keys: &ApiKeys, providers: &[Provider], report: &mut Report) {
    let at = &*keys.pointer;
    if keys.from_headers.is_empty() && keys.from_params.is_empty() && keys.from_cookies.is_empty() {
        report.error(at, "`fromHeaders` is missing: nothing says where a key is");
    }
    for (index, name) in keys.from_headers.iter().enumerate() {
        if !is_field_name(name) || is_framing(name) || name == "host" {
            let message = format!("`{name}` is no header's name that could hold a key");
            report.error(format!("{at}/fromHeaders/{index}"), message);
        }
    }
    if keys.clients.is_empty() {
        report.warning(at, "no clients: nobody has a key");
    }
    let ids = keys
        .clients
        .iter()
        .map(|client| (client.id.as_str(), &*client.pointer));
    once("client", Severity::Error, ids, report);
    for client in &keys.clients {
        each(client, report);
    }
    same(keys, report);
    if let Some(header) = &keys.client_header {
        client_header(header, keys, providers, report);
    }
}

/// The service believes this header: it must say nothing else (and `x_a` is `x-a` to many), and be able to say each id.
fn client_header(header: &str, keys: &ApiKeys, providers: &[Provider], report: &mut Report) {
    let at = format!("{}/clientHeader", keys.pointer);
    let same = |other: &String| other.replace('_', "-") == header.replace('_', "-");
    let rules = providers.iter().flat_map(|p| &p.claim_to_headers);
    let payloads = providers.iter().flat_map(|p| &p.payload_header);
    if rules.map(|rule| &rule.header).chain(payloads).any(same) {
        report.error(&*at, format!("`{header}` has a claim in it already"));
    }
    claim_header(header, at, report);
    for client in &keys.clients {
        if client.id.trim() != client.id || client.id.chars().any(char::is_control) {
            let message = "no header can hold this as it is, and `clientHeader` is to";
            report.error(format!("{}/id", client.pointer), message);
        }
    }
}

/// Keys that two clients have.
fn same(keys: &ApiKeys, report: &mut Report) {
    let mut clients: Vec<&ApiKeyClient> = keys.clients.iter().collect();
    sort_by_key(&mut clients, |client| client.sha256);
    for pair in clients.windows(2) {
        if let [before, client] = pair
            && before.sha256 == client.sha256
        {
            let message = format!("another client has the same key: {}", before.pointer);
            report.error(&*client.pointer, message);
        }
    }
}

fn each(client: &ApiKeyClient, report: &mut Report) {
    let at = &*client.pointer;
    if client.id.is_empty() {
        report.error(at, "`id` is missing: nothing says whose key it is");
    }
    if client.sha256 == OF_NOTHING {
        let message = "the SHA-256 of an empty key, which no request can bring";
        report.error(format!("{at}/sha256"), message);
    }
    if let (Some(from), Some(until)) = (client.not_before, client.expires)
        && until <= from
    {
        report.error(format!("{at}/expires"), "ends before it starts");
    }
}
