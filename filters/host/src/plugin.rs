//! The entry point of a module, for crates that forbid unsafe code and do not name the SDK.

/// Makes the crate a proxy-wasm module that runs one filter. To be used once, in a `cdylib`:
///
/// ```ignore
/// host::plugin!(jwt_auth::JwtAuth);
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
