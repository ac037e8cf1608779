//! The module `jwt-auth.wasm`: this filter alone.

host::plugin!(jwt_auth::JwtAuth);
