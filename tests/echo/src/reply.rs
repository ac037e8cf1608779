//! The body of an answer: what the upstream is, and what it saw.

use hyper::{HeaderMap, http::request::Parts};
use serde_json::{Map, Value, json};

/// The JSON body for one request.
///
/// `headers` maps each name to its value, or to an array where a name came more than once. Bytes that are not UTF-8 are
/// written as `\xNN`, so that a test can compare them.
pub(crate) fn body(name: &str, labels: &Value, request: &Parts, code: Option<i64>) -> Value {
    let mut body = json!({
        "name": name,
        "labels": labels,
        "method": request.method.as_str(),
        "path": request.uri.path_and_query().map_or("", |path| path.as_str()),
        "host": host(request),
        "headers": headers(&request.headers),
    });
    if let (Some(code), Some(object)) = (code, body.as_object_mut()) {
        object.insert("code".to_owned(), code.into());
    }
    body
}

fn host(request: &Parts) -> String {
    let authority = request
        .uri
        .authority()
        .map(|authority| authority.as_str().to_owned());
    authority
        .or_else(|| {
            request
                .headers
                .get("host")
                .map(|value| text(value.as_bytes()))
        })
        .unwrap_or_default()
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    headers
        .keys()
        .map(|name| (name.as_str().to_owned(), values(headers, name.as_str())))
        .collect()
}

fn values(headers: &HeaderMap, name: &str) -> Value {
    let all: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| text(value.as_bytes()))
        .collect();
    match all.as_slice() {
        [only] => Value::from(only.as_str()),
        several => Value::from(several),
    }
}

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}
