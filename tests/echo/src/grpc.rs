//! gRPC without a schema: every method of every service answers with the messages it was sent.
//!
//! Frames are returned as they came, and the status follows in trailers, as a real service does it (gRPC over HTTP/2,
//! "Responses"). So a client sees whether its messages and the trailers came through whatever stands between.

use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{HeaderMap, Response, body::Bytes, header::HeaderValue};
use std::convert::Infallible;

const CONTENT_TYPE: &str = "application/grpc";

/// Whether these are the headers of a gRPC call.
pub(crate) fn is_call(headers: &HeaderMap) -> bool {
    headers
        .get("content-type")
        .is_some_and(|value| value.as_bytes().starts_with(CONTENT_TYPE.as_bytes()))
}

/// The messages again, then `grpc-status`: 0, or the number that the request header `x-echo-grpc-status` names.
pub(crate) fn answer(
    name: &str,
    headers: &HeaderMap,
    messages: Bytes,
) -> anyhow::Result<Response<BoxBody<Bytes, Infallible>>> {
    let told = headers.get("x-echo-grpc-status").cloned();
    let mut trailers = HeaderMap::new();
    trailers.insert(
        "grpc-status",
        told.unwrap_or_else(|| HeaderValue::from_static("0")),
    );
    // A mapped body has no known length, so none is announced, as by gRPC's own libraries: curl, told one, reads no trailers.
    let messages = Full::from(messages).map_frame(|frame| frame);
    let body = messages.with_trailers(std::future::ready(Some(Ok(trailers))));
    Ok(Response::builder()
        .header("content-type", CONTENT_TYPE)
        .header("x-echo-name", name)
        .body(body.boxed())?)
}
