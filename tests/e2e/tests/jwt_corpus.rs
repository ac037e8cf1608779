//! The same tokens before Envoy's own `jwt_authn` and before ours, in one Envoy: the verdicts agree, or docs/authentication.md
//! says why not. A difference that is not on the page fails, and so does one on the page that is none any more. And the access
//! log says of each refusal of ours why.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, bail, ensure};
use e2e::documents::SERVICE;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt, fs, time::Duration};
use testkit::{
    Bootstrap, Client, Envoy, Request, repository,
    tokens::{
        self, Algorithm,
        corpus::{self, Case},
    },
    until,
};

/// The listener whose tokens `jwt_authn` judges.
const NATIVE: &str = "native";

/// The section of the page with the differences.
const PAGE: &str = "docs/authentication.md";
const SECTION: &str = "\n## Beside Envoy's jwt_authn\n";

/// The header that tells the access log which case it is.
const CASE: &str = "x-case";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passes,
    Refuses,
}

/// What the two said of one token: `jwt_authn` first.
type Pair = (Verdict, Verdict);

#[test]
fn envoys_own_filter_agrees_or_the_page_says_why_not() -> anyhow::Result<()> {
    let envoy = both()?.start()?;
    let native = envoy.listener(NATIVE).context("no second listener")?;
    let (mut native, mut own) = (Client::new(native), envoy.client());
    let (mut differences, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    let cases = corpus::cases()?;
    for case in &cases {
        let request = request(case);
        let theirs = native.send(&request).with_context(|| case.name.clone())?;
        let ours = own.send(&request).with_context(|| case.name.clone())?;
        // Bytes that no header may hold end before any filter, for both alike.
        let wanted = if case.refused.is_some() { 401 } else { 200 };
        let at_the_codec = ours.status == 400 && theirs.status == 400;
        let is_right = ours.status == wanted || (wanted == 401 && at_the_codec);
        ensure!(is_right, "{}: {ours:?}", case.name);
        if let (Some(reason), 401) = (case.refused, ours.status) {
            reasons.insert(&*case.name, reason);
        }
        let pair = (verdict(theirs.status)?, verdict(ours.status)?);
        if pair.0 != pair.1 {
            differences.insert(case.name.clone(), pair);
        }
    }
    compare(&differences, &on_the_page()?)?;
    let good = cases.iter().filter(|case| case.refused.is_none()).count();
    ensure!(good > 30, "only {good} passed");
    logged(&envoy, cases.len(), &reasons)?;
    envoy.finish()
}

/// Whether the access log, a line for each request, has these reasons, each with or without a provider.
fn logged(envoy: &Envoy, requests: usize, reasons: &BTreeMap<&str, &str>) -> anyhow::Result<()> {
    let lost = |lines: &[String]| -> Vec<String> {
        let is_there = |name: &str, reason: &str| {
            let begin = format!("case {name} {reason}");
            let mut ends = lines.iter().filter_map(|line| line.strip_prefix(&begin));
            ends.any(|end| end.is_empty() || end.starts_with('{'))
        };
        let lost = reasons
            .iter()
            .filter(|(name, reason)| !is_there(name, reason));
        lost.map(|(name, reason)| format!("{name} {reason}"))
            .collect()
    };
    let all = until("the access log", Duration::from_secs(30), || {
        let lines = envoy.access_log()?;
        let count = lines
            .iter()
            .filter(|line| line.starts_with("case "))
            .count();
        Ok((count >= requests).then_some(lines))
    })?;
    let lost = lost(&all);
    ensure!(lost.is_empty(), "not logged:\n{}", lost.join("\n"));
    Ok(())
}

fn verdict(status: u16) -> anyhow::Result<Verdict> {
    match status {
        200 => Ok(Verdict::Passes),
        400 | 401 | 403 => Ok(Verdict::Refuses),
        other => bail!("an answer of {other}"),
    }
}

fn compare(found: &BTreeMap<String, Pair>, listed: &BTreeMap<String, Pair>) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for (name, (theirs, ours)) in found {
        if listed.get(name) != Some(&(*theirs, *ours)) {
            wrong.push(format!("not on the page: | `{name}` | {theirs} | {ours} |"));
        }
    }
    for name in listed.keys().filter(|name| !found.contains_key(*name)) {
        wrong.push(format!("on the page, but no difference: `{name}`"));
    }
    ensure!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}

