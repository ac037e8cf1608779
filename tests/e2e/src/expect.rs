//! What a caller is told, as checks that show the whole answer when they fail.

use anyhow::{Context as _, ensure};
use testkit::Response;

/// A refusal in Steward's own words: status, `code` and `reason` of the JSON body, and its common fields.
///
/// # Errors
/// The answer differs.
pub fn refusal(response: &Response, status: u16, code: u32, reason: &str) -> anyhow::Result<()> {
    ensure!(
        response.status == status,
        "wanted {status}, got {response:?}"
    );
    ensure!(
        response.header("content-type") == Some("application/json"),
        "no JSON: {response:?}"
    );
    let body = response.json()?;
    ensure!(body["code"] == code, "wanted code {code}, got {response:?}");
    ensure!(
        body["reason"] == reason,
        "wanted reason {reason}, got {response:?}"
    );
    ensure!(
        body["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "no message: {response:?}"
    );
    ensure!(body["timestamp"].is_u64(), "no timestamp: {response:?}");
    let request_id = response.header("x-request-id").context("no x-request-id")?;
    ensure!(
        body["request_id"] == request_id,
        "another request_id: {response:?}"
    );
    Ok(())
}

/// No instance for the lane, tag or unit: Envoy's own 503 in Steward's words.
///
/// # Errors
/// The answer differs.
pub fn no_instance(response: &Response) -> anyhow::Result<()> {
    ensure!(response.status == 503, "wanted 503, got {response:?}");
    ensure!(
        response.header("x-echo-name").is_none(),
        "an instance answered: {response:?}"
    );
    let body = response.json()?;
    ensure!(
        body["code"] == 50301 && body["reason"] == "F50300",
        "{response:?}"
    );
    // Envoy's formatter writes every time as text.
    let timestamp = body["timestamp"].as_str().context("no timestamp")?;
    ensure!(timestamp.parse::<u64>().is_ok(), "{response:?}");
    Ok(())
}

/// A 429 with its exact `retry-after`, in seconds.
///
/// # Errors
/// The answer differs.
pub fn rate_limited(response: &Response, code: u32) -> anyhow::Result<u64> {
    refusal(response, 429, code, "F42900")?;
    let seconds: u64 = response
        .header("retry-after")
        .context("no retry-after")?
        .parse()?;
    ensure!(
        response.json()?["error"]["retry_after"] == seconds,
        "two values of retry-after: {response:?}"
    );
    ensure!(seconds > 0, "retry-after 0 on a refusal: {response:?}");
    Ok(seconds)
}

/// An answer of the upstream with this name.
///
/// # Errors
/// The answer differs.
pub fn from_upstream(response: &Response, name: &str) -> anyhow::Result<()> {
    ensure!(
        response.header("x-echo-name") == Some(name),
        "wanted an answer of {name}, got {response:?}"
    );
    Ok(())
}

/// A 200 of an upstream; returns a request header that it saw.
///
/// # Errors
/// Another status, or not from an upstream.
pub fn seen(response: &Response, header: &str) -> anyhow::Result<Option<String>> {
    ensure!(response.status == 200, "wanted 200, got {response:?}");
    let body = response.json()?;
    ensure!(
        body.get("headers").is_some(),
        "not an upstream's answer: {response:?}"
    );
    Ok(body["headers"].get(header).map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }))
}
