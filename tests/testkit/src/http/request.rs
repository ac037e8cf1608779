//! A request, as raw as needed, that can say itself as a `curl` command.

use std::{borrow::Cow, net::SocketAddr};

/// The host of a request that names none.
const DEFAULT_HOST: &str = "service-provider";

/// An HTTP/1.1 request. Every part is bytes, and nothing is checked or normalized.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: Vec<u8>,
    host: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

// === impl Request ===

impl Request {
    /// A request with this method and request target.
    #[must_use]
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.as_ref().to_vec(),
            host: DEFAULT_HOST.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    /// Names the host; `service-provider` if never called.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Adds a header; a name may come several times.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds `authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sets the body, and with it `content-length`.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Whether an answer to this request has no body whatever its headers say (RFC 9112, section 6.3).
    pub(crate) fn answered_without_body(&self, status: u16) -> bool {
        self.method == "HEAD" || (self.method == "CONNECT" && (200..300).contains(&status))
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(self.method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        field(&mut bytes, "host", self.host.as_bytes());
        for (name, value) in &self.headers {
            field(&mut bytes, name, value);
        }
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            field(
                &mut bytes,
                "content-length",
                self.body.len().to_string().as_bytes(),
            );
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The same request as a shell command. Where a header holds one of `variables`' values, the command says `$NAME`
    /// instead: a token in full would bury the rest.
    #[must_use]
    pub fn curl(&self, addr: SocketAddr, variables: &[(&str, &str)]) -> String {
        let target = String::from_utf8_lossy(&self.target);
        let mut words = vec!["curl -i".to_owned()];
        if self.method != "GET" {
            words.push(format!("-X {}", self.method));
        }
        words.extend(self.target_words(addr, &target));
        words.push(format!("-H 'host: {}'", self.host));
        words.extend(
            self.headers
                .iter()
                .map(|(name, value)| header_word(name, value, variables)),
        );
        if !self.body.is_empty() {
            words.push(format!(
                "--data-binary {}",
                quoted(&String::from_utf8_lossy(&self.body))
            ));
        }
        words.join(" ")
    }

    fn target_words(&self, addr: SocketAddr, target: &str) -> Vec<String> {
        if !target.starts_with('/') {
            return vec![
                format!("--request-target {}", quoted(target)),
                format!("http://{addr}/"),
            ];
        }
        let url = format!("http://{addr}{target}");
        let plain = url
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":/.-_~%".contains(&byte));
        let url = if plain { url } else { quoted(&url) };
        if target.contains("/.") {
            vec!["--path-as-is".to_owned(), url]
        } else {
            vec![url]
        }
    }
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

fn header_word(name: &str, value: &[u8], variables: &[(&str, &str)]) -> String {
    let Ok(text) = std::str::from_utf8(value) else {
        return format!("-H $'{name}: {}'", value.escape_ascii());
    };
    let shortened = variables
        .iter()
        .fold(Cow::Borrowed(text), |text, (variable, value)| {
            if text.contains(value) {
                Cow::Owned(text.replace(value, &format!("${variable}")))
            } else {
                text
            }
        });
    match shortened {
        Cow::Owned(shortened) => format!("-H \"{name}: {shortened}\""),
        Cow::Borrowed(text) => format!("-H {}", quoted(&format!("{name}: {text}"))),
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 10_000))
    }

    #[test]
    fn writes_what_it_was_told() {
        let request = Request::new("OPTIONS", "*").host("a").header("x", b"\xa1");
        assert_eq!(
            request.to_bytes(),
            b"OPTIONS * HTTP/1.1\r\nhost: a\r\nx: \xa1\r\n\r\n"
        );
    }

    #[test]
    fn a_post_says_its_length() {
        let request = Request::new("POST", "/").host("a");
        assert_eq!(
            request.to_bytes(),
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"
        );
    }

    #[test]
    fn says_itself_as_a_shell_command() {
        let request = Request::get("/a/../b?c")
            .host("h")
            .bearer("abc.def")
            .header("it's", "1");
        assert_eq!(
            request.curl(addr(), &[("ALICE", "abc.def")]),
            "curl -i --path-as-is 'http://127.0.0.1:10000/a/../b?c' -H 'host: h' \
             -H \"authorization: Bearer $ALICE\" -H 'it'\\''s: 1'"
        );
    }
}