/// Each row of the section's table: cases, what `jwt_authn` says, what Steward says, why.
fn on_the_page() -> anyhow::Result<BTreeMap<String, Pair>> {
    let page = fs::read_to_string(repository().join(PAGE))?;
    let (_, section) = page.split_once(SECTION).context("no such section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut listed = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [names, theirs, ours, why] = cells.as_slice() else {
            bail!("four cells: {row}");
        };
        ensure!(why.len() > 20, "a reason: {row}");
        let pair = (said(theirs)?, said(ours)?);
        for name in names.split('`').skip(1).step_by(2) {
            let before = listed.insert(name.to_owned(), pair);
            ensure!(before.is_none(), "{name} is listed twice");
        }
    }
    Ok(listed)
}

fn said(cell: &str) -> anyhow::Result<Verdict> {
    let both = [Verdict::Passes, Verdict::Refuses];
    let found = both.into_iter().find(|verdict| verdict.to_string() == cell);
    found.with_context(|| format!("`{cell}` is no verdict"))
}

fn request(case: &Case) -> Request {
    case.headers
        .iter()
        .fold(Request::get(&case.target), |request, (name, value)| {
            request.header(name, value)
        })
        .header(CASE, &case.name)
}

/// Two listeners, alike but for the filter.
fn both() -> anyhow::Result<testkit::Builder> {
    let filter = jwt_authn()?;
    let mut made = Ok(());
    let envoy = Envoy::from_yaml("envoy/minimal.yaml")?
        .module("jwt-auth")
        .document(corpus::document(SERVICE)?)
        .change(|bootstrap| made = add_listener(bootstrap, filter));
    made?;
    Ok(envoy)
}

fn add_listener(bootstrap: &mut Bootstrap, filter: Value) -> anyhow::Result<()> {
    for manager in bootstrap.connection_managers() {
        manager["max_request_headers_kb"] = json!(192);
    }
    let listeners = &mut bootstrap.tree()["static_resources"]["listeners"];
    let mut native = listeners[0].clone();
    native["name"] = json!(NATIVE);
    listeners
        .as_array_mut()
        .context("a list of listeners")?
        .push(native);
    let format = format!("case %REQ({CASE})% %RESPONSE_CODE_DETAILS%\n");
    let mut managers = bootstrap.connection_managers();
    managers[0]["access_log"] = json!([{
        "name": "stdout",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": { "text_format_source": { "inline_string": format } },
        },
    }]);
    let native = managers.last_mut().context("the second listener")?;
    native["http_filters"][0] = filter;
    Ok(())
}

/// Envoy's filter with the same keys and the same demands.
fn jwt_authn() -> anyhow::Result<Value> {
    let provider = |jwks: &Value| {
        json!({
            "issuer": tokens::ISSUER,
            "audiences": [tokens::AUDIENCE],
            "local_jwks": { "inline_string": jwks.to_string() },
            "from_headers": [{ "name": "authorization", "value_prefix": "Bearer " }],
            "from_params": [corpus::PARAM],
            "forward": true,
            "require_expiration": true,
            "max_lifetime": format!("{}s", corpus::MAX_LIFETIME),
        })
    };
    let rule = |prefix: &str, provider: &str| json!({ "match": { "prefix": prefix }, "requires": { "provider_name": provider } });
    let (corp, bare) = (tokens::jwks_for(&Algorithm::ALL)?, corpus::bare_jwks()?);
    let kind = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
    Ok(json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": kind,
            "providers": { "corp": provider(&corp), "bare": provider(&bare) },
            "rules": [rule(corpus::BARE, "bare"), rule("/", "corp")],
        },
    }))
}

// === impl Verdict ===

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passes => "passes",
            Self::Refuses => "refuses",
        })
    }
}
