//! The module `governance.wasm`: all stages in one module and one pass, the one that most users load.
//!
//! A second filter in the chain costs more than a second stage: Envoy pays for every context, and the headers are read
//! once.

host::plugin!(engine::Engine<governance::Stages>);
