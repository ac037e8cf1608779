//! The module `traffic-route.wasm`: this filter alone.

host::plugin!(traffic_route::TrafficRoute);
