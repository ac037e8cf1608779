//! What a step sends, and how a person would send it from a shell.

use super::scene::Scene;
use std::net::SocketAddr;
use testkit::{Client, Request, Response, grpc, websocket};

/// A request, as a table can hold it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Send {
    pub(crate) method: &'static str,
    pub(crate) target: &'static str,
    pub(crate) host: &'static str,
    pub(crate) user: Option<&'static str>,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) to: Listener,
    pub(crate) speak: Speak,
}

/// Who listens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listener {
    /// The one for everybody.
    Public,
    /// The gateway's, on loopback, for Prometheus.
    Internal,
}

/// In which protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speak {
    /// HTTP/1.1, without a body.
    Http,
    /// A WebSocket's handshake, and this message through it.
    WebSocket(&'static str),
    /// A gRPC call over HTTP/2 with this message. None where it will be refused at once: `curl` takes it for a fault when an
    /// answer is over before its own sending is.
    Grpc(Option<&'static str>),
}

/// A request with its token and its address.
#[derive(Clone, Debug)]
pub(crate) struct Aimed {
    send: Send,
    /// What `curl` can say of it: all of it in HTTP/1.1, the handshake of a WebSocket, a gRPC call without its message.
    request: Request,
    call: grpc::Call,
    addr: SocketAddr,
}

// === impl Send ===

impl Send {
    /// A `GET` without a token.
    pub(crate) const fn get(host: &'static str, target: &'static str) -> Self {
        Self {
            method: "GET",
            target,
            host,
            user: None,
            headers: &[],
            to: Listener::Public,
            speak: Speak::Http,
        }
    }

    pub(crate) fn aim(self, scene: &Scene) -> anyhow::Result<Aimed> {
        let mut request = self.begin().host(self.host);
        let mut call = grpc::Call::new(self.target).host(self.host);
        if let Some(user) = self.user {
            let token = scene.token(user)?;
            (request, call) = (request.bearer(token), call.bearer(token));
        }
        for (name, value) in self.headers {
            (request, call) = (request.header(name, value), call.header(name, value));
        }
        Ok(Aimed {
            send: self,
            request,
            call,
            addr: scene.addr(self.to)?,
        })
    }

    fn begin(self) -> Request {
        match self.speak {
            Speak::Http => Request::new(self.method, self.target),
            Speak::WebSocket(_) => websocket::handshake(self.target),
            Speak::Grpc(_) => Request::new("POST", self.target)
                .header("content-type", "application/grpc")
                .header("te", "trailers"),
        }
    }
}

// === impl Aimed ===

impl Aimed {
    /// Sends it on a connection of its own, as `curl` does.
    pub(crate) fn send(&self) -> anyhow::Result<Response> {
        match self.send.speak {
            Speak::Http => Client::new(self.addr).send(&self.request),
            Speak::WebSocket(says) => {
                let heard = websocket::exchange(self.addr, &self.request, &[says])?;
                let told = format!("(said {says:?}, heard {:?})", heard.concat());
                Ok(Response {
                    status: 101,
                    headers: Vec::new(),
                    body: told.into_bytes(),
                })
            }
            Speak::Grpc(says) => {
                let message = says.map(frame).transpose()?.unwrap_or_default();
                let call = self.call.clone().message(&message);
                Ok(flat(call.send(self.addr)?))
            }
        }
    }

    /// The same as a shell command, tokens as variables.
    pub(crate) fn command(&self, scene: &Scene) -> String {
        let curl = self.request.curl(self.addr, &scene.variables());
        match self.send.speak {
            Speak::Http | Speak::WebSocket(_) => curl,
            Speak::Grpc(None) => format!("{curl} --http2-prior-knowledge"),
            Speak::Grpc(Some(says)) => format!(
                "printf '\\0\\0\\0\\0\\{:03o}{says}' | {curl} --http2-prior-knowledge --data-binary @- --output -",
                says.len()
            ),
        }
    }

    /// The answer's first line, as `curl` shows it. HTTP/2 has no words for a status (RFC 9113, section 8.3.2).
    pub(crate) fn status_line(&self, status: u16) -> String {
        match self.send.speak {
            Speak::Http | Speak::WebSocket(_) => format!("HTTP/1.1 {status} {}", phrase(status)),
            Speak::Grpc(_) => format!("HTTP/2 {status}"),
        }
    }
}

/// The usual words (RFC 9110, section 15) for the statuses of this tour.
fn phrase(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

/// A gRPC message on the wire: a byte 0, the length in four bytes, the message.
fn frame(message: &str) -> anyhow::Result<Vec<u8>> {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len())?.to_be_bytes());
    frame.extend(message.as_bytes());
    Ok(frame)
}

/// The answer with its status among the headers, wherever it came, and its message bare.
fn flat(answer: grpc::Answer) -> Response {
    let said = [
        ("grpc-status", answer.grpc_status),
        ("grpc-message", answer.grpc_message),
    ];
    let headers = said
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into_bytes())));
    Response {
        status: answer.status,
        headers: headers.collect(),
        body: answer.message.into_iter().skip(5).collect(),
    }
}
