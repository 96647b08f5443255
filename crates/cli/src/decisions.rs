//! `casemate decisions init`: a file of decisions, drafted from the code.

use crate::args::{DecisionsArgs, DecisionsCommand, InitArgs};
use crate::assess::failure;
use crate::failure::{Exit, Failure};
use crate::print;
use casemate_assess::config::Config;
use casemate_assess::decision::{self, draft};
use std::io::Write as _;

/// Runs it.
pub fn run(args: &DecisionsArgs) -> Result<Exit, Failure> {
    match &args.command {
        DecisionsCommand::Init(args) => init(args),
    }
}

/// Assesses and writes; nothing is written over.
fn init(args: &InitArgs) -> Result<Exit, Failure> {
    let path = args.folder.join(decision::NAME);
    let shown = path.display().to_string();
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("`{shown}` is already there"))
            .help("casemate writes over nothing; edit it, or move it away and compare"));
    }
    let config = Config {
        paths: vec![args.folder.clone()],
        ..Config::default()
    };
    let assessment = casemate_assess::assess(&config).map_err(|e| failure(&e))?;
    let cannot =
        |e: &std::io::Error| Failure::new(format!("`{shown}` cannot be written: {}", e.kind()));
    let mut file = std::fs::File::create_new(&path).map_err(|e| cannot(&e))?;
    let text = draft::text(&assessment.project.name, &assessment.dossier.decisions);
    file.write_all(text.as_bytes()).map_err(|e| cannot(&e))?;
    print::note(&format!(
        "wrote {shown}; it counts from the day on which `by` and `on` of `[signed]` are filled in"
    ));
    Ok(Exit::Clean)
}
