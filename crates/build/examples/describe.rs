//! Prints a random description: `cargo run -p casemate-build --example describe -- SEED`.

#[path = "../tests/common/random.rs"]
mod random;

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).ok_or("SEED is missing")?.parse()?;
    let (text, _) = random::description(seed).ok_or("no try of this seed means a backend")?;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
