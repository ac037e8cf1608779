//! One connection, kept alive, and the reading of answers.

use super::{Request, Response};
use anyhow::{Context as _, bail};
use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Far beyond any honest answer on a loaded machine; a hang must still end a test.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A client with one keep-alive connection, opened on first use and again after the server closed it.
#[derive(Debug)]
pub struct Client {
    addr: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

struct Head {
    response: Response,
    length: Length,
    close: bool,
    interim: bool,
}

#[derive(Clone, Copy)]
enum Length {
    Exactly(usize),
    Chunked,
    UntilClose,
}

// === impl Client ===

impl Client {
    /// A client of the server at `addr`.
    #[must_use]
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            addr,
            stream: None,
            read: Vec::new(),
        }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// No connection, no answer within a minute, or an answer that is no HTTP.
    pub fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let bytes = request.to_bytes();
        if self.stream.is_some() {
            if let Ok(response) = self.exchange(request, &bytes) {
                return Ok(response);
            }
            // The server may close an idle connection at any time (RFC 9112, section 9.3.1): once more on a new one.
            self.close();
        }
        let stream = TcpStream::connect(self.addr)
            .with_context(|| format!("connecting to {}", self.addr))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        self.stream = Some(stream);
        self.exchange(request, &bytes).inspect_err(|_| self.close())
    }

    fn exchange(&mut self, request: &Request, bytes: &[u8]) -> anyhow::Result<Response> {
        // A server that refuses early may close its reading side while it still answers: the answer decides.
        let written = self.stream()?.write_all(bytes);
        let head = loop {
            let head = self
                .head()
                .or_else(|error| written_first(&written, error))?;
            if !head.interim {
                break head;
            }
        };
        let Head {
            mut response,
            length,
            close,
            ..
        } = head;
        response.body = if request.answered_without_body(response.status) {
            Vec::new()
        } else {
            self.body(length)?
        };
        if close || matches!(length, Length::UntilClose) {
            self.close();
        }
        Ok(response)
    }

    fn close(&mut self) {
        self.stream = None;
        self.read.clear();
    }

    fn stream(&mut self) -> anyhow::Result<&mut TcpStream> {
        self.stream.as_mut().context("the connection is closed")
    }

    fn head(&mut self) -> anyhow::Result<Head> {
        loop {
            if let Some((head, size)) = parse_head(&self.read)? {
                self.read.drain(..size);
                return Ok(head);
            }
            if !self.fill()? {
                bail!(
                    "the server closed the connection after {} bytes of a head",
                    self.read.len()
                );
            }
        }
    }

    fn body(&mut self, length: Length) -> anyhow::Result<Vec<u8>> {
        match length {
            Length::Exactly(size) => self.take(size),
            Length::Chunked => self.chunks(),
            Length::UntilClose => {
                while self.fill()? {}
                Ok(std::mem::take(&mut self.read))
            }
        }
    }

    fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.chunk_size()?;
            let chunk = self.take(size)?;
            self.take(2)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend(chunk);
        }
    }

    fn chunk_size(&mut self) -> anyhow::Result<usize> {
        loop {
            let parsed = httparse::parse_chunk_size(&self.read)
                .map_err(|_| anyhow::anyhow!("a bad chunk size"))?;
            if let httparse::Status::Complete((line, size)) = parsed {
                self.read.drain(..line);
                return Ok(usize::try_from(size)?);
            }
            anyhow::ensure!(self.fill()?, "the body ends within a chunk size");
        }
    }

    fn take(&mut self, size: usize) -> anyhow::Result<Vec<u8>> {
        while self.read.len() < size {
            anyhow::ensure!(
                self.fill()?,
                "the body ends after {} of {size} bytes",
                self.read.len()
            );
        }
        Ok(self.read.drain(..size).collect())
    }

    /// Reads once; false at the end of the stream.
    fn fill(&mut self) -> anyhow::Result<bool> {
        let mut part = [0_u8; 16 * 1024];
        let size = loop {
            match self.stream()?.read(&mut part) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other.context("reading an answer")?,
            }
        };
        self.read.extend(part.iter().take(size));
        Ok(size > 0)
    }
}

fn written_first(written: &std::io::Result<()>, read: anyhow::Error) -> anyhow::Result<Head> {
    match written {
        Ok(()) => Err(read),
        Err(error) => Err(read.context(format!("writing the request: {error}"))),
    }
}

fn parse_head(bytes: &[u8]) -> anyhow::Result<Option<(Head, usize)>> {
    // Grown on demand: an answer has few headers, but a test may make an upstream send many.
    for room in [64, 4096] {
        let mut fields = vec![httparse::EMPTY_HEADER; room];
        let mut parsed = httparse::Response::new(&mut fields);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(size)) => return Ok(Some((head(&parsed)?, size))),
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {}
            Err(error) => bail!(
                "an answer that is no HTTP: {error}: {}",
                bytes.escape_ascii()
            ),
        }
    }
    bail!("an answer with more headers than this client reads")
}

fn head(parsed: &httparse::Response<'_, '_>) -> anyhow::Result<Head> {
    let headers = parsed.headers.iter();
    let response = Response {
        status: parsed.code.context("an answer without a status")?,
        headers: headers
            .map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec()))
            .collect(),
        body: Vec::new(),
    };
    let length = length(&response)?;
    let close = response
        .header("connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let interim = (100..200).contains(&response.status) && response.status != 101;
    Ok(Head {
        response,
        length,
        close,
        interim,
    })
}

/// How long the body is (RFC 9112, section 6.3).
fn length(response: &Response) -> anyhow::Result<Length> {
    if matches!(response.status, 100..200 | 204 | 304) {
        return Ok(Length::Exactly(0));
    }
    if response
        .header("transfer-encoding")
        .is_some_and(|coding| coding.contains("chunked"))
    {
        return Ok(Length::Chunked);
    }
    match response.header("content-length") {
        Some(length) => Ok(Length::Exactly(length.trim().parse()?)),
        None => Ok(Length::UntilClose),
    }
}
