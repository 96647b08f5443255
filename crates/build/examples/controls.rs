//! Prints each control of a description with the file without it, as lines of JSON: `cargo run -p casemate-build --example controls -- FILE`.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let description = std::env::args().nth(1).ok_or("FILE is missing")?;
    let made = casemate_build::generate(&std::fs::read_to_string(description)?)
        .map_err(|error| format!("{error:?}"))?;
    let mut out = std::io::stdout().lock();
    for control in made.controls {
        let line = serde_json::json!({
            "id": control.id, "path": control.path, "line": control.line,
            "ordinal": control.ordinal, "without": control.without,
            "unnamed": casemate_build::control::unnamed(&control.id),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
