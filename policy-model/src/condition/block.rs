//! Blocks of addresses in CIDR notation (RFC 4632, RFC 4291 2.3).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A block of addresses. An IPv4 address inside IPv6 (`::ffff:0:0/96`) is the IPv4 address: which of the two a client
/// has depends on nothing but the listener's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    network: IpAddr,
    bits: u8,
}

/// A text that is no address and no block of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidBlock(pub String);

// === impl Block ===

impl Block {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Bits behind the prefix do not count.
    ///
    /// ```
    /// use policy_model::condition::{Block, parse_address};
    ///
    /// let block = Block::new("10.0.0.0/8").unwrap();
    /// assert!(block.contains(parse_address(b"10.1.2.3:5678").unwrap()));
    /// assert!(!block.contains(parse_address(b"[::1]:80").unwrap()));
    /// ```
    pub fn new(text: &str) -> Result<Self, InvalidBlock> {
        Self::read(text).ok_or_else(|| InvalidBlock(text.to_owned()))
    }

    /// Whether `address` is in the block.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        if bits > width {
            return None;
        }
        let network = address.to_canonical();
        let is_mapped = address.is_ipv6() && network.is_ipv4();
        match bits.checked_sub(96) {
            _ if !is_mapped => Some(Self { network, bits }),
            Some(bits) => Some(Self { network, bits }),
            None => Some(Self {
                network: address,
                bits,
            }),
        }
    }
}

/// The address in `text`, which may have a port: `10.0.0.1`, `10.0.0.1:80`, `::1`, `[::1]:80`.
#[must_use]
pub fn parse_address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let inner = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = inner.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()));
    address.map(|address| address.to_canonical())
}

// === impl InvalidBlock ===

impl fmt::Display for InvalidBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither an address nor a block of addresses like 10.0.0.0/8",
            self.0
        )
    }
}

impl std::error::Error for InvalidBlock {}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn contains(block: &str, address: &str) -> bool {
        Block::new(block)
            .unwrap()
            .contains(parse_address(address.as_bytes()).unwrap())
    }

    #[test]
    fn a_block_ends_at_its_prefix() {
        assert!(contains("10.1.0.0/16", "10.1.255.255"));
        assert!(!contains("10.1.0.0/16", "10.2.0.0"));
        assert!(contains("10.1.2.3/16", "10.1.9.9"));
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.8"));
        assert!(contains("0.0.0.0/0", "255.1.2.3"));
        assert!(contains("2001:db8::/32", "[2001:db8:1::1]:443"));
        assert!(!contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("::/0", "::1") && !contains("::/0", "1.2.3.4"));
    }

    #[test]
    fn an_ipv4_address_is_one_on_any_socket() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
        let mapped: IpAddr = "::ffff:10.1.1.1".parse().unwrap();
        assert!(Block::new("10.0.0.0/8").unwrap().contains(mapped));
        assert!(contains("::ffff:10.0.0.0/104", "10.1.1.1"));
        assert!(!contains("::ffff:10.0.0.0/104", "11.1.1.1"));
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "host",
        ] {
            assert_eq!(
                Block::new(text),
                Err(InvalidBlock(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [&b""[..], b"unknown", b"10.0.0.1:x", b"\xff", b"[::1"] {
            assert_eq!(parse_address(text), None);
        }
    }
}
