//! A gRPC client as far as a gateway shows: one message in, one out, and the status in headers or trailers.

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, StatusCode, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;

/// A call to one method.
#[derive(Clone)]
pub(crate) struct Call {
    path: String,
    host: String,
    headers: Vec<(String, String)>,
    message: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) message: Vec<u8>,
    pub(crate) grpc_status: Option<String>,
    pub(crate) grpc_message: Option<String>,
}

// === impl Call ===

impl Call {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            host: "gateway".to_owned(),
            headers: Vec::new(),
            message: Vec::new(),
        }
    }

    /// The framed message: a byte 0, its length in four bytes, the message.
    pub(crate) fn message(mut self, frame: &[u8]) -> Self {
        self.message = frame.to_owned();
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Calls over HTTP/2 without TLS, by prior knowledge.
    pub(crate) fn send(self, addr: SocketAddr) -> anyhow::Result<Answer> {
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
            status: head.status,
            grpc_status: said("grpc-status"),
            grpc_message: said("grpc-message"),
            message: body.to_bytes().to_vec(),
        })
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
