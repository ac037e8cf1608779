//! A small blocking HTTP/1.1 client that sends exactly the bytes it is told to.
//!
//! Libraries refuse what these tests must send: targets that are no URI, header values that are not UTF-8, `CONNECT` and
//! `OPTIONS *`. So requests are written raw, and only answers are parsed, with `httparse`.

mod client;
mod request;
mod response;

pub use self::{client::Client, request::Request, response::Response};
