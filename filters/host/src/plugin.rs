//! The entry point of a module, for crates that forbid unsafe code and do not name the SDK.

/// Makes the crate a proxy-wasm module that runs one filter. To be used once, in a `cdylib`:
///
/// ```
/// # mod jwt_auth {
/// #     pub struct JwtAuth;
/// #     impl host::Plugin for JwtAuth {
/// #         type Stream = Stream;
/// #         fn configure(_: &dyn host::Host, _: &[u8]) -> Option<Self> { None }
/// #         fn open(self: &std::rc::Rc<Self>) -> Stream { Stream }
/// #     }
/// #     pub struct Stream;
/// #     impl host::Stream for Stream {
/// #         fn request_headers(&mut self, _: &dyn host::Host, _: bool) -> host::Flow { host::Flow::Continue }
/// #     }
/// # }
/// host::plugin!(jwt_auth::JwtAuth);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! plugin {
    ($plugin:ty) => {
        // In a block, so that the entry point is not taken for a public item without documentation.
        const _: () = {
            $crate::__sdk::main! {{ $crate::start::<$plugin>() }}
        };
    };
}
