//! WebSocket: messages come back as they were sent (RFC 6455), so that a test sees whether a proxy lets both sides speak.
//!
//! Only what an echo needs: no extensions, no pings of its own, and messages of up to 64 KiB in one frame.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt as _, Empty, combinators::BoxBody};
use hyper::{HeaderMap, Request, Response, StatusCode, body::Bytes, body::Incoming, upgrade};
use hyper_util::rt::TokioIo;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use std::convert::Infallible;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What every server appends to the client's key (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The bits of a frame's first two bytes (RFC 6455, section 5.2).
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;
const OPCODE: u8 = 0x0f;
const CLOSE: u8 = 0x8;
const LENGTH_IN_TWO_BYTES: u8 = 126;
const LENGTH_IN_EIGHT_BYTES: u8 = 127;

/// Whether a client asks to speak WebSocket.
pub(crate) fn is_handshake(headers: &HeaderMap) -> bool {
    headers
        .get("upgrade")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers the handshake; messages are then echoed in a task of their own.
pub(crate) fn accept(
    name: &str,
    mut request: Request<Incoming>,
) -> anyhow::Result<Response<BoxBody<Bytes, Infallible>>> {
    let key = request.headers().get("sec-websocket-key");
    let accept = accept_key(key.context("no sec-websocket-key")?.as_bytes());
    let upgraded = upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            // The peer may leave at any point; then there is nobody to tell.
            let _ = echo(TokioIo::new(upgraded)).await;
        }
    });
    Ok(Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", accept)
        .header("x-echo-name", name)
        .body(Empty::new().boxed())?)
}

fn accept_key(key: &[u8]) -> String {
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(key);
    digest.update(GUID.as_bytes());
    STANDARD.encode(digest.finish())
}

/// Returns each frame without its mask, which servers must not use; a close frame is the last.
async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> anyhow::Result<()> {
    loop {
        let first = stream.read_u8().await?;
        let second = stream.read_u8().await?;
        ensure!(
            second & MASKED != 0,
            "a client's frame must be masked (RFC 6455, section 5.1)"
        );
        let short = second & LENGTH;
        ensure!(
            short != LENGTH_IN_EIGHT_BYTES,
            "a frame of more than 64 KiB"
        );
        let length = if short == LENGTH_IN_TWO_BYTES {
            stream.read_u16().await?
        } else {
            short.into()
        };
        let payload = payload(&mut stream, length).await?;
        let mut frame = vec![first, short];
        if short == LENGTH_IN_TWO_BYTES {
            frame.extend(length.to_be_bytes());
        }
        frame.extend(payload);
        stream.write_all(&frame).await?;
        stream.flush().await?;
        if first & OPCODE == CLOSE {
            return Ok(());
        }
    }
}

async fn payload(stream: &mut (impl AsyncRead + Unpin), length: u16) -> anyhow::Result<Vec<u8>> {
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).await?;
    let mut payload = vec![0; length.into()];
    stream.read_exact(&mut payload).await?;
    let key = mask.iter().cycle();
    payload
        .iter_mut()
        .zip(key)
        .for_each(|(byte, key)| *byte ^= key);
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_rfc_is_accepted_as_there() {
        // RFC 6455, section 1.3.
        assert_eq!(
            accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[tokio::test]
    async fn a_masked_frame_comes_back_bare() -> anyhow::Result<()> {
        let (mut client, server) = tokio::io::duplex(1024);
        let served = tokio::spawn(echo(server));
        // "Hello" in one masked text frame (RFC 6455, section 5.7), then a close frame.
        client
            .write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80\0\0\0\0")
            .await?;
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await?;
        assert_eq!(answer, b"\x81\x05Hello\x88\x00");
        served.await?
    }
}
