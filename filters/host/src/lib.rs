//! The one crate that touches proxy-wasm: bytes in, Result out.
