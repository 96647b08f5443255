//! Prints a random description: `cargo run -p casemate-build --example describe -- SEED`.

#[path = "../tests/common/random.rs"]
mod random;

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).ok_or("SEED is missing")?.parse()?;
    Ok(std::io::stdout().write_all(random::description(seed).0.as_bytes())?)
}
