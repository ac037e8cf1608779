//! Keys that are fetched: from where, and how often.

use crate::document::{JwtAlgorithm, Provider, RemoteJwks};
use crate::finding::Report;

pub(super) fn check(provider: &Provider, report: &mut Report) {
    let Some(remote) = &provider.remote_jwks else {
        return;
    };
    let at = format!("{}/remoteJwks", provider.pointer);
    if provider.local_jwks.is_some() {
        let message = "`localJwks` beside `remoteJwks`: state one of them, or a provider for each";
        report.error(&*at, message);
    }
    match remote.target() {
        None => report.error(
            format!("{at}/uri"),
            "an address of keys is http:// or https:// with a host and a path, and no user, fragment or space",
        ),
        Some(target) if target.scheme == "http" => report.info(
            format!("{at}/uri"),
            "keys that come in the clear are whose network it is: give the cluster TLS, and write https",
        ),
        Some(_) => {}
    }
    times(remote, &at, report);
    secrets(provider, at, report);
}

/// Whoever can fetch a shared secret can sign with it.
fn secrets(provider: &Provider, at: String, report: &mut Report) {
    use JwtAlgorithm::{Hs256, Hs384, Hs512};
    let shared = |algorithm: &JwtAlgorithm| matches!(algorithm, Hs256 | Hs384 | Hs512);
    if provider.algorithms.iter().any(shared) {
        let message = "a shared secret in a published set lets every reader sign: take HS256, HS384 and HS512 out of `algorithms`";
        report.warning(at, message);
    }
}

fn times(remote: &RemoteJwks, at: &str, report: &mut Report) {
    let most = RemoteJwks::MAX_TIMEOUT_MS;
    if remote.timeout_ms.get() > most {
        let message = format!("an answer is waited for {most} ms at most");
        report.error(format!("{at}/timeoutMs"), message);
    }
    let most = RemoteJwks::MAX_WAIT_MS;
    if remote.wait_ms > most {
        let message = format!("a request waits for {most} ms at most");
        report.error(format!("{at}/waitMs"), message);
    }
    let (least, most) = RemoteJwks::CACHE_DURATION_MS;
    if !(least..=most).contains(&remote.cache_duration_ms.get()) {
        let message = format!("keys are kept for {least} to {most} ms");
        report.error(format!("{at}/cacheDurationMs"), message);
    }
}
