//! A gRPC client as far as a gateway shows: one message in, one out, and the status in headers or trailers.

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;

/// A call to one method.
#[derive(Clone, Debug)]
pub struct Call {
    path: String,
    host: String,
    headers: Vec<(String, String)>,
    message: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The framed message; empty if none came.
    pub message: Vec<u8>,
    /// The status of gRPC, a number.
    pub grpc_status: Option<String>,
    /// What it says, percent-encoded.
    pub grpc_message: Option<String>,
}

// === impl Call ===

impl Call {
    /// A call of the method at this path, `/package.Service/Method`, with no message yet.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            host: "gateway".to_owned(),
            headers: Vec::new(),
            message: Vec::new(),
        }
    }

    /// The framed message: a byte 0, its length in four bytes, the message.
    #[must_use]
    pub fn message(mut self, frame: &[u8]) -> Self {
        self.message = frame.to_owned();
        self
    }

    /// Names the host; `gateway` if never called.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Calls over HTTP/2 without TLS, by prior knowledge.
    ///
    /// # Errors
    /// No connection, or an answer that is no HTTP/2.
    pub fn send(self, addr: SocketAddr) -> anyhow::Result<Answer> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.exchange(addr))
    }

    async fn exchange(self, addr: SocketAddr) -> anyhow::Result<Answer> {
        let stream = tokio::net::TcpStream::connect(addr).await?;
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::post(format!("http://{}{}", self.host, self.path))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.message)))?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await.context("the answer's body")?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let said = |name: &str| text(&trailers, name).or_else(|| text(&head.headers, name));
        Ok(Answer {
            status: head.status.as_u16(),
            grpc_status: said("grpc-status"),
            grpc_message: said("grpc-message"),
            message: body.to_bytes().to_vec(),
        })
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
