//! Requests and responses, as a test writes and reads them.

use crate::Calls;

/// Headers in order, names in lower case, repeated names kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMap(pub(crate) Vec<(String, Vec<u8>)>);

/// A request as it reaches the filter.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: usize,
    pub(crate) properties: Vec<(String, Vec<u8>)>,
}

/// What the upstream answers.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub(crate) headers: HeaderMap,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) trailers: HeaderMap,
    pub(crate) properties: Vec<(String, Vec<u8>)>,
}

/// What the caller gets.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u32,
    /// The headers, `:status` among them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The response-code details of a local reply; `None` if the upstream answered.
    pub details: Option<String>,
    /// The request headers that the upstream saw; `None` if it saw none.
    pub forwarded: Option<HeaderMap>,
    /// The host calls that this request cost, those at its end among them.
    pub calls: Calls,
}

// === impl HeaderMap ===

impl HeaderMap {
    /// The first value of a name, if it is text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.bytes(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The first value of a name.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every value of a name, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let same = move |(key, _): &&(String, Vec<u8>)| key.eq_ignore_ascii_case(name);
        self.0
            .iter()
            .filter(same)
            .map(|(_, value)| value.as_slice())
    }

    /// Every pair, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    pub(crate) fn add(&mut self, name: &str, value: &[u8]) {
        self.0.push((name.to_ascii_lowercase(), value.to_vec()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    pub(crate) fn set(&mut self, name: &str, value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// The ABI's form, written independently of the filter's reader.
    pub(crate) fn serialize(&self) -> Vec<u8> {
        let number = |length: usize| {
            u32::try_from(length)
                .expect("a header of 4 GiB")
                .to_le_bytes()
        };
        let mut out = number(self.0.len()).to_vec();
        for (name, value) in &self.0 {
            out.extend_from_slice(&number(name.len()));
            out.extend_from_slice(&number(value.len()));
        }
        for (name, value) in &self.0 {
            out.extend_from_slice(name.as_bytes());
            out.push(0);
            out.extend_from_slice(value);
            out.push(0);
        }
        out
    }

    /// Reads what a filter serialized; `None` if it is not one map.
    pub(crate) fn parse(block: &[u8]) -> Option<Self> {
        let mut headers = Self::default();
        if block.is_empty() {
            return Some(headers);
        }
        let number = |at: usize| {
            let bytes = block.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let count = number(0)?;
        let mut at = 4 + 8 * count;
        for pair in 0..count {
            let value_at = at + number(4 + 8 * pair)? + 1;
            let end = value_at + number(8 + 8 * pair)?;
            let name = std::str::from_utf8(block.get(at..value_at - 1)?).ok()?;
            headers.add(name, block.get(value_at..end)?);
            at = end + 1;
        }
        (at == block.len()).then_some(headers)
    }
}

// === impl Request ===

impl Request {
    /// A request for a path of the host `example.test`.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let mut headers = HeaderMap::default();
        headers.add(":authority", b"example.test");
        headers.add(":path", path.as_bytes());
        headers.add(":method", method.as_bytes());
        headers.add(":scheme", b"http");
        headers.add("x-request-id", b"8c1d8c4e-0000-4000-8000-000000000001");
        Self {
            headers,
            body: Vec::new(),
            trailers: 0,
            properties: Vec::new(),
        }
    }

    /// A GET.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST with a body.
    #[must_use]
    pub fn post(path: &str, body: &[u8]) -> Self {
        Self {
            body: body.to_vec(),
            ..Self::new("POST", path)
        }
    }

    /// Ends it with so many trailers; a filter is told their number alone.
    #[must_use]
    pub fn trailers(mut self, count: usize) -> Self {
        self.trailers = count;
        self
    }

    /// A unary gRPC call, `path` being `/package.Service/Method`.
    #[must_use]
    pub fn grpc(path: &str) -> Self {
        Self::post(path, &[0; 5])
            .header("content-type", "application/grpc")
            .header("te", "trailers")
    }

    /// Adds a header; a pseudo header replaces the one that is there.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        if name.starts_with(':') {
            self.headers.set(name, value.as_ref());
        } else {
            self.headers.add(name, value.as_ref());
        }
        self
    }

    /// Removes every copy of a header, a pseudo header too.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// The client's address, `127.0.0.1:40000` if not said.
    #[must_use]
    pub fn from_address(self, address: &str) -> Self {
        self.property("source.address", address)
    }

    /// Sets a property of this request by its path joined with dots.
    #[must_use]
    pub fn property(mut self, path: &str, value: impl AsRef<[u8]>) -> Self {
        self.properties
            .push((path.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn is_grpc(&self) -> bool {
        self.headers
            .get("content-type")
            .is_some_and(|kind| kind == "application/grpc" || kind.starts_with("application/grpc+"))
    }
}

// === impl Upstream ===

impl Upstream {
    /// An answer with this status and no body.
    #[must_use]
    pub fn status(status: u32) -> Self {
        let mut headers = HeaderMap::default();
        headers.add(":status", status.to_string().as_bytes());
        Self {
            headers,
            chunks: Vec::new(),
            trailers: HeaderMap::default(),
            properties: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value.as_ref());
        self
    }

    /// Sets a property that the answer brings, such as `response.flags`, by its path joined with dots.
    #[must_use]
    pub fn property(mut self, path: &str, value: impl AsRef<[u8]>) -> Self {
        self.properties
            .push((path.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds a trailer.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.add(name, value.as_ref());
        self
    }

    /// Adds a part of the body; each part comes in a callback of its own.
    #[must_use]
    pub fn body(mut self, part: impl AsRef<[u8]>) -> Self {
        self.chunks.push(part.as_ref().to_vec());
        self
    }
}

// === impl Response ===

impl Response {
    /// The first value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body as text, with replacement characters where it is not.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the filter answered instead of the upstream.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.details.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_survives_its_serialized_form() {
        let mut headers = HeaderMap::default();
        headers.add("X-A", b"\xff");
        headers.add("x-b", b"");
        let read = HeaderMap::parse(&headers.serialize()).unwrap();
        assert_eq!(read, headers);
        assert_eq!(HeaderMap::parse(&headers.serialize()[1..]), None);
    }
}
