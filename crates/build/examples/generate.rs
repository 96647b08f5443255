//! Writes a project without the command, for work on the templates: `cargo run -p casemate-build --example generate -- FILE DIR`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(description), Some(target)) = (arguments.next(), arguments.next()) else {
        return Err("FILE and DIR are missing".into());
    };
    match casemate_build::generate(&std::fs::read_to_string(description)?) {
        Ok(made) => Ok(casemate_build::write::write(&made.files, target.as_ref())?),
        Err(casemate_build::GenerateError::Description(problems)) => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(lines.join("\n").into())
        }
        Err(error) => Err(error.into()),
    }
}
