//! Where an issuer publishes its keys.

use std::num::NonZeroU64;

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteJwks {
    /// The Envoy cluster that reaches it.
    pub cluster: String,
    /// The address of the keys.
    pub uri: String,
    /// Milliseconds to wait for an answer.
    pub timeout_ms: NonZeroU64,
    /// Milliseconds to keep the answer.
    pub cache_duration_ms: NonZeroU64,
    /// Milliseconds that a request may wait for the first keys; 0 = it does not.
    pub wait_ms: u32,
}

/// What a request for the keys says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysTarget<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host, and port if there is one.
    pub authority: &'a str,
    /// Path and query.
    pub path: &'a str,
}

// === impl RemoteJwks ===

impl RemoteJwks {
    /// The most milliseconds to wait for an answer. It is also how long others wait for a worker that has died on the way.
    pub const MAX_TIMEOUT_MS: u64 = 30_000;

    /// The least and the most milliseconds to keep an answer: a request a second, and a week, after which keys that an issuer
    /// has withdrawn would count for longer than anybody remembers.
    pub const CACHE_DURATION_MS: (u64, u64) = (1_000, 7 * 24 * 3_600_000);

    /// The most milliseconds that a request may wait: what holds for every kind of waiting.
    pub const MAX_WAIT_MS: u32 = 30_000;

    /// The parts of the address; `None` if it is not `http` or `https` with a host and a path, or holds what a request line
    /// cannot.
    #[must_use]
    pub fn target(&self) -> Option<KeysTarget<'_>> {
        let (scheme, rest) = match self.uri.strip_prefix("https://") {
            Some(rest) => ("https", rest),
            None => ("http", self.uri.strip_prefix("http://")?),
        };
        let at = rest.bytes().position(|byte| byte == b'/')?;
        let (authority, path) = (rest.get(..at)?, rest.get(at..)?);
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte);
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        let host = authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host);
        let fits = matches!(scheme, "http" | "https")
            && !host.is_empty()
            && authority.bytes().all(named)
            && path.bytes().all(plain);
        fits.then_some(KeysTarget {
            scheme,
            authority,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Option<(String, String, String)> {
        let remote = RemoteJwks {
            cluster: "issuer".to_owned(),
            uri: uri.to_owned(),
            timeout_ms: NonZeroU64::MIN,
            cache_duration_ms: NonZeroU64::MIN,
            wait_ms: 0,
        };
        let target = remote.target()?;
        Some((
            target.scheme.to_owned(),
            target.authority.to_owned(),
            target.path.to_owned(),
        ))
    }

    #[test]
    fn an_address_comes_apart() {
        for (uri, scheme, authority, path) in [
            (
                "https://issuer.example/jwks",
                "https",
                "issuer.example",
                "/jwks",
            ),
            ("http://127.0.0.1:8080/", "http", "127.0.0.1:8080", "/"),
            (
                "https://[::1]:443/a/b?c=d&e",
                "https",
                "[::1]:443",
                "/a/b?c=d&e",
            ),
        ] {
            let expected = (scheme.to_owned(), authority.to_owned(), path.to_owned());
            assert_eq!(target(uri), Some(expected), "{uri}");
        }
    }

    #[test]
    fn what_is_no_address_of_keys_does_not() {
        for uri in [
            "",
            "issuer.example/jwks",
            "ftp://issuer.example/jwks",
            "HTTPS://issuer.example/jwks",
            "https://issuer.example",
            "https:///jwks",
            "https://:443/jwks",
            "https://user:secret@issuer.example/jwks",
            "https://issuer.example/jwks#keys",
            "https://issuer.example/a b",
            "https://issuer.example/a\r\nx: y",
            "https://issuer.example\n/jwks",
            "https://issuer.example?x=/jwks",
            "https://b\u{fc}cher.example/jwks",
        ] {
            assert_eq!(target(uri), None, "{uri}");
        }
    }
}
