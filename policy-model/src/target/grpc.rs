//! The service and the method of a gRPC call: `:path` is `/{service}/{method}` (gRPC over HTTP/2, "Requests").

/// A gRPC call's service and method, as its path names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcMethod<'a> {
    /// The full service name, `pkg.Svc`.
    pub service: &'a [u8],
    /// The method's name.
    pub method: &'a [u8],
}

// === impl GrpcMethod ===

impl<'a> GrpcMethod<'a> {
    /// Reads a normal path; `None` unless it has exactly two non-empty segments.
    ///
    /// ```
    /// use policy_model::target::GrpcMethod;
    ///
    /// let call = GrpcMethod::of(b"/shop.Orders/Create").unwrap();
    /// assert_eq!(call.service, b"shop.Orders");
    /// assert_eq!(call.method, b"Create");
    /// assert_eq!(GrpcMethod::of(b"/shop.Orders"), None);
    /// ```
    #[must_use]
    pub fn of(path: &'a [u8]) -> Option<Self> {
        let [b'/', path @ ..] = path else {
            return None;
        };
        let slash = path.iter().position(|&byte| byte == b'/')?;
        let (service, method) = (path.get(..slash)?, path.get(slash + 1..)?);
        let whole = !method.contains(&b'/') && !service.is_empty() && !method.is_empty();
        whole.then_some(Self { service, method })
    }
}

#[cfg(test)]
mod tests {
    use super::GrpcMethod;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_two_segments_are_a_call() {
        for path in ["", "/", "//", "/a", "/a/", "//b", "/a/b/", "/a/b/c", "a/b"] {
            assert_eq!(GrpcMethod::of(path.as_bytes()), None, "{path}");
        }
    }
}
