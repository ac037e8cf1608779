//! A WebSocket client as far as a gateway shows: the handshake, and short text messages (RFC 6455).

use crate::Request;
use anyhow::ensure;
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A hang must end a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A whole message of text, masked as a client must (RFC 6455, section 5.2).
const TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The request that asks for a WebSocket, with the key of RFC 6455, section 1.3.
#[must_use]
pub fn handshake(path: &str) -> Request {
    Request::get(path)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// Shakes hands, then says each of `messages` and hears the answer to it.
///
/// # Errors
/// The handshake was refused: the error shows the answer's head. Or what came back is no short message of text.
pub fn exchange(
    addr: SocketAddr,
    handshake: &Request,
    messages: &[&str],
) -> anyhow::Result<Vec<String>> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&handshake.to_bytes())?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(byte(&mut stream)?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    ensure!(head.starts_with("HTTP/1.1 101 "), "{head}");
    ensure!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    let say = |message: &&str| -> anyhow::Result<String> {
        let length = u8::try_from(message.len())?;
        let masked = message.bytes().zip(MASK.iter().cycle());
        let mut frame = vec![TEXT, MASKED | length];
        frame.extend(MASK);
        frame.extend(masked.map(|(byte, key)| byte ^ key));
        stream.write_all(&frame)?;
        ensure!(byte(&mut stream)? == TEXT, "not a message of text");
        let mut heard = vec![0; byte(&mut stream)?.into()];
        stream.read_exact(&mut heard)?;
        Ok(String::from_utf8(heard)?)
    };
    messages.iter().map(say).collect()
}

fn byte(stream: &mut TcpStream) -> anyhow::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}
