//! A filter that does nothing: what a Wasm filter costs before it has done anything.
//!
//! Built and trimmed like the modules that users load, so that the difference to them is their own work.

use host::{Flow, Host, Plugin, Stream};
use std::rc::Rc;

/// Takes any configuration.
struct Empty;

/// Lets everything pass unseen.
struct Pass;

// === impl Empty ===

impl Plugin for Empty {
    type Stream = Pass;

    fn configure(_: &dyn Host, _: &[u8]) -> Option<Self> {
        Some(Self)
    }

    fn open(self: &Rc<Self>) -> Pass {
        Pass
    }
}

// === impl Pass ===

impl Stream for Pass {
    fn request_headers(&mut self, _: &dyn Host, _: bool) -> Flow {
        Flow::Continue
    }
}

host::plugin!(Empty);
