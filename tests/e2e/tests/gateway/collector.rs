//! A collector of traces that takes one export and answers it.

use anyhow::{Context as _, ensure};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::Duration,
};

/// Far beyond the 5 s after which Envoy exports what it has.
const PATIENCE: Duration = Duration::from_secs(60);

/// The next request to arrive, head and body, as it came.
pub(crate) fn receive(collector: &TcpListener) -> anyhow::Result<Vec<u8>> {
    collector.set_nonblocking(true)?;
    let (mut stream, _) = testkit::until("an export", PATIENCE, || match collector.accept() {
        Ok(accepted) => Ok(Some(accepted)),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    })?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    while !is_whole(&request)? {
        let mut part = [0; 4096];
        let size = stream.read(&mut part)?;
        ensure!(size > 0, "an export that ends early");
        request.extend(part.iter().take(size));
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    Ok(request)
}

/// Whether the body has come that the head announces, by its length or in chunks.
fn is_whole(request: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = request.windows(4).position(|part| part == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = request.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return Ok(body.ends_with(b"\r\n0\r\n\r\n"));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("an export without a length")?.parse()?;
    Ok(body.len() >= length)
}
