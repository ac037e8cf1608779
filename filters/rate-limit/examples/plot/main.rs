//! Draws the pictures of docs/limits.md: `cargo run -p rate-limit --example plot`.

mod draw;

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits");
    fs::create_dir_all(&folder)?;
    for (name, svg) in draw::pictures() {
        fs::write(folder.join(name), svg)?;
    }
    Ok(())
}
