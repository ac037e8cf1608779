//! The project's tasks: toolchain, build, demo, test.

fn main() {}
